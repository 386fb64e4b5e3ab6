//! How the parts of an upload get under way: the first few at once, the others one after the other.
//!
//! Connections that begin together also end their parts together, and then all wait for answers
//! while nothing is sent. A line that is full loses nothing by a start that is spread out. Pure
//! arithmetic; the time is an argument.

use std::time::{Duration, Instant};

#[derive(Debug)]
pub(super) struct Ramp {
    began: Instant,
    wanted: usize,
    given: usize,
}

impl Ramp {
    pub(super) fn new(wanted: usize, now: Instant) -> Self {
        Self { began: now, wanted, given: 0 }
    }

    /// How many more parts may be under way now.
    pub(super) fn tickets(&mut self, now: Instant) -> usize {
        let steps = now.saturating_duration_since(self.began).as_nanos() / STEP.as_nanos();
        let steps = usize::try_from(steps).unwrap_or(usize::MAX);
        let due = AT_ONCE.saturating_add(steps).min(self.wanted);
        let more = due.saturating_sub(self.given);
        self.given += more;
        more
    }

    /// When there will be another; `None` once all are under way.
    pub(super) fn due(&self) -> Option<Instant> {
        let steps = u32::try_from((self.given + 1).saturating_sub(AT_ONCE)).ok()?;
        (self.given < self.wanted).then(|| self.began + STEP * steps)
    }

    /// No more after those that were given.
    pub(super) fn end(&mut self) {
        self.wanted = self.given;
    }
}

/// As many as an upload has by default: it is never slowed down.
const AT_ONCE: usize = 8;
/// All 64 connections of a fast line are under way after a tenth of a second.
const STEP: Duration = Duration::from_micros(1500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_eight_start_at_once_and_the_others_one_by_one() {
        let began = Instant::now();
        let mut ramp = Ramp::new(11, began);
        assert_eq!((ramp.tickets(began), ramp.tickets(began)), (8, 0));
        for _ in 8..11 {
            let due = ramp.due().unwrap();
            assert_eq!(ramp.tickets(due - STEP / 2), 0);
            assert_eq!(ramp.tickets(due), 1);
        }
        assert_eq!((ramp.due(), ramp.tickets(began + STEP * 100)), (None, 0));
    }

    #[test]
    fn a_late_look_makes_up_for_what_was_missed_and_an_end_is_one() {
        let began = Instant::now();
        let mut ramp = Ramp::new(64, began);
        assert_eq!(ramp.tickets(began + STEP * 10), 18);
        ramp.end();
        assert_eq!((ramp.due(), ramp.tickets(began + STEP * 100)), (None, 0));
        assert_eq!(Ramp::new(3, began).tickets(began), 3);
    }
}
