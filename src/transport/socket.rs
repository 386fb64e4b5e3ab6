//! One TCP socket that never blocks and never raises a signal.

use std::io::{self, IoSlice, Read};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use socket2::{Domain, Protocol, Type};

use super::exchange_state::ExchangeState;
use crate::error::{Error, ErrorKind, Result};
use crate::runtime::{Deadline, Interest};

#[derive(Debug)]
pub(super) struct Socket(socket2::Socket);

impl Socket {
    /// Connects to one address, in the phase and the share of time that the caller has set.
    ///
    /// The inner error is that of this address alone: another one may do better.
    pub(super) fn connect(
        address: SocketAddr,
        state: &ExchangeState,
        share: Deadline,
    ) -> Result<io::Result<Self>> {
        let socket = match Self::begin(address) {
            Ok(socket) => socket,
            Err(error) => return Ok(Err(error)),
        };
        if !state.wait(socket.descriptor(), Interest::Write, share)? {
            return Ok(Err(io::ErrorKind::TimedOut.into()));
        }
        Ok(socket.finish())
    }

    /// Sends what fits.
    pub(super) fn send(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match slices {
            [one] => self.0.send_with_flags(one, NO_SIGNAL),
            more => self.0.send_vectored_with_flags(more, NO_SIGNAL),
        }
    }

    /// Receives what is there; 0 is the end.
    pub(super) fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buffer)
    }

    /// Lets the kernel drop what it still has to send when the socket is closed, so that a
    /// canceled request stops at once.
    pub(super) fn abandon(&self) {
        // A socket without linger is closed the slow way, which is no error.
        let _ = self.0.set_linger(Some(Duration::ZERO));
    }

    pub(super) fn descriptor(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    fn begin(address: SocketAddr) -> io::Result<Self> {
        let domain = Domain::for_address(address);
        let socket = socket2::Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        match socket.connect(&address.into()) {
            Err(error) if !is_in_progress(&error) => Err(error),
            _ => Ok(Self(socket)),
        }
    }

    fn finish(self) -> io::Result<Self> {
        match self.0.take_error()? {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }
}

/// An error of a connection that was made.
pub(super) fn lost(error: &io::Error) -> Error {
    Error::new(ErrorKind::Network, "the connection was lost").with_io(error)
}

fn is_in_progress(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINPROGRESS | libc::EINTR | libc::EWOULDBLOCK))
}

/// Where there is no such flag, the socket itself is made without the signal.
#[cfg(not(target_vendor = "apple"))]
const NO_SIGNAL: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(target_vendor = "apple")]
const NO_SIGNAL: libc::c_int = 0;
