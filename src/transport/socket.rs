//! A non-blocking TCP socket that never raises SIGPIPE.

use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, TcpKeepalive, Type};

use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::platform::{
    RawDescriptor, SocketDescriptor, choose_port_on_connect, errno, reset_connection,
};

#[derive(Debug)]
pub(super) struct Socket(SocketDescriptor);

impl Socket {
    /// Creates a socket for connections to addresses of this family.
    pub(super) fn new(domain: Domain) -> io::Result<Self> {
        let socket = socket2::Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        let socket = Self(SocketDescriptor::new(socket)?);
        socket.reference().set_nonblocking(true)?;
        socket.reference().set_tcp_nodelay(true)?;
        // Connections work without it.
        let _ = socket.reference().set_tcp_keepalive(&KEEPALIVE);
        Ok(socket)
    }

    /// Makes the connection come from a local address.
    pub(super) fn bind(&self, address: IpAddr) -> io::Result<()> {
        choose_port_on_connect(self.descriptor());
        self.reference().bind(&SocketAddr::new(address, 0).into())
    }

    /// Starts to connect.
    pub(super) fn start_connect(&self, address: SocketAddr) -> io::Result<()> {
        match self.reference().connect(&address.into()) {
            Err(error) if !is_in_progress(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns whether the connection to the same address is established.
    pub(super) fn is_connected(&self, address: SocketAddr) -> io::Result<bool> {
        if let Some(error) = self.reference().take_error()? {
            return Err(error);
        }
        // A second call reports the state of the first.
        match self.reference().connect(&address.into()) {
            Err(error) if error.raw_os_error() == Some(errno::EISCONN) => Ok(true),
            Err(error) if is_in_progress(&error) => Ok(false),
            result => result.map(|()| true),
        }
    }

    /// Sends as many bytes as the socket buffer accepts.
    pub(super) fn send(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match slices {
            [slice] => self.reference().send_with_flags(slice, SocketDescriptor::SEND_FLAGS),
            slices => {
                self.reference().send_vectored_with_flags(slices, SocketDescriptor::SEND_FLAGS)
            }
        }
    }

    /// Receives available bytes; returns 0 at the end of the stream.
    pub(super) fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.receive(buffer)
    }

    /// Makes the kernel discard unsent bytes, so that a canceled request ends immediately: on close,
    /// and on Linux now, because a child that the program has forked may keep the connection open.
    pub(super) fn discard_unsent(&self) {
        // If this fails, the kernel sends the remaining bytes, which is harmless.
        let _ = self.reference().set_linger(Some(Duration::ZERO));
        reset_connection(self.descriptor());
    }

    pub(super) fn descriptor(&self) -> RawDescriptor {
        self.0.raw()
    }

    fn reference(&self) -> SockRef<'_> {
        self.0.socket()
    }
}

/// Converts an error of an established connection.
pub(super) fn connection_lost(error: &io::Error) -> Error {
    closed_by_program(error).unwrap_or_else(|| {
        Error::new(ErrorKind::Network, "the connection was lost")
            .with_io(error)
            .with_cause_in_text()
    })
}

/// The error if the program has closed the descriptor. It is not retried: another attempt would use
/// descriptors that the program closes as well.
pub(super) fn closed_by_program(error: &io::Error) -> Option<Error> {
    match error.raw_os_error() {
        Some(errno @ (errno::EBADF | errno::ENOTSOCK)) => Some(Error::wait_failed(errno)),
        _ => None,
    }
}

/// True if this machine refuses to send, so that the server will not respond.
pub(super) fn is_refused_here(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(errno::EPERM | errno::EACCES | errno::ENOBUFS | errno::ENOMEM)
    )
}

fn is_in_progress(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(errno::EINPROGRESS | errno::EALREADY | errno::EINTR | errno::EWOULDBLOCK)
    )
}

/// A NAT or a firewall may forget a connection on which nothing is sent, while it is idle or the
/// service completes an upload.
const KEEPALIVE: TcpKeepalive = TcpKeepalive::new()
    .with_time(limits::KEEPALIVE_IDLE)
    .with_interval(limits::KEEPALIVE_INTERVAL)
    .with_retries(limits::KEEPALIVE_PROBES);

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Read;
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    #[test]
    fn an_abandoned_request_ends_although_another_process_holds_the_connection() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let socket = Socket::new(Domain::IPV4).unwrap();
        socket.start_connect(address).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        while !socket.is_connected(address).unwrap() {
            std::thread::yield_now();
        }
        // As after a fork.
        let _held = socket.0.try_clone().unwrap();
        socket.discard_unsent();
        drop(socket);
        peer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let cause = peer.read(&mut [0]).unwrap_err();
        assert_eq!(cause.kind(), io::ErrorKind::ConnectionReset);
    }

    #[test]
    fn idle_connections_are_probed() {
        for domain in [Domain::IPV4, Domain::IPV6] {
            let socket = Socket::new(domain).unwrap();
            let socket = socket.reference();
            assert!(socket.keepalive().unwrap());
            assert_eq!(socket.tcp_keepalive_time().unwrap(), limits::KEEPALIVE_IDLE);
            assert_eq!(socket.tcp_keepalive_interval().unwrap(), limits::KEEPALIVE_INTERVAL);
            assert_eq!(socket.tcp_keepalive_retries().unwrap(), limits::KEEPALIVE_PROBES);
        }
    }
}
