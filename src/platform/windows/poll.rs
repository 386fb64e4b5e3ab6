//! Waits until sockets are ready.

use std::io;
use std::time::Duration;

use windows_sys::Win32::Networking::WinSock::{
    INVALID_SOCKET, POLLNVAL, POLLRDNORM, POLLWRNORM, WSAPOLLFD, WSAPoll,
};

use super::RawDescriptor;
use crate::platform::kernel::LONGEST_POLL;

/// Not a socket.
pub(crate) const NO_DESCRIPTOR: RawDescriptor = INVALID_SOCKET as RawDescriptor;

/// What a socket is polled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    Read,
    Write,
}

/// A socket in a list for [`poll`].
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Polled(WSAPOLLFD);

impl Polled {
    /// Polls nothing.
    pub(crate) const UNUSED: Self =
        Self(WSAPOLLFD { fd: NO_DESCRIPTOR as usize, events: 0, revents: 0 });

    pub(crate) fn new(socket: RawDescriptor, interest: Interest) -> Self {
        let events = match interest {
            Interest::Read => POLLRDNORM,
            Interest::Write => POLLWRNORM,
        };
        Self(WSAPOLLFD { fd: socket as usize, events, revents: 0 })
    }

    #[cfg(shuttle)]
    pub(crate) fn fd(&self) -> RawDescriptor {
        self.0.fd as RawDescriptor
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
        self.0.revents & POLLNVAL != 0
    }
}

/// Waits for at most this time, `None` being any. Returns 0 on a timeout, possibly before the time
/// has passed, so the caller checks its conditions again.
pub(crate) fn poll(polled: &mut [Polled], time: Option<Duration>) -> io::Result<usize> {
    let time = time.map_or(LONGEST_POLL, |time| time.min(LONGEST_POLL));
    if polled.is_empty() {
        std::thread::sleep(time);
        return Ok(0);
    }
    // Rounds up: a wait that ends before its deadline would spin.
    let ms =
        time.as_millis().saturating_add(u128::from(!time.subsec_nanos().is_multiple_of(1_000_000)));
    let ms = i32::try_from(ms).unwrap_or(i32::MAX);
    let count = u32::try_from(polled.len()).unwrap_or(u32::MAX);
    // SAFETY: the pointer and the count describe one live, exclusive slice of `WSAPOLLFD`.
    let ready = unsafe { WSAPoll(polled.as_mut_ptr().cast(), count, ms) };
    usize::try_from(ready).map_err(|_| io::Error::last_os_error())
}
