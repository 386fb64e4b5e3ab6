//! The error of a handle that is used in a forked child.

use crate::error::{Error, ErrorKind};
use crate::platform::ForkGuard;

impl ForkGuard {
    /// Returns an error of kind `Forked` in any other process.
    pub(crate) fn check(self) -> Result<(), Error> {
        if self.is_current() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Forked,
            "the handle belongs to the parent of this forked process; make a new one here",
        ))
    }

    /// Like [`ForkGuard::check`], after a callback has returned.
    pub(crate) fn check_after_callback(self) -> Result<(), Error> {
        self.end_forked_library_thread();
        self.check()
    }
}
