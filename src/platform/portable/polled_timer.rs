//! The timer of a cancel token without a descriptor: each wait ends soon enough to look at it.

use std::io;
use std::time::Duration;

use crate::platform::RawDescriptor;

#[derive(Debug)]
pub(crate) struct OsTimer;

impl OsTimer {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    #[expect(clippy::unnecessary_wraps, reason = "the timerfd of Linux can fail")]
    pub(crate) fn set(&self, _time: Duration) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn descriptor(&self) -> Option<RawDescriptor> {
        None
    }
}

/// The longest single `poll`. Between polls a timer that has expired is noticed, and a program that
/// has closed the descriptors.
pub(crate) const LONGEST_POLL: Duration = Duration::from_millis(25);
