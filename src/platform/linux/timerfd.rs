//! The timer of a cancel token: a timerfd.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use crate::platform::Descriptor;

#[derive(Debug)]
pub(crate) struct OsTimer(Descriptor);

impl OsTimer {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = libc::TFD_CLOEXEC | libc::TFD_NONBLOCK;
        // SAFETY: timerfd_create takes no pointer; what it returns is checked below.
        let fd = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, flags) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call above returned this open descriptor, and nothing else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Descriptor::new(fd).map(Self)
    }

    pub(crate) fn set(&self, time: Duration) -> io::Result<()> {
        let setting = libc::itimerspec {
            it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: libc::timespec {
                tv_sec: i32::try_from(time.as_secs()).unwrap_or(i32::MAX).into(),
                tv_nsec: time.subsec_nanos().cast_signed().into(),
            },
        };
        let old = std::ptr::null_mut();
        // SAFETY: the descriptor is open, the setting is on this stack, and a NULL old value
        // means that it is not returned.
        let set = unsafe { libc::timerfd_settime(self.0.as_raw_fd(), 0, &raw const setting, old) };
        if set < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    pub(crate) fn descriptor(&self) -> Option<RawFd> {
        Some(self.0.as_raw_fd())
    }
}

/// The longest single `poll`. A program that has closed the descriptors, or all of whose threads have
/// ended, is noticed between polls.
pub(crate) const LONGEST_POLL: Duration = Duration::from_secs(1);
