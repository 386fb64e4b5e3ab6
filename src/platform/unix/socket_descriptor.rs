//! A socket of the library.

use std::io::{self, Read};
use std::os::fd::AsRawFd;

use socket2::{SockRef, Socket};

use super::{Descriptor, RawDescriptor};

/// An open socket. It is harmless if the program has closed it.
#[derive(Debug)]
pub(crate) struct SocketDescriptor(Descriptor);

impl SocketDescriptor {
    pub(crate) fn new(socket: Socket) -> io::Result<Self> {
        Descriptor::new(socket).map(Self)
    }

    pub(crate) fn socket(&self) -> SockRef<'_> {
        SockRef::from(&*self.0)
    }

    pub(crate) fn raw(&self) -> RawDescriptor {
        self.0.as_raw_fd()
    }

    /// Receives available bytes; returns 0 at the end of the stream.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }

    /// For each send. Apple systems have no such flag; `socket2` sets `SO_NOSIGPIPE` instead.
    #[cfg(not(target_vendor = "apple"))]
    pub(crate) const SEND_FLAGS: i32 = libc::MSG_NOSIGNAL;
    #[cfg(target_vendor = "apple")]
    pub(crate) const SEND_FLAGS: i32 = 0;

    #[cfg(all(test, target_os = "linux"))]
    pub(crate) fn try_clone(&self) -> io::Result<std::fs::File> {
        self.0.try_clone()
    }
}
