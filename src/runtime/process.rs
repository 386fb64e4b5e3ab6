//! Which process made a thing, so that a forked child can be told apart from it.

use crate::error::{Error, ErrorKind};

/// The process in which this value was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) fn current() -> Self {
        Self(std::process::id())
    }

    /// True in the process that made it; async-signal-safe.
    pub(crate) fn is_current(self) -> bool {
        self == Self::current()
    }

    /// An error of kind `Forked` anywhere but in the process that made it.
    pub(crate) fn check(self) -> Result<(), Error> {
        if self.is_current() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Forked,
            "the handle belongs to the parent of this forked process; make a new one here",
        ))
    }
}
