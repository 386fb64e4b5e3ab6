//! A server on loopback that implements as much of OSS and S3 as uploads need, and stores nothing.
//!
//! Bodies are discarded in the kernel, so that the client is the bottleneck; responses then have no
//! checksums, but for the CRC-64 of an object of at most 1 MiB. With `--verify` bodies are read and
//! hashed, `Content-MD5` is verified and responses have the CRC-64; parts can then be copied from the
//! parts of an object. Signatures are not verified. With `--second-delay-ms` the server has a second
//! address, where it responds after another delay.

mod body;
mod http;
mod response;
mod stats;
mod stream;
mod uploads;

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ossmpu_bench::{Flags, Result};

use body::{Body, Checksums};
use http::{Connection, Request};
use response::Response;
use stats::Stats;
use stream::Stream;
use uploads::{Part, PartChecksums, Uploads};

struct Sink {
    verify: bool,
    /// At each address.
    delays: [Duration; 2],
    tls: Option<Arc<rustls::ServerConfig>>,
    stats: Stats,
    uploads: Uploads,
}

fn main() -> Result<()> {
    let flags = Flags::read(&["port", "delay-ms", "second-delay-ms", "cert", "key"], &["verify"])?;
    let first = TcpListener::bind((ADDRESSES[0], flags.number("port", 0)?))?;
    let tls = match flags.text("cert") {
        Some(cert) => Some(stream::tls_config(cert, flags.required("key")?)?),
        None => None,
    };
    let sink = Arc::new(Sink {
        verify: flags.has("verify"),
        delays: [
            Duration::from_millis(flags.number("delay-ms", 0)?),
            Duration::from_millis(flags.number("second-delay-ms", 0)?),
        ],
        tls,
        stats: Stats::default(),
        uploads: Uploads::default(),
    });
    if flags.has("second-delay-ms") {
        let second = TcpListener::bind((ADDRESSES[1], first.local_addr()?.port()))?;
        let sink = Arc::clone(&sink);
        thread::spawn(move || sink.listen(&second, 1));
    }
    println!("listening on {}", first.local_addr()?);
    Ok(sink.listen(&first, 0)?)
}

impl Sink {
    /// Serves all connections to an address, each on a thread.
    fn listen(self: &Arc<Self>, listener: &TcpListener, address: usize) -> io::Result<()> {
        for stream in listener.incoming() {
            let (stream, sink) = (stream?, Arc::clone(self));
            let serve = move || sink.serve(stream, address);
            thread::Builder::new().stack_size(256 << 10).spawn(serve)?;
        }
        Ok(())
    }

    /// Serves one connection until it is closed.
    fn serve(&self, tcp: TcpStream, address: usize) {
        self.stats.connected();
        let served = tcp.set_nodelay(true).and_then(|()| match &self.tls {
            Some(config) => self.serve_requests(stream::accept(tcp, config)?, address),
            None => self.serve_requests(tcp, address),
        });
        self.stats.disconnected();
        // Clients may reset their connections when they have finished.
        match served.map_err(|error| (error.kind(), error)) {
            Ok(()) | Err((io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof, _)) => {}
            Err((_, error)) => eprintln!("sink: {error}"),
        }
    }

    fn serve_requests<S: Stream>(&self, stream: S, address: usize) -> io::Result<()> {
        let mut connection = Connection::new(stream);
        while let Some(request) = connection.read_head()? {
            if request.expects_continue {
                connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
            let body = self.receive_body(&mut connection, &request)?;
            let response = self.respond(&request, &body, address);
            connection.write(&response.to_bytes(request.method == "HEAD"))?;
            if request.closes {
                break;
            }
        }
        Ok(())
    }

    /// Receives the body, with the checksums that the response needs.
    fn receive_body<S: Stream>(
        &self,
        connection: &mut Connection<S>,
        request: &Request,
    ) -> io::Result<Body> {
        let is_verified = self.verify && request.method == "PUT";
        if !is_verified && !request.is_small_object() {
            let length = connection.discard_body(request.body)?;
            return Ok(Body { length, ..Body::default() });
        }
        let mut checksums = Checksums::new(is_verified);
        let length = connection.read_body(request.body, |bytes| checksums.update(bytes))?;
        Ok(checksums.of_body(length))
    }

    fn respond(&self, request: &Request, body: &Body, address: usize) -> Response {
        if request.path.starts_with("/_") {
            return match request.path.as_str() {
                "/_stats" => Response::ok().with_body("application/json", self.stats.to_json()),
                "/_reset" => {
                    self.stats.reset();
                    Response::ok()
                }
                _ => Response::not_found(),
            };
        }
        self.stats.requested(body.length, address);
        let (bucket, key) = request.bucket_and_key();
        match (request.method.as_str(), request.parameter("uploadId")) {
            ("PUT", _) => self.store(request, body, self.delays[address]),
            ("POST", None) if request.parameter("uploads").is_some() => {
                response::initiated(bucket, key, &self.uploads.initiate())
            }
            ("POST", Some(upload_id)) => {
                response::completed(bucket, key, self.uploads.complete(upload_id, &request.path))
            }
            ("DELETE", upload_id) => {
                upload_id.inspect(|upload_id| self.uploads.abort(upload_id));
                Response::no_content()
            }
            ("GET", Some(upload_id)) => {
                let marker = request.parameter("part-number-marker").and_then(|n| n.parse().ok());
                let parts = self.uploads.parts(upload_id, marker.unwrap_or(0), LISTED_PARTS);
                response::listed(upload_id, &parts, parts.len() == LISTED_PARTS)
            }
            ("GET", None) => response::empty_list(),
            ("HEAD", _) => match self.uploads.object_size(&request.path) {
                Some(size) => response::object_of_size(size),
                None => Response::not_found(),
            },
            _ => Response::not_found(),
        }
    }

    /// Responds to a PUT of an object or part, after the delay.
    fn store(&self, request: &Request, body: &Body, delay: Duration) -> Response {
        thread::sleep(delay);
        if let Some(copied) = &request.copied {
            let part = self.uploads.part_of_object(&copied.path, copied.start, copied.length);
            return self.copy(request, part);
        }
        let Body { length, md5, crc64 } = *body;
        if request.content_md5.is_some_and(|sent| md5.is_some_and(|actual| actual != sent)) {
            return response::bad_digest();
        }
        let checksums = md5.zip(crc64).map(|(md5, crc64)| PartChecksums { md5, crc64 });
        self.add_part(request, Part { length, checksums });
        response::stored(md5.or(request.content_md5), crc64)
    }

    fn copy(&self, request: &Request, part: Option<Part>) -> Response {
        let Some(part) = part else { return Response::not_found() };
        let Some(md5) = part.checksums.as_ref().map(|sums| sums.md5) else {
            return Response::not_found();
        };
        self.add_part(request, part);
        response::copied(md5)
    }

    fn add_part(&self, request: &Request, part: Part) {
        let number = request.parameter("partNumber").and_then(|number| number.parse().ok());
        if let (Some(upload_id), Some(number)) = (request.parameter("uploadId"), number) {
            self.uploads.add(upload_id, number, part);
        }
    }
}

/// On a page of ListParts.
const LISTED_PARTS: usize = 1000;
const ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2)];
