//! TLS over a byte stream. Only the handshake blocks.

use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::{BlockingStream, ByteStream, SendProgress};
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::transport::exchange_state::ExchangeState;
use crate::transport::server_role::ServerRole;
use crate::transport::socket::Socket;
use crate::transport::tls_errors;

#[derive(Debug)]
pub(in crate::transport) struct TlsStream {
    inner: ByteStream,
    tls: ClientConnection,
}

impl TlsStream {
    /// Performs the handshake with `host`, within the connect timeout.
    pub(in crate::transport) fn handshake(
        inner: ByteStream,
        host: &str,
        config: Arc<ClientConfig>,
        state: &ExchangeState,
    ) -> Result<Self> {
        state.enter_phase(Phase::Tls);
        let role = state.server_role();
        let name = ServerName::try_from(host.to_owned()).map_err(|cause| {
            Error::new(ErrorKind::Tls, format!("`{host}` is not a valid TLS server name"))
                .with_cause(cause)
                .with_remedy(&format!("check {}", role.setting()))
        })?;
        let mut tls = ClientConnection::new(config, name).map_err(|cause| {
            Error::new(ErrorKind::Tls, "the TLS handshake cannot be started")
                .with_cause(cause)
                .with_cause_in_text()
        })?;
        tls.set_buffer_limit(Some(OUTPUT_BUFFER_MAX));
        let mut stream = Self { inner, tls };
        let mut blocking = BlockingStream { stream: &mut stream.inner, state };
        while stream.tls.is_handshaking() || stream.tls.wants_write() {
            stream
                .tls
                .complete_io(&mut blocking)
                .map_err(|error| handshake_error(error, host, role))?;
        }
        Ok(stream)
    }

    /// Encrypts bytes once all earlier records are sent, and sends records.
    pub(in crate::transport) fn send(
        &mut self,
        slices: &[IoSlice<'_>],
    ) -> io::Result<SendProgress> {
        let accepted =
            if self.has_pending_output() { 0 } else { self.tls.writer().write_vectored(slices)? };
        let mut sent = 0;
        loop {
            let result = if self.tls.wants_write() {
                self.tls.write_tls(&mut InnerIo(&mut self.inner))
            } else if self.inner.has_pending_output() {
                self.inner.send(&[]).map(|progress| progress.sent)
            } else {
                return Ok(SendProgress { accepted, sent });
            };
            match result {
                Ok(count) => sent += count,
                // An error would lose the count of the accepted bytes; the next call returns it.
                Err(_) if accepted > 0 || sent > 0 => return Ok(SendProgress { accepted, sent }),
                Err(error) => return Err(error),
            }
        }
    }

    pub(in crate::transport) fn has_pending_output(&self) -> bool {
        self.tls.wants_write() || self.inner.has_pending_output()
    }

    /// Receives decrypted bytes. A connection closed without `close_notify` is `UnexpectedEof`.
    pub(in crate::transport) fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
            self.tls.read_tls(&mut InnerIo(&mut self.inner))?;
            if let Err(error) = self.tls.process_new_packets() {
                // Sends the alert to the peer if the socket accepts it.
                let _ = self.tls.write_tls(&mut InnerIo(&mut self.inner));
                return Err(io::Error::other(error));
            }
        }
    }

    pub(in crate::transport) fn socket(&self) -> &Socket {
        self.inner.socket()
    }
}

/// Implements the traits that rustls needs.
struct InnerIo<'a>(&'a mut ByteStream);

impl Read for InnerIo<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.receive(buffer)
    }
}

impl Write for InnerIo<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.send(slices).map(|progress| progress.accepted)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Converts a handshake error. Cancellations and timeouts are returned unchanged.
fn handshake_error(error: io::Error, host: &str, role: ServerRole) -> Error {
    let error = match error.downcast::<Error>() {
        Ok(ours) => return ours,
        Err(error) => error,
    };
    match error.downcast::<rustls::Error>() {
        Ok(cause) => tls_errors::handshake(cause, host, role),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Error::new(
            ErrorKind::Connect,
            "the server closed the connection during the TLS handshake",
        ),
        Err(error) => {
            Error::new(ErrorKind::Connect, "the connection was lost during the TLS handshake")
                .with_io(&error)
                .with_cause_in_text()
        }
    }
}

/// The bytes encrypted before they are sent: two records. More does not fit into the L1 cache, and
/// glibc would return the memory of the buffers to the system after each send.
const OUTPUT_BUFFER_MAX: usize = 32 * 1024;
