//! `poll` with a deadline on the clock of the library.

use std::io;

use super::Deadline;
use crate::platform::{Polled, poll};

/// Waits until the deadline. Returns 0 on a timeout or a signal, possibly before the deadline, so the
/// caller checks its conditions again.
pub(super) fn poll_until(polled: &mut [Polled], deadline: Deadline) -> io::Result<usize> {
    #[cfg(test)]
    if super::deadline::simulated::now().is_some() {
        use super::deadline::simulated;
        let ready = poll(polled, Some(std::time::Duration::ZERO))?;
        if ready == 0 {
            let deadline = deadline.instant();
            assert!(deadline.is_some(), "this wait would never end");
            simulated::set(deadline.max(simulated::now()));
        }
        return Ok(ready);
    }
    poll(polled, deadline.left())
}
