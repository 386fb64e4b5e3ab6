//! What the calling thread does while it waits: it reports progress.

use std::fmt;
use std::sync::Arc;

use super::Deadline;

/// Called by the thread that makes a call, at the start of its waits and during them.
pub(crate) trait Tick: Send + Sync {
    /// Returns the time of the next tick.
    fn due(&self) -> Deadline;

    /// Runs the tick, which may trigger the cancel token of the call.
    fn tick(&self);
}

/// The tick of one call. A token with a ticker must stay on the thread that makes the call.
#[derive(Clone)]
pub(super) struct Ticker(pub(super) Arc<dyn Tick>);

impl Ticker {
    pub(super) fn due(&self) -> Deadline {
        self.0.due()
    }

    pub(super) fn tick_if_due(&self) {
        if self.due().has_passed() {
            self.0.tick();
        }
    }
}

impl fmt::Debug for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticker")
    }
}
