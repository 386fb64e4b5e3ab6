//! The part tracker under every order of events: three parts, each sent once or twice.
//!
//! A model of the upload that only counts says after every event what the tracker must say. The
//! search clones the tracker at each event and continues until none is possible.

use std::time::{Duration, Instant};

use super::*;
use crate::model::ETag;
use crate::upload::options::UploadOptions;
use crate::upload::schedule::plan::Plan;

const PARTS: usize = 3;

#[derive(Clone)]
struct TrackerModel {
    tracker: PartTracker,
    now: Instant,
    parts: [PartModel; PARTS],
    taken: usize,
    hedges: usize,
    events: usize,
    /// The name of the first failure.
    failure: Option<String>,
    cleared: bool,
}

#[derive(Clone, Copy, Default)]
struct PartModel {
    /// Attempts in flight.
    attempts: usize,
    attempts_started: usize,
    /// The event that recorded the attempt that counts.
    done: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
enum TrackerEvent {
    NextPart,
    /// Time passes until all parts in flight are slow.
    Wait,
    Record(usize),
    FailAttempt(usize),
    Fail,
    Clear,
}

impl TrackerModel {
    fn new(hedging: Hedging) -> Self {
        let mut options = UploadOptions::new();
        options.set_single_below(0).unwrap().set_part_size(1 << 20).unwrap();
        let Plan::Parts(parts) = Plan::new(5 << 19, &options).unwrap() else { unreachable!() };
        assert_eq!(parts.count(), PARTS);
        Self {
            tracker: PartTracker::new(parts, hedging),
            now: Instant::now(),
            parts: [PartModel::default(); PARTS],
            taken: 0,
            hedges: 0,
            events: 0,
            failure: None,
            cleared: false,
        }
    }

    /// What may happen next. A wait or a next part that would change nothing is left out.
    fn possible(&self) -> Vec<TrackerEvent> {
        let attempts = (0..PARTS).filter(|part| self.parts[*part].attempts > 0);
        let mut possible: Vec<_> = attempts
            .flat_map(|part| [TrackerEvent::Record(part), TrackerEvent::FailAttempt(part)])
            .collect();
        if self.tracker.clone().next_part(self.now).is_some() {
            possible.push(TrackerEvent::NextPart);
        } else if self.tracker.hedge_due().is_some() {
            possible.push(TrackerEvent::Wait);
        }
        if self.failure.is_none() {
            possible.extend([TrackerEvent::Fail, TrackerEvent::Clear]);
        }
        possible
    }

    fn apply(&mut self, event: TrackerEvent) {
        self.events += 1;
        let name = format!("event {}", self.events);
        match event {
            TrackerEvent::NextPart => self.next_part(),
            TrackerEvent::Wait => self.now += Duration::from_secs(1 << 20),
            TrackerEvent::Record(index) => self.record(index),
            TrackerEvent::FailAttempt(index) => {
                let part = &mut self.parts[index];
                part.attempts -= 1;
                let is_lost = part.attempts == 0 && part.done.is_none();
                self.tracker.fail_attempt(number(index), Error::internal(&name));
                if is_lost {
                    self.failure.get_or_insert(name);
                }
            }
            TrackerEvent::Fail => {
                self.tracker.fail(Error::internal(&name));
                self.failure.get_or_insert(name);
            }
            TrackerEvent::Clear => {
                self.tracker.clear_in_flight(Error::internal(&name));
                self.failure.get_or_insert(name);
                self.cleared = true;
            }
        }
    }

    fn next_part(&mut self) {
        let given = self.tracker.next_part(self.now).unwrap();
        assert!(self.failure.is_none(), "a part was started after a failure");
        let index = given.number.index();
        let part = &mut self.parts[index];
        if index == self.taken {
            self.taken += 1;
        } else {
            assert_eq!(self.taken, PARTS, "a part was hedged before every part was started");
            assert!(part.done.is_none() && part.attempts == 1 && part.attempts_started == 1);
            self.hedges += 1;
        }
        part.attempts += 1;
        part.attempts_started += 1;
        assert!(part.attempts_started <= 2 && self.hedges <= 1, "hedges are bounded");
    }

    fn record(&mut self, index: usize) {
        let etag = ETag::parse(&format!("{}", self.events)).unwrap();
        let sent = SentPart { number: number(index), size: 1, etag, crc64: None };
        let rest = self.tracker.record(sent, self.now);
        let part = &mut self.parts[index];
        part.attempts -= 1;
        if self.cleared {
            assert_eq!(rest, OtherAttempts::None, "a part that was cleared is not recorded");
            return;
        }
        assert_eq!(rest == OtherAttempts::Cancel, part.attempts > 0);
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
        let in_flight = !self.cleared && parts.iter().any(|part| part.attempts > 0);
        let more = self.failure.is_none() && self.taken < PARTS;
        assert_eq!(tracker.is_settled(), !in_flight && !more);
    }

    /// No event is left, so the tracker is settled and returns the outcome.
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

/// Explores every order of the events that are left; returns how many there are.
fn explore(model: &TrackerModel) -> usize {
    model.check();
    let possible = model.possible();
    let is_over = model.parts.iter().all(|part| part.attempts == 0)
        && (model.failure.is_some() || model.taken == PARTS);
    let ends = usize::from(is_over);
    if is_over {
        model.clone().check_end();
    }
    let forks = possible.into_iter().map(|event| {
        let mut fork = model.clone();
        fork.apply(event);
        explore(&fork)
    });
    ends + forks.sum::<usize>()
}

#[test]
fn the_tracker_agrees_with_the_model_in_every_order_of_events() {
    let ends = explore(&TrackerModel::new(Hedging::LastParts));
    assert!(ends > 2_000, "only {ends} orders were tried");
}

#[test]
fn without_hedging_no_part_is_sent_twice() {
    let mut model = TrackerModel::new(Hedging::Never);
    model.hedges = 1;
    explore(&model);
}
