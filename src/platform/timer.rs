//! The timer of a cancel token: a timerfd on Linux, polling elsewhere.

use std::io;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The longest single `poll`. A program that has closed the descriptors, or all of whose threads have
/// ended, is noticed between polls, and a timer where it has no descriptor.
#[cfg(target_os = "linux")]
pub(super) const LONGEST_POLL: Duration = Duration::from_secs(1);
#[cfg(not(target_os = "linux"))]
pub(super) const LONGEST_POLL: Duration = Duration::from_millis(25);

#[derive(Debug)]
pub(crate) struct Timer {
    created: Instant,
    /// Nanoseconds after `created`; 0 means not set.
    expires_at: AtomicU64,
    os_timer: OsTimer,
    /// Held while both are set to the same time.
    setting: Mutex<()>,
}

impl Timer {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            created: Instant::now(),
            expires_at: AtomicU64::new(0),
            os_timer: OsTimer::new()?,
            setting: Mutex::default(),
        })
    }

    pub(crate) fn set(&self, time: Duration) -> io::Result<()> {
        let _setting = self.setting.lock().unwrap_or_else(PoisonError::into_inner);
        let at = self.created.elapsed().saturating_add(time).as_nanos();
        let at = u64::try_from(at).unwrap_or(u64::MAX).max(1);
        self.expires_at.store(at, Ordering::SeqCst);
        self.os_timer.set(time.max(Duration::from_nanos(1)))
    }

    pub(crate) fn has_expired(&self) -> bool {
        match self.expires_at.load(Ordering::SeqCst) {
            0 => false,
            at => self.created.elapsed() >= Duration::from_nanos(at),
        }
    }

    /// The descriptor that becomes readable when the timer expires.
    pub(crate) fn descriptor(&self) -> Option<RawFd> {
        self.os_timer.descriptor()
    }
}

#[cfg(target_os = "linux")]
use timerfd::OsTimer;

#[cfg(target_os = "linux")]
mod timerfd {
    use std::io;
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
    use std::time::Duration;

    use crate::platform::Descriptor;

    #[derive(Debug)]
    pub(super) struct OsTimer(Descriptor);

    impl OsTimer {
        pub(super) fn new() -> io::Result<Self> {
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

        pub(super) fn set(&self, time: Duration) -> io::Result<()> {
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
            let set =
                unsafe { libc::timerfd_settime(self.0.as_raw_fd(), 0, &raw const setting, old) };
            if set < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
        }

        pub(super) fn descriptor(&self) -> Option<RawFd> {
            Some(self.0.as_raw_fd())
        }
    }
}

#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
struct OsTimer;

#[cfg(not(target_os = "linux"))]
impl OsTimer {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    #[expect(clippy::unnecessary_wraps, reason = "the timerfd implementation can fail")]
    fn set(&self, _time: Duration) -> io::Result<()> {
        Ok(())
    }

    fn descriptor(&self) -> Option<RawFd> {
        None
    }
}
