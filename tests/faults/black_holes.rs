//! Peers that accept a connection, or half of one, and then make little or no progress.

use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use ossmpu::Phase;
use socket2::{Domain, Socket, Type};

use crate::framing::{body_length, read_head};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlackHole {
    /// The backlog of the listener is full, so that no connection is established.
    FullBacklog,
    /// Connections are accepted, and nothing is read.
    SilentAccept,
    /// One byte is read in each window.
    ReadsByteByByte,
    /// Requests are read, and no response is sent.
    NoResponse,
    /// One byte of the response is sent in each window.
    RespondsByteByByte,
    /// The TLS handshake gets no response.
    SilentTls,
    /// A TLS record arrives byte by byte.
    TlsByteByByte,
    /// An HTTP proxy that does not respond.
    SilentHttpProxy,
    /// An HTTP proxy that responds byte by byte.
    HttpProxyByteByByte,
    /// A SOCKS proxy that does not respond.
    SilentSocksProxy,
    /// A SOCKS proxy that stops after selecting the authentication method.
    HalfSocksHandshake,
}

/// The endpoint of a black hole, and what must outlive its use.
pub struct Target {
    pub endpoint: String,
    pub proxy: Option<String>,
    /// The host that errors name.
    pub host: String,
    _listener: Option<Socket>,
    _waiting: Vec<Socket>,
}

impl BlackHole {
    pub const ALL: [Self; 11] = [
        Self::FullBacklog,
        Self::SilentAccept,
        Self::ReadsByteByByte,
        Self::NoResponse,
        Self::RespondsByteByByte,
        Self::SilentTls,
        Self::TlsByteByByte,
        Self::SilentHttpProxy,
        Self::HttpProxyByteByByte,
        Self::SilentSocksProxy,
        Self::HalfSocksHandshake,
    ];

    /// The phase in which a request without a large body times out.
    pub fn phase(self) -> Phase {
        match self {
            Self::SilentAccept | Self::ReadsByteByByte | Self::NoResponse => Phase::Wait,
            Self::RespondsByteByByte => Phase::Receive,
            Self::SilentTls | Self::TlsByteByByte => Phase::Tls,
            _ => Phase::Connect,
        }
    }

    /// The phase in which a request times out whose body exceeds every buffer.
    pub fn phase_of_large_body(self) -> Phase {
        match self {
            Self::SilentAccept | Self::ReadsByteByByte => Phase::Send,
            _ => self.phase(),
        }
    }

    /// Starts the peer; `between` is the pause between two bytes.
    pub fn open(self, between: Duration) -> Target {
        match self {
            Self::FullBacklog => full_backlog(),
            Self::SilentAccept => plain_target(serve_small_buffer(|_stream| park_forever())),
            Self::ReadsByteByByte => plain_target(serve_small_buffer(move |mut stream| {
                while stream.read(&mut [0])? > 0 {
                    std::thread::sleep(between);
                }
                Ok(())
            })),
            Self::NoResponse => plain_target(serve(discard)),
            Self::RespondsByteByByte => plain_target(serve(move |stream| {
                let mut reader = BufReader::new(&stream);
                let head = read_head(&mut reader)?;
                let length = body_length(&head, false).unwrap_or(0);
                io::copy(&mut (&mut reader).take(length), &mut io::sink())?;
                drip(&stream, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", between)
            })),
            Self::SilentTls => tls_target(serve(discard)),
            Self::TlsByteByByte => {
                tls_target(serve(move |stream| drip(&stream, b"\x16\x03\x03\x40\x00", between)))
            }
            Self::SilentHttpProxy => behind_proxy("http", serve(discard)),
            Self::HttpProxyByteByByte => behind_proxy(
                "http",
                serve(move |stream| drip(&stream, b"HTTP/1.1 200 OK", between)),
            ),
            Self::SilentSocksProxy => behind_proxy("socks5h", serve(discard)),
            Self::HalfSocksHandshake => behind_proxy(
                "socks5h",
                serve(|mut stream| {
                    stream.write_all(&[5, 0])?;
                    discard(stream)
                }),
            ),
        }
    }
}

fn plain_target(address: SocketAddr) -> Target {
    target(format!("http://{address}"), None, address.to_string())
}

fn tls_target(address: SocketAddr) -> Target {
    target(format!("https://{address}"), None, address.to_string())
}

/// The host name is known only to the proxy.
fn behind_proxy(scheme: &str, address: SocketAddr) -> Target {
    let proxy = Some(format!("{scheme}://{address}"));
    target("http://oss.test".to_owned(), proxy, "suite-bucket.oss.test".to_owned())
}

fn target(endpoint: String, proxy: Option<String>, host: String) -> Target {
    Target { endpoint, proxy, host, _listener: None, _waiting: Vec::new() }
}

/// Runs the script for each connection, on a thread that ends with it or with the process.
fn serve(script: impl Fn(TcpStream) -> io::Result<()> + Send + Clone + 'static) -> SocketAddr {
    run_script(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), script)
}

/// The same with a small receive buffer, so that a large body soon stalls.
fn serve_small_buffer(
    script: impl Fn(TcpStream) -> io::Result<()> + Send + Clone + 'static,
) -> SocketAddr {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    socket.listen(64).unwrap();
    run_script(TcpListener::from(socket), script)
}

fn run_script(
    listener: TcpListener,
    script: impl Fn(TcpStream) -> io::Result<()> + Send + Clone + 'static,
) -> SocketAddr {
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let script = script.clone();
            std::thread::spawn(move || script(stream));
        }
    });
    address
}

/// Never returns, so that the stream is neither read nor closed.
fn park_forever() -> io::Result<()> {
    loop {
        std::thread::park();
    }
}

/// Reads until the client closes the connection.
fn discard(mut stream: TcpStream) -> io::Result<()> {
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

fn drip(mut stream: &TcpStream, bytes: &[u8], between: Duration) -> io::Result<()> {
    for byte in bytes.iter().cycle() {
        stream.write_all(&[*byte])?;
        std::thread::sleep(between);
    }
    Ok(())
}

fn full_backlog() -> Target {
    let new = || Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let listener = new();
    listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let waiting = (0..4).map(|_| {
        let socket = new();
        socket.set_nonblocking(true).unwrap();
        let _ = socket.connect(&address);
        socket
    });
    let waiting = waiting.collect();
    let target = plain_target(address.as_socket().unwrap());
    Target { _listener: Some(listener), _waiting: waiting, ..target }
}
