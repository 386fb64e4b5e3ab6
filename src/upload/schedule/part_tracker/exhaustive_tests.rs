//! The ledger under every order of events: three parts, each made once or twice.
//!
//! A second account of the upload, kept by counting, says after every event what the ledger must
//! say. The search forks the tracker at each event and continues until none is possible.

use std::time::{Duration, Instant};

use super::*;
use crate::model::ETag;
use crate::upload::options::UploadOptions;
use crate::upload::schedule::plan::Plan;

const PARTS: usize = 3;

#[derive(Clone)]
struct Account {
    tracker: PartTracker,
    now: Instant,
    parts: [PartAccount; PARTS],
    taken: usize,
    hedges: usize,
    events: usize,
    /// What the first failure was called.
    failure: Option<String>,
    grounded: bool,
}

#[derive(Clone, Copy, Default)]
struct PartAccount {
    /// Copies that are being made.
    attempts: usize,
    copies_begun: usize,
    /// Which event brought the copy that counts.
    done: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
enum Happening {
    Take,
    /// Time passes until any part in flight is slow.
    Wait,
    Record(usize),
    Lose(usize),
    Stop,
    Ground,
}

impl Account {
    fn new(hedging: Hedging) -> Self {
        let mut options = UploadOptions::new();
        options.set_single_below(0).unwrap().set_part_size(1 << 20).unwrap();
        let Plan::Parts(parts) = Plan::new(5 << 19, &options).unwrap() else { unreachable!() };
        assert_eq!(parts.count(), PARTS);
        Self {
            tracker: PartTracker::new(parts, hedging),
            now: Instant::now(),
            parts: [PartAccount::default(); PARTS],
            taken: 0,
            hedges: 0,
            events: 0,
            failure: None,
            grounded: false,
        }
    }

    /// What may happen next. A wait or a take that would change nothing is left out.
    fn possible(&self) -> Vec<Happening> {
        let attempts = (0..PARTS).filter(|part| self.parts[*part].attempts > 0);
        let mut possible: Vec<_> =
            attempts.flat_map(|part| [Happening::Record(part), Happening::Lose(part)]).collect();
        if self.tracker.clone().next_part(self.now).is_some() {
            possible.push(Happening::Take);
        } else if self.tracker.hedge_due().is_some() {
            possible.push(Happening::Wait);
        }
        if self.failure.is_none() {
            possible.extend([Happening::Stop, Happening::Ground]);
        }
        possible
    }

    fn apply(&mut self, happening: Happening) {
        self.events += 1;
        let name = format!("event {}", self.events);
        match happening {
            Happening::Take => self.next_part(),
            Happening::Wait => self.now += Duration::from_secs(1 << 20),
            Happening::Record(index) => self.record(index),
            Happening::Lose(index) => {
                let part = &mut self.parts[index];
                part.attempts -= 1;
                let is_lost = part.attempts == 0 && part.done.is_none();
                self.tracker.fail_attempt(number(index), Error::internal(&name));
                if is_lost {
                    self.failure.get_or_insert(name);
                }
            }
            Happening::Stop => {
                self.tracker.stop(Error::internal(&name));
                self.failure.get_or_insert(name);
            }
            Happening::Ground => {
                self.tracker.clear_in_flight(Error::internal(&name));
                self.failure.get_or_insert(name);
                self.grounded = true;
            }
        }
    }

    fn next_part(&mut self) {
        let given = self.tracker.next_part(self.now).unwrap();
        assert!(self.failure.is_none(), "a part was handed out after a failure");
        let index = given.number.index();
        let part = &mut self.parts[index];
        if index == self.taken {
            self.taken += 1;
        } else {
            assert_eq!(self.taken, PARTS, "a copy before every part was handed out");
            assert!(part.done.is_none() && part.attempts == 1 && part.copies_begun == 1);
            self.hedges += 1;
        }
        part.attempts += 1;
        part.copies_begun += 1;
        assert!(part.copies_begun <= 2 && self.hedges <= 1, "hedges are bounded");
    }

    fn record(&mut self, index: usize) {
        let etag = ETag::parse(&format!("{}", self.events)).unwrap();
        let sent = SentPart { number: number(index), size: 1, etag, crc64: None };
        let rest = self.tracker.record(sent, self.now);
        let part = &mut self.parts[index];
        part.attempts -= 1;
        if self.grounded {
            assert_eq!(rest, OtherAttempts::None, "what is on the ground does not arrive");
            return;
        }
        assert_eq!(rest == OtherAttempts::Cut, part.attempts > 0);
        part.done.get_or_insert(self.events);
    }

    fn check(&self) {
        let Self { tracker, parts, .. } = self;
        for (index, part) in parts.iter().enumerate() {
            assert_eq!(tracker.has(number(index)), part.done.is_some());
        }
        let done = parts.iter().filter(|part| part.done.is_some()).count();
        assert_eq!(tracker.times.len(), done, "each part is done at most once");
        assert_eq!(tracker.has_failed(), self.failure.is_some());
        let in_flight = !self.grounded && parts.iter().any(|part| part.attempts > 0);
        let more = self.failure.is_none() && self.taken < PARTS;
        assert_eq!(tracker.is_settled(), !in_flight && !more);
    }

    /// Nothing more can happen, so the ledger is settled and says how it went.
    fn check_end(self) {
        assert!(self.tracker.is_settled());
        match (self.tracker.outcome(), self.failure) {
            (Ok(sent), None) => {
                let counted = self.parts.map(|part| part.done.unwrap().to_string());
                let numbers = (0..PARTS).map(number);
                assert!(sent.iter().map(|part| part.number).eq(numbers));
                assert!(
                    sent.iter().map(|part| part.etag.unquoted()).eq(counted),
                    "the first counts"
                );
            }
            (Err(error), Some(first)) => {
                let text = error.to_string();
                assert!(text.ends_with(&first), "{text} is not of {first}");
            }
            (outcome, failure) => panic!("{outcome:?} but {failure:?}"),
        }
    }
}

fn number(index: usize) -> PartNumber {
    PartNumber::from_index(index).unwrap()
}

/// Goes through every order of events from here on; counts the ends.
fn explore(account: &Account) -> usize {
    account.check();
    let possible = account.possible();
    let is_over = account.parts.iter().all(|part| part.attempts == 0)
        && (account.failure.is_some() || account.taken == PARTS);
    let ends = usize::from(is_over);
    if is_over {
        account.clone().check_end();
    }
    let forks = possible.into_iter().map(|happening| {
        let mut fork = account.clone();
        fork.apply(happening);
        explore(&fork)
    });
    ends + forks.sum::<usize>()
}

#[test]
fn every_order_of_events_keeps_the_account() {
    let ends = explore(&Account::new(Hedging::LastParts));
    assert!(ends > 2_000, "only {ends} orders were tried");
}

#[test]
fn without_hedging_no_part_is_made_twice() {
    let mut account = Account::new(Hedging::Never);
    account.hedges = 1;
    explore(&account);
}
