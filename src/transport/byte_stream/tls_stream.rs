//! A TLS session over a stream. It waits for nothing but its handshake.

use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig, ClientConnection};

use super::{BlockingStream, ByteStream, Step};
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::transport::exchange_state::ExchangeState;
use crate::transport::socket::Socket;

#[derive(Debug)]
pub(in crate::transport) struct TlsStream {
    below: ByteStream,
    tls: ClientConnection,
}

impl TlsStream {
    /// Negotiates a session with `host`, on the clock of connecting.
    pub(in crate::transport) fn start(
        below: ByteStream,
        host: &str,
        config: Arc<ClientConfig>,
        state: &ExchangeState,
    ) -> Result<Self> {
        state.begin(Phase::Tls);
        let name = ServerName::try_from(host.to_owned()).map_err(|cause| {
            Error::new(ErrorKind::Tls, format!("`{host}` is no name for a certificate"))
                .with_cause(cause)
        })?;
        let mut tls = ClientConnection::new(config, name).map_err(|cause| {
            Error::new(ErrorKind::Tls, "TLS cannot be started").with_cause(cause)
        })?;
        tls.set_buffer_limit(Some(SEALED_AT_ONCE));
        let mut session = Self { below, tls };
        let mut waiting = BlockingStream { stream: &mut session.below, state };
        while session.tls.is_handshaking() || session.tls.wants_write() {
            session.tls.complete_io(&mut waiting).map_err(refused)?;
        }
        Ok(session)
    }

    /// Takes plain bytes when the last ones are out, and sends records.
    pub(in crate::transport) fn push(&mut self, slices: &[IoSlice<'_>]) -> io::Result<Step> {
        let taken = if self.is_pending() { 0 } else { self.tls.writer().write_vectored(slices)? };
        let mut moved = 0;
        loop {
            let sent = if self.tls.wants_write() {
                self.tls.write_tls(&mut Below(&mut self.below))
            } else if self.below.is_pending() {
                self.below.push(&[]).map(|step| step.moved)
            } else {
                return Ok(Step { taken, moved });
            };
            match sent {
                Ok(count) => moved += count,
                // What was taken is out of the caller's hands, so this step has done something.
                Err(_) if taken > 0 || moved > 0 => return Ok(Step { taken, moved }),
                Err(error) => return Err(error),
            }
        }
    }

    pub(in crate::transport) fn is_pending(&self) -> bool {
        self.tls.wants_write() || self.below.is_pending()
    }

    /// Plain bytes. An end that the peer did not announce is `UnexpectedEof`.
    pub(in crate::transport) fn pull(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
            self.tls.read_tls(&mut Below(&mut self.below))?;
            if let Err(error) = self.tls.process_new_packets() {
                // Sends the alert to the peer, if that can be done at once.
                let _ = self.tls.write_tls(&mut Below(&mut self.below));
                return Err(io::Error::other(error));
            }
        }
    }

    pub(in crate::transport) fn socket(&self) -> &Socket {
        self.below.socket()
    }
}

/// The stream below as rustls wants to see it.
struct Below<'a>(&'a mut ByteStream);

impl Read for Below<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.pull(buffer)
    }
}

impl Write for Below<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.push(slices).map(|step| step.taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why there is no session. A rule about time or a cancel is passed on as it is.
fn refused(error: io::Error) -> Error {
    let error = match error.downcast::<Error>() {
        Ok(ours) => return ours,
        Err(error) => error,
    };
    match error.downcast::<rustls::Error>() {
        Ok(cause) => Error::new(ErrorKind::Tls, sentence(&cause)).with_cause(cause),
        Err(error) => Error::new(
            ErrorKind::Connect,
            "the server closed the connection while TLS was being negotiated",
        )
        .with_io(&error),
    }
}

fn sentence(cause: &rustls::Error) -> &'static str {
    match cause {
        rustls::Error::InvalidMessage(_) => {
            "the server does not speak TLS here; its address may need http:// or another port"
        }
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            "the server's certificate is not trusted"
        }
        rustls::Error::AlertReceived(alert) if is_about_us(*alert) => {
            "the server did not accept the client certificate"
        }
        rustls::Error::AlertReceived(_) | rustls::Error::PeerIncompatible(_) => {
            "the server refused to negotiate TLS"
        }
        _ => "TLS could not be negotiated",
    }
}

/// An error of a session that was in use. A server may refuse a client's certificate only now.
pub(in crate::transport) fn broken(cause: rustls::Error) -> Error {
    match cause {
        rustls::Error::AlertReceived(alert) if is_about_us(alert) => {
            Error::new(ErrorKind::Tls, sentence(&cause)).with_cause(cause)
        }
        cause => Error::new(ErrorKind::Network, "the TLS session broke").with_cause(cause),
    }
}

fn is_about_us(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
    )
}

/// What is encrypted before it is sent: two records. More falls out of the first-level cache, and
/// With more, glibc returns the memory of the buffers to the system after every step.
const SEALED_AT_ONCE: usize = 32 * 1024;
