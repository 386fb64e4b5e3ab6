//! A non-blocking byte stream: a socket, or TLS over another stream.

pub(super) mod tls_stream;

use std::io::{self, IoSlice, Read, Write};

use self::tls_stream::TlsStream;
use super::exchange_state::ExchangeState;
use super::socket::Socket;
use crate::error::Result;
use crate::platform::{Interest, RawDescriptor};
use crate::runtime::Deadline;

#[derive(Debug)]
pub(super) enum ByteStream {
    Plain(Socket),
    Tls(Box<TlsStream>),
}

/// What one send did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SendProgress {
    /// Bytes accepted from the caller, who must not pass them again.
    pub(super) accepted: usize,
    /// Bytes written to the socket. TLS may buffer accepted bytes and write earlier ones.
    pub(super) sent: usize,
}

/// No function waits; they return `WouldBlock` instead.
impl ByteStream {
    /// Accepts some of the bytes and sends as much as possible.
    pub(super) fn send(&mut self, slices: &[IoSlice<'_>]) -> io::Result<SendProgress> {
        match self {
            Self::Plain(socket) => {
                let count = socket.send(slices)?;
                Ok(SendProgress { accepted: count, sent: count })
            }
            Self::Tls(tls) => tls.send(slices),
        }
    }

    /// True if accepted bytes have not been sent.
    pub(super) fn has_pending_output(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(tls) => tls.has_pending_output(),
        }
    }

    /// Receives available bytes; returns 0 at the end of the stream.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.receive(buffer),
            Self::Tls(tls) => tls.receive(buffer),
        }
    }

    pub(super) fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(tls) => tls.socket(),
        }
    }

    pub(super) fn descriptor(&self) -> RawDescriptor {
        self.socket().descriptor()
    }
}

/// Blocking reads and writes for the TLS and proxy handshakes.
///
/// Cancellations and timeouts of the exchange are returned inside an `io::Error`.
#[derive(Debug)]
pub(super) struct BlockingStream<'a> {
    pub(super) stream: &'a mut ByteStream,
    pub(super) state: &'a ExchangeState,
}

impl BlockingStream<'_> {
    fn wait(&self, interest: Interest) -> Result<bool> {
        self.state.wait(self.stream.descriptor(), interest, Deadline::NEVER)
    }
}

impl Read for BlockingStream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.state.check().map_err(io::Error::other)?;
            match self.stream.receive(buffer) {
                Err(error) if would_block(&error) => self.wait(Interest::Read),
                result => return result,
            }
            .map_err(io::Error::other)?;
        }
    }
}

impl Write for BlockingStream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while !rest.is_empty() || self.stream.has_pending_output() {
            match self.stream.send(&[IoSlice::new(rest)]) {
                Ok(progress) => {
                    rest = rest.get(progress.accepted..).unwrap_or_default();
                    continue;
                }
                Err(error) if would_block(&error) => self.wait(Interest::Write),
                Err(error) => return Err(error),
            }
            .map_err(io::Error::other)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn would_block(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
