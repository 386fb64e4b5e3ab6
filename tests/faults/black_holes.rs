//! Peers that take a connection, or half of one, and from then on next to nothing moves.

use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use ossmpu::Phase;
use socket2::{Domain, Socket, Type};

use crate::framing::{body_length, read_head};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hole {
    /// The queue of the listener is full, so that no connection comes about.
    FullBacklog,
    /// Connections are accepted, and nothing is read.
    SilentAccept,
    /// One byte is read in each window.
    ReadsByteByByte,
    /// Requests are read, and nothing is answered.
    NoReply,
    /// One byte is answered in each window.
    AnswersByteByByte,
    /// Nothing is said to a TLS client.
    SilentTls,
    /// A TLS record begins, and comes byte by byte.
    TlsByteByByte,
    /// An HTTP proxy that does not answer.
    SilentHttpProxy,
    /// An HTTP proxy that answers byte by byte.
    HttpProxyByteByByte,
    /// A SOCKS proxy that does not answer.
    SilentSocksProxy,
    /// A SOCKS proxy that stops after the choice of a login.
    HalfASocksProxy,
}

/// Where a hole is, and what has to live as long as it is used.
pub struct Place {
    pub endpoint: String,
    pub proxy: Option<String>,
    /// What the error names.
    pub host: String,
    _listener: Option<Socket>,
    _waiting: Vec<Socket>,
}

impl Hole {
    pub const ALL: [Self; 11] = [
        Self::FullBacklog,
        Self::SilentAccept,
        Self::ReadsByteByByte,
        Self::NoReply,
        Self::AnswersByteByByte,
        Self::SilentTls,
        Self::TlsByteByByte,
        Self::SilentHttpProxy,
        Self::HttpProxyByteByByte,
        Self::SilentSocksProxy,
        Self::HalfASocksProxy,
    ];

    /// Where a request without a large body is lost.
    pub fn phase(self) -> Phase {
        match self {
            Self::SilentAccept | Self::ReadsByteByByte | Self::NoReply => Phase::Wait,
            Self::AnswersByteByByte => Phase::Receive,
            Self::SilentTls | Self::TlsByteByByte => Phase::Tls,
            _ => Phase::Connect,
        }
    }

    /// Where a request is lost whose body no buffer can hold.
    pub fn phase_of_large_body(self) -> Phase {
        match self {
            Self::SilentAccept | Self::ReadsByteByByte => Phase::Send,
            _ => self.phase(),
        }
    }

    /// Opens the hole; between two bytes such a time passes.
    pub fn open(self, between: Duration) -> Place {
        match self {
            Self::FullBacklog => full_backlog(),
            Self::SilentAccept => plain(serve_narrow(|_stream| loop_forever())),
            Self::ReadsByteByByte => plain(serve_narrow(move |mut stream| {
                while stream.read(&mut [0])? > 0 {
                    std::thread::sleep(between);
                }
                Ok(())
            })),
            Self::NoReply => plain(serve(hold)),
            Self::AnswersByteByByte => plain(serve(move |stream| {
                let mut reader = BufReader::new(&stream);
                let head = read_head(&mut reader)?;
                let length = body_length(&head, false).unwrap_or(0);
                io::copy(&mut (&mut reader).take(length), &mut io::sink())?;
                drip(&stream, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", between)
            })),
            Self::SilentTls => secure(serve(hold)),
            Self::TlsByteByByte => {
                secure(serve(move |stream| drip(&stream, b"\x16\x03\x03\x40\x00", between)))
            }
            Self::SilentHttpProxy => behind("http", serve(hold)),
            Self::HttpProxyByteByByte => {
                behind("http", serve(move |stream| drip(&stream, b"HTTP/1.1 200 OK", between)))
            }
            Self::SilentSocksProxy => behind("socks5h", serve(hold)),
            Self::HalfASocksProxy => behind(
                "socks5h",
                serve(|mut stream| {
                    stream.write_all(&[5, 0])?;
                    hold(stream)
                }),
            ),
        }
    }
}

fn plain(address: SocketAddr) -> Place {
    place(format!("http://{address}"), None, address.to_string())
}

fn secure(address: SocketAddr) -> Place {
    place(format!("https://{address}"), None, address.to_string())
}

/// The host is known to nobody but the proxy.
fn behind(scheme: &str, address: SocketAddr) -> Place {
    let proxy = Some(format!("{scheme}://{address}"));
    place("http://oss.test".to_owned(), proxy, "suite-bucket.oss.test".to_owned())
}

fn place(endpoint: String, proxy: Option<String>, host: String) -> Place {
    Place { endpoint, proxy, host, _listener: None, _waiting: Vec::new() }
}

/// Plays the script for each connection, on a thread that ends with it or with the process.
fn serve(script: impl Fn(TcpStream) -> io::Result<()> + Send + Clone + 'static) -> SocketAddr {
    play(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), script)
}

/// The same with little room, so that a large body is soon stuck.
fn serve_narrow(
    script: impl Fn(TcpStream) -> io::Result<()> + Send + Clone + 'static,
) -> SocketAddr {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    socket.listen(64).unwrap();
    play(TcpListener::from(socket), script)
}

fn play(
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

/// The stream is never dropped, nor read.
fn loop_forever() -> io::Result<()> {
    loop {
        std::thread::park();
    }
}

/// Reads until the client goes away.
fn hold(mut stream: TcpStream) -> io::Result<()> {
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

fn drip(mut stream: &TcpStream, bytes: &[u8], between: Duration) -> io::Result<()> {
    for byte in bytes.iter().cycle() {
        stream.write_all(&[*byte])?;
        std::thread::sleep(between);
    }
    Ok(())
}

fn full_backlog() -> Place {
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
    let place = plain(address.as_socket().unwrap());
    Place { _listener: Some(listener), _waiting: waiting, ..place }
}
