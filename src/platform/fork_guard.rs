//! Fork detection.

use super::system::exit_process;
use super::{is_library_thread, process_id};

/// The process ID at construction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ForkGuard(u32);

impl ForkGuard {
    pub(crate) fn current() -> Self {
        Self(process_id())
    }

    #[cfg(test)]
    pub(crate) fn of_another_process() -> Self {
        Self(process_id().wrapping_add(1))
    }

    /// Returns true in the process that made the guard. Async-signal-safe.
    pub(crate) fn is_current(self) -> bool {
        self == Self::current()
    }

    /// As [`ForkGuard::is_current`], also in a child that shares the memory of its parent (`vfork`).
    pub(crate) fn is_current_process(self) -> bool {
        self.0 == std::process::id()
    }

    /// Call it after a callback has returned. On a thread of the library a forked child ends: it has
    /// no other thread, and no call that could return.
    pub(crate) fn end_forked_library_thread(self) {
        if !self.is_current() && is_library_thread() {
            exit_process();
        }
    }
}
