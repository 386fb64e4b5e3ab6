//! Waits for what only some systems can poll together with a cancel token: files that are not sockets,
//! and the end of a process.

use std::time::Duration;

use super::{Cancel, Deadline, Wake};
use crate::platform::{Interest, RawDescriptor};

/// The waits until one thing happens. Without a descriptor the caller looks for it at once, then often,
/// and at last every few milliseconds.
#[derive(Debug, Default)]
pub(crate) struct ReadinessWait {
    looks: u32,
}

impl ReadinessWait {
    /// Returns `Ready` or `TimedOut` if the caller should look, also without a reason.
    pub(crate) fn wait(
        &mut self,
        descriptor: Option<RawDescriptor>,
        cancel: &Cancel,
        deadline: Deadline,
    ) -> Wake {
        if let Some(descriptor) = descriptor {
            return cancel.wait_for(Some((descriptor, Interest::Read)), deadline);
        }
        let waits = self.looks.saturating_sub(LOOKS_WITHOUT_WAIT);
        self.looks = self.looks.saturating_add(1);
        if waits > 0 {
            let interval = Duration::from_millis(waits.into()).min(INTERVAL_MAX);
            return cancel.wait_for(None, Deadline::after(interval).earlier(deadline));
        }
        cancel.tick();
        if cancel.is_triggered() {
            return Wake::Canceled;
        }
        if self.looks > 1 {
            std::thread::yield_now();
        }
        Wake::Ready
    }
}

/// A pipe that is written to all the time is ready before a wait is needed.
const LOOKS_WITHOUT_WAIT: u32 = 50;
const INTERVAL_MAX: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_descriptor_the_first_look_is_at_once_and_later_ones_wait() {
        let cancel = Cancel::new().unwrap();
        let mut wait = ReadinessWait::default();
        assert_eq!(wait.wait(None, &cancel, Deadline::NEVER), Wake::Ready);
        let waited = (0..LOOKS_WITHOUT_WAIT + 1)
            .filter(|_| wait.wait(None, &cancel, Deadline::NEVER) == Wake::TimedOut);
        assert_eq!(waited.count(), 1);
        cancel.trigger();
        assert_eq!(wait.wait(None, &cancel, Deadline::NEVER), Wake::Canceled);
        assert_eq!(ReadinessWait::default().wait(None, &cancel, Deadline::NEVER), Wake::Canceled);
    }
}
