//! Which part of an upload is where: planned, in flight, done or failed.
//!
//! Plain state: no I/O, no lock, and the time is an argument. The rules of an upload can be read and
//! tested here without a network or a thread; `parallel` owns the only copy.

use std::time::{Duration, Instant};

use super::SentPart;
use super::plan::Parts;
use crate::error::Error;
use crate::model::{PartNumber, PartRange};

#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Ledger {
    parts: Parts,
    /// The 0-based index of the next part to hand out.
    next: usize,
    in_flight: Vec<Flight>,
    done: Vec<Option<SentPart>>,
    /// How long the parts took that are done.
    times: Vec<Duration>,
    /// How many parts may yet be sent a second time because they are slow.
    hedges_left: usize,
    /// The first error; later ones are its echo.
    failure: Option<Error>,
}

/// A part that is being made, once or twice.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
struct Flight {
    part: PartRange,
    began: Instant,
    copies: u32,
    hedged: bool,
}

/// Whether slow parts are sent a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hedging {
    /// The last slow ones, when nothing else is left to do.
    LastParts,
    Never,
}

/// What becomes of other copies of a part that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// There are none.
    None,
    /// They are of no use any more.
    Cut,
}

impl Ledger {
    pub(super) fn new(parts: Parts, hedging: Hedging) -> Self {
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

    /// Hands out the next part, or a slow one again; `None` when there is nothing to do or the
    /// upload has failed.
    pub(super) fn take(&mut self, now: Instant) -> Option<PartRange> {
        if self.failure.is_some() {
            return None;
        }
        let Some(part) = self.parts.part(self.next) else { return self.take_slow(now) };
        self.next += 1;
        self.in_flight.push(Flight { part, began: now, copies: 1, hedged: false });
        Some(part)
    }

    /// When the oldest part in flight will be slow enough to be sent again.
    pub(super) fn hedge_due(&self) -> Option<Instant> {
        let nothing_else = self.parts.part(self.next).is_none() && self.failure.is_none();
        if !nothing_else || self.hedges_left == 0 {
            return None;
        }
        self.oldest().and_then(|flight| flight.began.checked_add(self.patience()?))
    }

    /// A part that was handed out has arrived. Only the first copy counts.
    pub(super) fn record(&mut self, part: SentPart, now: Instant) -> Rest {
        let Some(flight) = self.land(part.number) else { return Rest::None };
        let rest = if flight.copies > 0 { Rest::Cut } else { Rest::None };
        let took = now.saturating_duration_since(flight.began);
        if let Some(slot) = self.done.get_mut(part.number.index()).filter(|slot| slot.is_none()) {
            *slot = Some(part);
            self.times.push(took);
        }
        rest
    }

    /// A copy of a part will not arrive. That fails the upload unless another copy has arrived or
    /// is on its way.
    pub(super) fn lose(&mut self, number: PartNumber, error: Error) {
        let copies = self.land(number).map_or(0, |flight| flight.copies);
        if copies == 0 && !self.has(number) {
            self.stop(error);
        }
    }

    /// Hands out no more parts.
    pub(super) fn stop(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }

    /// Forgets what is in flight, after a bug has ended it.
    pub(super) fn ground(&mut self, error: Error) {
        self.in_flight.clear();
        self.stop(error);
    }

    /// True if the part has arrived.
    pub(super) fn has(&self, number: PartNumber) -> bool {
        self.done.get(number.index()).is_some_and(Option::is_some)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// True once nothing is in flight and nothing more will be.
    pub(super) fn is_settled(&self) -> bool {
        self.in_flight.is_empty() && (self.has_failed() || self.parts.part(self.next).is_none())
    }

    /// All parts in the order of their numbers, or the first error.
    pub(super) fn outcome(self) -> Result<Vec<SentPart>, Error> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        self.done.into_iter().collect::<Option<Vec<_>>>().ok_or_else(|| {
            Error::internal("an upload was called settled before all of its parts were done")
        })
    }

    fn take_slow(&mut self, now: Instant) -> Option<PartRange> {
        self.hedge_due().filter(|due| *due <= now)?;
        self.hedges_left -= 1;
        let oldest = self.oldest()?.part.number;
        let flight = self.in_flight.iter_mut().find(|flight| flight.part.number == oldest)?;
        flight.hedged = true;
        flight.copies += 1;
        Some(flight.part)
    }

    fn oldest(&self) -> Option<&Flight> {
        self.in_flight.iter().filter(|flight| !flight.hedged).min_by_key(|flight| flight.began)
    }

    /// Twice as long as nearly all parts took, and a second at least.
    fn patience(&self) -> Option<Duration> {
        let mut times = self.times.clone();
        times.sort_unstable();
        let nearly_all = times.get(times.len().saturating_sub(1) * 95 / 100)?;
        Some((*nearly_all * 2).max(SLOW))
    }

    /// Takes one copy out of flight, and says what is left of the part.
    fn land(&mut self, number: PartNumber) -> Option<Flight> {
        let index = self.in_flight.iter().position(|flight| flight.part.number == number)?;
        let flight = self.in_flight.get_mut(index)?;
        flight.copies = flight.copies.saturating_sub(1);
        let left = Flight { part: flight.part, ..*flight };
        if left.copies == 0 {
            self.in_flight.swap_remove(index);
        }
        Some(left)
    }
}

/// No part is called slow before this.
const SLOW: Duration = Duration::from_secs(1);
/// At most one part in so many is sent twice, but always one.
const HEDGED_SHARE: usize = 50;

#[cfg(test)]
mod every_order;

#[cfg(test)]
mod tests {
    use super::super::UploadOptions;
    use super::super::plan::Plan;
    use super::*;
    use crate::error::ErrorKind;
    use crate::model::ETag;

    fn three_parts() -> Ledger {
        let mut options = UploadOptions::new();
        options.set_single_below(0).unwrap().set_part_size(1 << 20).unwrap();
        match Plan::new(5 << 19, &options).unwrap() {
            Plan::Parts(parts) => Ledger::new(parts, Hedging::LastParts),
            Plan::Single => unreachable!(),
        }
    }

    fn sent(part: PartRange) -> SentPart {
        let etag = ETag::parse("E").unwrap();
        SentPart { number: part.number, size: part.length, etag, crc64: Some(0) }
    }

    #[test]
    fn parts_may_arrive_in_any_order_and_come_out_in_theirs() {
        let now = Instant::now();
        let mut ledger = three_parts();
        let parts: Vec<_> = std::iter::from_fn(|| ledger.take(now)).collect();
        assert_eq!(parts.len(), 3);
        for part in [2, 0, 1] {
            assert!(!ledger.is_settled());
            assert_eq!(ledger.record(sent(parts[part]), now), Rest::None);
        }
        assert!(ledger.is_settled());
        let numbers: Vec<_> = ledger.outcome().unwrap().iter().map(|p| p.number.get()).collect();
        assert_eq!(numbers, [1, 2, 3]);
    }

    #[test]
    fn the_first_error_stops_the_rest_and_is_the_one_reported() {
        let now = Instant::now();
        let mut ledger = three_parts();
        let (first, second) = (ledger.take(now).unwrap(), ledger.take(now).unwrap());
        ledger.lose(second.number, Error::new(ErrorKind::Service, "refused"));
        assert!(ledger.take(now).is_none() && !ledger.is_settled());
        ledger.lose(first.number, Error::canceled());
        assert!(ledger.is_settled());
        assert_eq!(ledger.outcome().unwrap_err().kind(), ErrorKind::Service);
    }

    #[test]
    fn a_stop_before_the_first_part_settles_at_once() {
        let mut ledger = three_parts();
        ledger.stop(Error::canceled());
        assert!(ledger.is_settled());
    }

    #[test]
    fn the_last_slow_part_is_sent_again_once_and_the_first_copy_counts() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut ledger = three_parts();
        let parts: Vec<_> = std::iter::from_fn(|| ledger.take(start)).collect();
        assert_eq!(ledger.hedge_due(), None, "nothing is known of how long a part takes");
        ledger.record(sent(parts[0]), at(100));
        ledger.record(sent(parts[1]), at(900));
        assert_eq!(ledger.hedge_due(), Some(at(1000)));
        assert!(ledger.take(at(999)).is_none());
        assert_eq!(ledger.take(at(1000)).unwrap(), parts[2]);
        assert!(ledger.take(at(9000)).is_none(), "one hedge is all there is for three parts");
        assert_eq!(ledger.record(sent(parts[2]), at(1100)), Rest::Cut);
        assert!(!ledger.is_settled(), "the other copy is still in flight");
        ledger.lose(parts[2].number, Error::canceled());
        assert!(ledger.is_settled());
        assert_eq!(ledger.outcome().unwrap().len(), 3);
    }

    #[test]
    fn a_part_fails_only_with_its_last_copy() {
        let start = Instant::now();
        let late = start + Duration::from_secs(60);
        let mut ledger = three_parts();
        let parts: Vec<_> = std::iter::from_fn(|| ledger.take(start)).collect();
        ledger.record(sent(parts[0]), start);
        ledger.record(sent(parts[1]), start);
        ledger.take(late).unwrap();
        ledger.lose(parts[2].number, Error::internal("first"));
        assert!(!ledger.has_failed());
        ledger.lose(parts[2].number, Error::internal("second"));
        assert!(ledger.has_failed() && ledger.is_settled());
    }
}
