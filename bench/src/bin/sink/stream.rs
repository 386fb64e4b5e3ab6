//! Plain and TLS connections.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::ptr;
use std::sync::Arc;

use ossmpu_bench::Result;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A connection whose received bytes can be discarded.
pub trait Stream: Read + Write {
    /// Discards at least one and at most `most` bytes and returns their number; 0 at the end.
    fn discard(&mut self, most: usize, scratch: &mut [u8]) -> io::Result<usize>;
}

impl Stream for TcpStream {
    fn discard(&mut self, most: usize, _: &mut [u8]) -> io::Result<usize> {
        // SAFETY: with MSG_TRUNC a TCP socket discards the bytes and does not write to the buffer.
        let discarded =
            unsafe { libc::recv(self.as_raw_fd(), ptr::null_mut(), most, libc::MSG_TRUNC) };
        usize::try_from(discarded).map_err(|_| io::Error::last_os_error())
    }
}

impl Stream for StreamOwned<ServerConnection, TcpStream> {
    fn discard(&mut self, most: usize, scratch: &mut [u8]) -> io::Result<usize> {
        let most = most.min(scratch.len());
        self.read(&mut scratch[..most])
    }
}

/// Reads the TLS configuration of the server from PEM files.
pub fn tls_config(cert: &str, key: &str) -> Result<Arc<ServerConfig>> {
    let mut file = BufReader::new(File::open(cert)?);
    let chain =
        CertificateDer::pem_reader_iter(&mut file).collect::<std::result::Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}

/// Wraps a connection in TLS. The handshake takes place in the first read.
pub fn accept(
    tcp: TcpStream,
    config: &Arc<ServerConfig>,
) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
    let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    Ok(StreamOwned::new(connection, tcp))
}
