//! Which part of an upload is where: planned, in flight, done or failed.
//!
//! Plain state: no I/O, no lock. The rules of an upload can be read and tested here without a
//! network or a thread; `parallel` owns the only copy.

use super::SentPart;
use super::plan::Parts;
use crate::error::Error;
use crate::model::PartRange;

#[derive(Debug)]
pub(super) struct Ledger {
    parts: Parts,
    /// The 0-based index of the next part to hand out.
    next: usize,
    in_flight: usize,
    done: Vec<Option<SentPart>>,
    /// The first error; later ones are its echo.
    failure: Option<Error>,
}

impl Ledger {
    pub(super) fn new(parts: Parts) -> Self {
        let done = vec![None; parts.count()];
        Self { parts, next: 0, in_flight: 0, done, failure: None }
    }

    /// Hands out the next part; `None` when there is none left or the upload has failed.
    pub(super) fn take(&mut self) -> Option<PartRange> {
        if self.failure.is_some() {
            return None;
        }
        let part = self.parts.part(self.next)?;
        self.next += 1;
        self.in_flight += 1;
        Some(part)
    }

    /// A part that was handed out has arrived.
    pub(super) fn record(&mut self, part: SentPart) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(slot) = self.done.get_mut(part.number.index()) {
            *slot = Some(part);
        }
    }

    /// A part that was handed out will not arrive.
    pub(super) fn lose(&mut self, error: Error) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.stop(error);
    }

    /// Hands out no more parts.
    pub(super) fn stop(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// True once nothing is in flight and nothing more will be.
    pub(super) fn is_settled(&self) -> bool {
        self.in_flight == 0 && (self.has_failed() || self.parts.part(self.next).is_none())
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
}

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
            Plan::Parts(parts) => Ledger::new(parts),
            Plan::Single => unreachable!(),
        }
    }

    fn sent(part: PartRange) -> SentPart {
        let etag = ETag::parse("E").unwrap();
        SentPart { number: part.number, size: part.length, etag, crc64: Some(0) }
    }

    #[test]
    fn parts_may_arrive_in_any_order_and_come_out_in_theirs() {
        let mut ledger = three_parts();
        let parts: Vec<_> = std::iter::from_fn(|| ledger.take()).collect();
        assert_eq!(parts.len(), 3);
        for part in [2, 0, 1] {
            assert!(!ledger.is_settled());
            ledger.record(sent(parts[part]));
        }
        assert!(ledger.is_settled());
        let numbers: Vec<_> = ledger.outcome().unwrap().iter().map(|p| p.number.get()).collect();
        assert_eq!(numbers, [1, 2, 3]);
    }

    #[test]
    fn the_first_error_stops_the_rest_and_is_the_one_reported() {
        let mut ledger = three_parts();
        let first = ledger.take().unwrap();
        ledger.take().unwrap();
        ledger.lose(Error::new(ErrorKind::Service, "refused"));
        assert!(ledger.take().is_none() && !ledger.is_settled());
        ledger.lose(Error::canceled());
        assert!(ledger.is_settled());
        ledger.record(sent(first));
        assert_eq!(ledger.outcome().unwrap_err().kind(), ErrorKind::Service);
    }

    #[test]
    fn a_stop_before_the_first_part_settles_at_once() {
        let mut ledger = three_parts();
        ledger.stop(Error::canceled());
        assert!(ledger.is_settled());
    }
}
