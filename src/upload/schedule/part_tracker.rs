//! Tracks the state of every part of an upload: pending, in flight or done.
//!
//! Plain state: no I/O, no lock, and the time is an argument. The rules of an upload can be read
//! and tested here without a network or a thread; `part_scheduler` owns the only copy.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::model::{PartNumber, PartRange};
use crate::upload::part::SentPart;
use crate::upload::schedule::plan::Parts;

#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(crate) struct PartTracker {
    parts: Parts,
    /// The 0-based index of the next part to hand out.
    next: usize,
    in_flight: Vec<InFlight>,
    done: Vec<Option<SentPart>>,
    /// How long each part that was sent took.
    times: Vec<Duration>,
    /// How many more parts may be hedged.
    hedges_left: usize,
    /// The first error; later ones may be consequences of it.
    failure: Option<Error>,
}

/// A part in flight, with one or two attempts.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
struct InFlight {
    part: PartRange,
    began: Instant,
    attempts: u32,
    hedged: bool,
}

/// Whether slow parts are hedged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hedging {
    /// The slowest parts, when no other part is left to start.
    LastParts,
    Never,
}

/// What happens to the other attempts at a part after one has succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OtherAttempts {
    /// There are none.
    None,
    /// They are to be canceled.
    Cancel,
}

impl PartTracker {
    pub(crate) fn new(parts: Parts, hedging: Hedging) -> Self {
        let count = parts.count();
        let hedges_left = match hedging {
            Hedging::LastParts => (count / HEDGED_SHARE).max(1),
            Hedging::Never => 0,
        };
        Self {
            parts,
            next: 0,
            in_flight: Vec::new(),
            done: vec![None; count],
            times: Vec::with_capacity(count),
            hedges_left,
            failure: None,
        }
    }

    /// Returns the next part, or a slow one to be hedged; `None` if there is neither, or the upload
    /// has failed.
    pub(crate) fn next_part(&mut self, now: Instant) -> Option<PartRange> {
        if self.failure.is_some() {
            return None;
        }
        let Some(part) = self.parts.part(self.next) else { return self.next_hedge(now) };
        self.next += 1;
        self.in_flight.push(InFlight { part, began: now, attempts: 1, hedged: false });
        Some(part)
    }

    /// Returns when the oldest part in flight will be slow enough to be hedged.
    pub(crate) fn hedge_due(&self) -> Option<Instant> {
        let nothing_else = self.parts.part(self.next).is_none() && self.failure.is_none();
        if !nothing_else || self.hedges_left == 0 {
            return None;
        }
        self.oldest().and_then(|flight| flight.began.checked_add(self.hedge_delay()?))
    }

    /// Records an attempt that succeeded. Only the first one counts.
    pub(crate) fn record(&mut self, part: SentPart, now: Instant) -> OtherAttempts {
        self.record_after(part, |began| Some(now.saturating_duration_since(began)))
    }

    /// Records a part that was not sent, because OSS has it or has copied it from an object: how
    /// long that took does not show which of the other parts are slow.
    pub(crate) fn record_unsent(&mut self, part: SentPart) -> OtherAttempts {
        self.record_after(part, |_| None)
    }

    fn record_after(
        &mut self,
        part: SentPart,
        took: impl FnOnce(Instant) -> Option<Duration>,
    ) -> OtherAttempts {
        let Some(flight) = self.finish_attempt(part.number) else { return OtherAttempts::None };
        let rest = if flight.attempts > 0 { OtherAttempts::Cancel } else { OtherAttempts::None };
        if let Some(slot) = self.done.get_mut(part.number.index()).filter(|slot| slot.is_none()) {
            *slot = Some(part);
            self.times.extend(took(flight.began));
        }
        rest
    }

    /// Records an attempt that failed. That fails the upload unless another one has succeeded or is
    /// in flight.
    pub(crate) fn fail_attempt(&mut self, number: PartNumber, error: Error) {
        let attempts = self.finish_attempt(number).map_or(0, |flight| flight.attempts);
        if attempts == 0 && !self.has(number) {
            self.fail(error);
        }
    }

    /// Fails the upload: no more parts are started.
    pub(crate) fn fail(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }

    /// Removes all parts in flight, after a worker panicked.
    pub(crate) fn clear_in_flight(&mut self, error: Error) {
        self.in_flight.clear();
        self.fail(error);
    }

    /// Returns true if the part is done.
    pub(crate) fn has(&self, number: PartNumber) -> bool {
        self.done.get(number.index()).is_some_and(Option::is_some)
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Returns true when nothing is in flight and nothing more will be started.
    pub(crate) fn is_settled(&self) -> bool {
        self.in_flight.is_empty() && (self.has_failed() || self.parts.part(self.next).is_none())
    }

    /// Returns all parts in the order of their numbers, or the first error.
    pub(crate) fn outcome(self) -> Result<Vec<SentPart>, Error> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        self.done
            .into_iter()
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| Error::internal("the upload was settled before all parts were done"))
    }

    fn next_hedge(&mut self, now: Instant) -> Option<PartRange> {
        self.hedge_due().filter(|due| *due <= now)?;
        self.hedges_left -= 1;
        let oldest = self.oldest()?.part.number;
        let flight = self.in_flight.iter_mut().find(|flight| flight.part.number == oldest)?;
        flight.hedged = true;
        flight.attempts += 1;
        Some(flight.part)
    }

    fn oldest(&self) -> Option<&InFlight> {
        self.in_flight.iter().filter(|flight| !flight.hedged).min_by_key(|flight| flight.began)
    }

    /// Twice the 95th percentile of the times of parts, at least one second.
    fn hedge_delay(&self) -> Option<Duration> {
        let mut times = self.times.clone();
        times.sort_unstable();
        let nearly_all = times.get(times.len().saturating_sub(1) * 95 / 100)?;
        Some((*nearly_all * 2).max(SLOW))
    }

    /// Removes one attempt at a part in flight; returns what is left of the part.
    fn finish_attempt(&mut self, number: PartNumber) -> Option<InFlight> {
        let index = self.in_flight.iter().position(|flight| flight.part.number == number)?;
        let flight = self.in_flight.get_mut(index)?;
        flight.attempts = flight.attempts.saturating_sub(1);
        let left = InFlight { part: flight.part, ..*flight };
        if left.attempts == 0 {
            self.in_flight.swap_remove(index);
        }
        Some(left)
    }
}

/// The shortest time after which a part is hedged.
const SLOW: Duration = Duration::from_secs(1);
/// At most one part in this many is hedged, but always one.
const HEDGED_SHARE: usize = 50;

#[cfg(test)]
mod exhaustive_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::model::ETag;
    use crate::upload::options::UploadOptions;
    use crate::upload::schedule::plan::Plan;

    fn three_parts() -> PartTracker {
        let mut options = UploadOptions::new();
        options.set_single_below(0).unwrap().set_part_size(1 << 20).unwrap();
        match Plan::new(5 << 19, &options).unwrap() {
            Plan::Parts(parts) => PartTracker::new(parts, Hedging::LastParts),
            Plan::PutObject => unreachable!(),
        }
    }

    fn sent(part: PartRange) -> SentPart {
        let etag = ETag::parse("E").unwrap();
        SentPart { number: part.number, size: part.length, etag, crc64: Some(0) }
    }

    #[test]
    fn parts_may_arrive_in_any_order_and_come_out_in_theirs() {
        let now = Instant::now();
        let mut tracker = three_parts();
        let parts: Vec<_> = std::iter::from_fn(|| tracker.next_part(now)).collect();
        assert_eq!(parts.len(), 3);
        for part in [2, 0, 1] {
            assert!(!tracker.is_settled());
            assert_eq!(tracker.record(sent(parts[part]), now), OtherAttempts::None);
        }
        assert!(tracker.is_settled());
        let numbers: Vec<_> = tracker.outcome().unwrap().iter().map(|p| p.number.get()).collect();
        assert_eq!(numbers, [1, 2, 3]);
    }

    #[test]
    fn the_first_error_stops_the_rest_and_is_the_one_reported() {
        let now = Instant::now();
        let mut tracker = three_parts();
        let (first, second) = (tracker.next_part(now).unwrap(), tracker.next_part(now).unwrap());
        tracker.fail_attempt(second.number, Error::new(ErrorKind::Service, "refused"));
        assert!(tracker.next_part(now).is_none() && !tracker.is_settled());
        tracker.fail_attempt(first.number, Error::canceled());
        assert!(tracker.is_settled());
        assert_eq!(tracker.outcome().unwrap_err().kind(), ErrorKind::Service);
    }

    #[test]
    fn a_failure_before_the_first_part_settles_at_once() {
        let mut tracker = three_parts();
        tracker.fail(Error::canceled());
        assert!(tracker.is_settled());
    }

    #[test]
    fn the_last_slow_part_is_sent_again_once_and_the_first_attempt_counts() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut tracker = three_parts();
        let parts: Vec<_> = std::iter::from_fn(|| tracker.next_part(start)).collect();
        assert_eq!(tracker.hedge_due(), None, "nothing is known of how long a part takes");
        tracker.record(sent(parts[0]), at(100));
        tracker.record(sent(parts[1]), at(900));
        assert_eq!(tracker.hedge_due(), Some(at(1000)));
        assert!(tracker.next_part(at(999)).is_none());
        assert_eq!(tracker.next_part(at(1000)).unwrap(), parts[2]);
        assert!(tracker.next_part(at(9000)).is_none(), "one hedge is all there is for three parts");
        assert_eq!(tracker.record(sent(parts[2]), at(1100)), OtherAttempts::Cancel);
        assert!(!tracker.is_settled(), "the other attempt is still in flight");
        tracker.fail_attempt(parts[2].number, Error::canceled());
        assert!(tracker.is_settled());
        assert_eq!(tracker.outcome().unwrap().len(), 3);
    }

    #[test]
    fn a_part_is_not_slow_because_others_were_copied_from_an_object() {
        let start = Instant::now();
        let mut tracker = three_parts();
        let parts: Vec<_> = std::iter::from_fn(|| tracker.next_part(start)).collect();
        tracker.record_unsent(sent(parts[0]));
        tracker.record_unsent(sent(parts[1]));
        assert_eq!(tracker.hedge_due(), None);
        tracker.record(sent(parts[2]), start);
        assert_eq!(tracker.outcome().unwrap().len(), 3);
    }

    #[test]
    fn a_part_fails_only_with_its_last_attempt() {
        let start = Instant::now();
        let late = start + Duration::from_secs(60);
        let mut tracker = three_parts();
        let parts: Vec<_> = std::iter::from_fn(|| tracker.next_part(start)).collect();
        tracker.record(sent(parts[0]), start);
        tracker.record(sent(parts[1]), start);
        tracker.next_part(late).unwrap();
        tracker.fail_attempt(parts[2].number, Error::internal("first"));
        assert!(!tracker.has_failed());
        tracker.fail_attempt(parts[2].number, Error::internal("second"));
        assert!(tracker.has_failed() && tracker.is_settled());
    }

    #[test]
    fn a_part_is_slow_after_twice_the_time_of_95_of_100_others() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut options = UploadOptions::new();
        options.set_single_below(0).unwrap().set_part_size(1 << 20).unwrap();
        let Plan::Parts(parts) = Plan::new(101 << 20, &options).unwrap() else { unreachable!() };
        let mut tracker = PartTracker::new(parts, Hedging::LastParts);
        let parts: Vec<_> = std::iter::from_fn(|| tracker.next_part(start)).collect();
        for (part, seconds) in parts[..100].iter().zip((1..=100).rev()) {
            tracker.record(sent(*part), at(seconds));
        }
        assert_eq!(tracker.hedge_due(), Some(at(190)));
    }
}
