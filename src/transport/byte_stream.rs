//! A connection that bytes go over: a socket, or a TLS session over another stream.

pub(super) mod tls_stream;

use std::io::{self, IoSlice, Read, Write};
use std::os::fd::RawFd;

use self::tls_stream::TlsStream;
use super::exchange_state::ExchangeState;
use super::socket::Socket;
use crate::error::Result;
use crate::runtime::{Deadline, Interest};

#[derive(Debug)]
pub(super) enum ByteStream {
    Plain(Socket),
    Tls(Box<TlsStream>),
}

/// What one step of sending did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// Bytes of the caller's that need not be given again.
    pub(super) taken: usize,
    /// Bytes that the layer below took: a TLS session can take some and send others.
    pub(super) moved: usize,
}

/// Nothing here waits: what cannot be done now is `WouldBlock`.
impl ByteStream {
    /// Takes some of the bytes and sends what it can.
    pub(super) fn push(&mut self, slices: &[IoSlice<'_>]) -> io::Result<Step> {
        match self {
            Self::Plain(socket) => {
                let count = socket.send(slices)?;
                Ok(Step { taken: count, moved: count })
            }
            Self::Tls(session) => session.push(slices),
        }
    }

    /// True if bytes were taken that are still to be sent.
    pub(super) fn is_pending(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(session) => session.is_pending(),
        }
    }

    /// Receives what is there; 0 is the end.
    pub(super) fn pull(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.receive(buffer),
            Self::Tls(session) => session.pull(buffer),
        }
    }

    pub(super) fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(session) => session.socket(),
        }
    }

    pub(super) fn descriptor(&self) -> RawFd {
        self.socket().descriptor()
    }
}

/// A stream that waits, under the rules of the running exchange: for the handshakes.
///
/// An error of the rules travels inside the `io::Error`.
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
            match self.stream.pull(buffer) {
                Err(error) if is_not_yet(&error) => self.wait(Interest::Read),
                done => return done,
            }
            .map_err(io::Error::other)?;
        }
    }
}

impl Write for BlockingStream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while !rest.is_empty() || self.stream.is_pending() {
            match self.stream.push(&[IoSlice::new(rest)]) {
                Ok(step) => {
                    rest = rest.get(step.taken..).unwrap_or_default();
                    continue;
                }
                Err(error) if is_not_yet(&error) => self.wait(Interest::Write),
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

pub(super) fn is_not_yet(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
