//! The timer of a cancel token.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::RawDescriptor;
use super::kernel::OsTimer;

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
    pub(crate) fn descriptor(&self) -> Option<RawDescriptor> {
        self.os_timer.descriptor()
    }
}
