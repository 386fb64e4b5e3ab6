//! A socket of the library.

use std::io::{self, Read};
use std::os::windows::io::AsRawSocket;

use socket2::{SockRef, Socket};

use super::RawDescriptor;

#[derive(Debug)]
pub(crate) struct SocketDescriptor(Socket);

impl SocketDescriptor {
    #[expect(clippy::unnecessary_wraps, reason = "other systems move the descriptor")]
    pub(crate) fn new(socket: Socket) -> io::Result<Self> {
        Ok(Self(socket))
    }

    pub(crate) fn socket(&self) -> SockRef<'_> {
        SockRef::from(&self.0)
    }

    pub(crate) fn raw(&self) -> RawDescriptor {
        self.0.as_raw_socket()
    }

    /// Receives available bytes; returns 0 at the end of the stream.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buffer)
    }

    /// For each send. There is no SIGPIPE.
    pub(crate) const SEND_FLAGS: i32 = 0;
}
