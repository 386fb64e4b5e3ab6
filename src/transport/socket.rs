//! A non-blocking TCP socket that never raises SIGPIPE.

use std::io::{self, IoSlice, Read};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Type};

use crate::error::{Error, ErrorKind};
use crate::runtime::Descriptor;

#[derive(Debug)]
pub(super) struct Socket(Descriptor);

impl Socket {
    /// Starts to connect.
    pub(super) fn start_connect(address: SocketAddr) -> io::Result<Self> {
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

    /// Returns whether the connection to the same address is established.
    pub(super) fn is_connected(&self, address: SocketAddr) -> io::Result<bool> {
        if let Some(error) = self.reference().take_error()? {
            return Err(error);
        }
        // A second call reports the state of the first.
        match self.reference().connect(&address.into()) {
            Err(error) if error.raw_os_error() == Some(libc::EISCONN) => Ok(true),
            Err(error) if is_in_progress(&error) => Ok(false),
            result => result.map(|()| true),
        }
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
}

/// Converts an error of an established connection.
pub(super) fn connection_lost(error: &io::Error) -> Error {
    // Another attempt would use descriptors that the program closes as well.
    if let Some(errno @ (libc::EBADF | libc::ENOTSOCK)) = error.raw_os_error() {
        return Error::wait_failed(errno);
    }
    Error::new(ErrorKind::Network, "the connection was lost").with_io(error).with_cause_in_text()
}

fn is_in_progress(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EINPROGRESS | libc::EALREADY | libc::EINTR | libc::EWOULDBLOCK)
    )
}

/// Apple systems have no such flag; socket2 sets `SO_NOSIGPIPE` instead.
#[cfg(not(target_vendor = "apple"))]
const SEND_FLAGS: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(target_vendor = "apple")]
const SEND_FLAGS: libc::c_int = 0;
