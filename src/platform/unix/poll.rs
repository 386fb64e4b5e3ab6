//! Waits until descriptors are ready.

use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use crate::platform::deliver_orphaned_signals;
use crate::platform::kernel::LONGEST_POLL;

/// Not a descriptor. It is never ready.
pub(crate) const NO_DESCRIPTOR: RawFd = -1;

/// What a descriptor is polled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    Read,
    Write,
}

/// A descriptor in a list for [`poll`].
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Polled(libc::pollfd);

impl Polled {
    /// Polls nothing.
    pub(crate) const UNUSED: Self = Self(libc::pollfd { fd: NO_DESCRIPTOR, events: 0, revents: 0 });

    pub(crate) fn new(fd: RawFd, interest: Interest) -> Self {
        let events = match interest {
            Interest::Read => libc::POLLIN,
            Interest::Write => libc::POLLOUT,
        };
        Self(libc::pollfd { fd, events, revents: 0 })
    }

    #[cfg(shuttle)]
    pub(crate) fn fd(&self) -> RawFd {
        self.0.fd
    }

    #[cfg(shuttle)]
    pub(crate) fn set_ready(&mut self, is_ready: bool) {
        self.0.revents = if is_ready { self.0.events } else { 0 };
    }

    /// True if the last poll found it ready, or in error.
    pub(crate) fn is_ready(&self) -> bool {
        self.0.revents != 0
    }

    /// True if the last poll found it closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.revents & libc::POLLNVAL != 0
    }
}

/// Waits for at most this time, `None` being any. Returns 0 on a timeout or a signal, possibly before
/// the time has passed, so the caller checks its conditions again.
pub(crate) fn poll(polled: &mut [Polled], time: Option<Duration>) -> io::Result<usize> {
    let time = time.map_or(LONGEST_POLL, |time| time.min(LONGEST_POLL));
    // Rounds up: a wait that ends before its deadline would spin.
    let ms =
        time.as_millis().saturating_add(u128::from(!time.subsec_nanos().is_multiple_of(1_000_000)));
    let ms = libc::c_int::try_from(ms).unwrap_or(libc::c_int::MAX);
    let count = polled.len() as libc::nfds_t;
    // SAFETY: the pointer and the count describe one live, exclusive slice of `pollfd`.
    let ready = unsafe { libc::poll(polled.as_mut_ptr().cast(), count, ms) };
    let Ok(ready) = usize::try_from(ready) else {
        let cause = io::Error::last_os_error();
        return if cause.kind() == io::ErrorKind::Interrupted { Ok(0) } else { Err(cause) };
    };
    if ready == 0 && time == LONGEST_POLL {
        deliver_orphaned_signals();
    }
    Ok(ready)
}
