//! Saves and restores the last error of the system, which a caller may not have read yet.

use windows_sys::Win32::Foundation::{GetLastError, SetLastError};

/// The last error of this thread.
#[derive(Debug)]
pub(crate) struct SavedErrno(u32);

impl SavedErrno {
    pub(crate) fn save() -> Self {
        // SAFETY: the call takes nothing.
        Self(unsafe { GetLastError() })
    }

    pub(crate) fn restore(self) {
        // SAFETY: the call takes an integer.
        unsafe { SetLastError(self.0) };
    }
}
