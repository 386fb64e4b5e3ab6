//! What ends a call early.

use crate::error::{Error, Result};
use crate::runtime::{Cancel, Deadline};

/// The cancel token and the deadline of one call, or of a part of it.
#[derive(Debug, Clone)]
pub(crate) struct CallScope {
    /// A child of the caller's token, which the library may trigger for itself.
    pub(crate) cancel: Cancel,
    pub(crate) deadline: Deadline,
}

impl CallScope {
    /// Starts the scope of a call.
    ///
    /// # Errors
    ///
    /// `Memory`, when no file descriptor is left; `Forked`, when the token belongs to the parent.
    pub(crate) fn new(cancel: &Cancel, deadline: Deadline) -> Result<Self> {
        cancel.check_process()?;
        let cancel = cancel.child().map_err(|cause| Error::no_descriptor(&cause))?;
        Ok(Self { cancel, deadline })
    }

    /// An error if the call was canceled or its deadline has passed.
    pub(crate) fn check(&self) -> Result<()> {
        if self.cancel.is_triggered() {
            return Err(Error::canceled());
        }
        if self.deadline.has_passed() { Err(Error::deadline_passed()) } else { Ok(()) }
    }
}
