//! A non-blocking TCP socket that never raises SIGPIPE.

use std::io::{self, IoSlice, Read};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Type};

use super::exchange_state::ExchangeState;
use crate::error::{Error, ErrorKind, Result};
use crate::runtime::{Deadline, Descriptor, Interest};

#[derive(Debug)]
pub(super) struct Socket(Descriptor);

impl Socket {
    /// Connects to one address until `deadline`.
    ///
    /// The inner error concerns only this address, so that the caller can try the next one.
    pub(super) fn connect(
        address: SocketAddr,
        state: &ExchangeState,
        deadline: Deadline,
    ) -> Result<io::Result<Self>> {
        let socket = match Self::start_connect(address) {
            Ok(socket) => socket,
            Err(error) => return Ok(Err(error)),
        };
        if !state.wait(socket.descriptor(), Interest::Write, deadline)? {
            return Ok(Err(io::ErrorKind::TimedOut.into()));
        }
        Ok(socket.finish_connect())
    }

    /// Sends as many bytes as the socket buffer accepts.
    pub(super) fn send(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match slices {
            [slice] => self.reference().send_with_flags(slice, SEND_FLAGS),
            slices => self.reference().send_vectored_with_flags(slices, SEND_FLAGS),
        }
    }

    /// Receives available bytes; returns 0 at the end of the stream.
    pub(super) fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }

    /// Makes the kernel discard unsent bytes on close, so that a canceled request ends immediately.
    pub(super) fn discard_unsent_on_close(&self) {
        // If this fails, the kernel sends the remaining bytes, which is harmless.
        let _ = self.reference().set_linger(Some(Duration::ZERO));
    }

    pub(super) fn descriptor(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    fn reference(&self) -> SockRef<'_> {
        SockRef::from(&*self.0)
    }

    fn start_connect(address: SocketAddr) -> io::Result<Self> {
        let domain = Domain::for_address(address);
        let socket = socket2::Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        let socket = Self(Descriptor::new(socket.into())?);
        socket.reference().set_nonblocking(true)?;
        socket.reference().set_tcp_nodelay(true)?;
        let connected = socket.reference().connect(&address.into());
        match connected {
            Err(error) if !is_in_progress(&error) => Err(error),
            _ => Ok(socket),
        }
    }

    fn finish_connect(self) -> io::Result<Self> {
        match self.reference().take_error()? {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }
}

/// Converts an error of an established connection.
pub(super) fn connection_lost(error: &io::Error) -> Error {
    Error::new(ErrorKind::Network, "the connection was lost").with_io(error)
}

fn is_in_progress(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINPROGRESS | libc::EINTR | libc::EWOULDBLOCK))
}

/// Apple systems have no such flag; socket2 sets `SO_NOSIGPIPE` instead.
#[cfg(not(target_vendor = "apple"))]
const SEND_FLAGS: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(target_vendor = "apple")]
const SEND_FLAGS: libc::c_int = 0;
