//! Queries the socket buffer for unsent bytes.

use std::os::fd::RawFd;

/// Bytes in the socket buffer that the peer has not acknowledged, on systems that report them.
pub(crate) fn unsent_bytes(fd: RawFd) -> Option<u64> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: TIOCOUTQ stores one int, in `bytes`; a descriptor of another kind is an error.
    let result = unsafe { libc::ioctl(fd, libc::TIOCOUTQ, &raw mut bytes) };
    if result == 0 { u64::try_from(bytes).ok() } else { None }
}
