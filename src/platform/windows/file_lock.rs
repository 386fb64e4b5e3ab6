//! The lock of a file, which the system ends with the process.

use std::fs::File;
use std::io;
use std::os::windows::io::AsRawHandle;

use windows_sys::Win32::Foundation::ERROR_LOCK_VIOLATION;
use windows_sys::Win32::Storage::FileSystem::{
    LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY, LockFileEx,
};
use windows_sys::Win32::System::IO::OVERLAPPED;

use crate::platform::lock_outcome::LockOutcome;

/// Locks a file that is open for reading and writing.
pub(in crate::platform) fn lock_file(file: &File) -> io::Result<LockOutcome> {
    let flags = LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY;
    let mut range = OVERLAPPED::default();
    // The position of the lock. It is beyond all bytes, because others could not read them.
    range.Anonymous.Anonymous.OffsetHigh = OFFSET_HIGH;
    // SAFETY: the file is open, and the call ends before it returns, because the file was not
    // opened for overlapped operations.
    if unsafe { LockFileEx(file.as_raw_handle(), flags, 0, 1, 0, &raw mut range) } != 0 {
        return Ok(LockOutcome::Locked);
    }
    let cause = io::Error::last_os_error();
    match cause.raw_os_error() {
        Some(errno) if errno == ERROR_LOCK_VIOLATION.cast_signed() => Ok(LockOutcome::Held),
        _ => Err(cause),
    }
}

/// Closing the file ends the lock, because no child has it.
pub(in crate::platform) fn unlock_file(_: &File) {}

const OFFSET_HIGH: u32 = 0x7fff_ffff;
