//! A server on loopback that speaks enough OSS and S3 to be uploaded to, and keeps nothing.
//!
//! Bodies are dropped in the kernel, so that what is measured is the client; then no check sums
//! are known and none are answered. With `--verify` bodies are read and hashed, `Content-MD5` is
//! checked and the CRC-64 is answered. Signatures are not looked at.

mod answer;
mod body;
mod http;
mod stats;
mod stream;
mod uploads;

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ossmpu_bench::{Flags, Result};

use answer::Answer;
use body::{Body, Sums};
use http::{Connection, Request};
use stats::Stats;
use stream::Stream;
use uploads::{Part, Uploads};

struct Sink {
    verify: bool,
    delay: Duration,
    tls: Option<Arc<rustls::ServerConfig>>,
    stats: Stats,
    uploads: Uploads,
}

fn main() -> Result<()> {
    let flags = Flags::read(&["port", "delay-ms", "cert", "key"], &["verify"])?;
    let listener = TcpListener::bind(("127.0.0.1", flags.number("port", 0)?))?;
    let tls = match flags.text("cert") {
        Some(cert) => Some(stream::tls_config(cert, flags.required("key")?)?),
        None => None,
    };
    let sink = Arc::new(Sink {
        verify: flags.has("verify"),
        delay: Duration::from_millis(flags.number("delay-ms", 0)?),
        tls,
        stats: Stats::default(),
        uploads: Uploads::default(),
    });
    println!("listening on {}", listener.local_addr()?);
    for stream in listener.incoming() {
        let (stream, sink) = (stream?, Arc::clone(&sink));
        thread::Builder::new().stack_size(256 << 10).spawn(move || sink.serve(stream))?;
    }
    Ok(())
}

impl Sink {
    /// Serves one connection until it ends.
    fn serve(&self, tcp: TcpStream) {
        self.stats.connected();
        let served = tcp.set_nodelay(true).and_then(|()| match &self.tls {
            Some(config) => self.converse(stream::accept(tcp, config)?),
            None => self.converse(tcp),
        });
        self.stats.disconnected();
        // A client that is done may well reset its connections.
        match served.map_err(|error| (error.kind(), error)) {
            Ok(()) | Err((io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof, _)) => {}
            Err((_, error)) => eprintln!("sink: {error}"),
        }
    }

    fn converse<S: Stream>(&self, stream: S) -> io::Result<()> {
        let mut connection = Connection::new(stream);
        while let Some(request) = connection.read_head()? {
            if request.expects_continue {
                connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
            let body = self.take_body(&mut connection, &request)?;
            let answer = self.answer(&request, &body);
            connection.write(&answer.to_bytes(request.method == "HEAD"))?;
            if request.closes {
                break;
            }
        }
        Ok(())
    }

    /// Takes the body off the connection. Only objects and parts are worth a check sum.
    fn take_body<S: Stream>(
        &self,
        connection: &mut Connection<S>,
        request: &Request,
    ) -> io::Result<Body> {
        if !self.verify || request.method != "PUT" {
            return Ok(Body { length: connection.drop_body(request.body)?, sums: None });
        }
        let mut sums = Sums::default();
        let length = connection.read_body(request.body, |bytes| sums.update(bytes))?;
        Ok(Body { length, sums: Some(sums) })
    }

    fn answer(&self, request: &Request, body: &Body) -> Answer {
        if request.path.starts_with("/_") {
            return match request.path.as_str() {
                "/_stats" => Answer::ok().with_body("application/json", self.stats.to_json()),
                "/_reset" => {
                    self.stats.reset();
                    Answer::ok()
                }
                _ => Answer::not_found(),
            };
        }
        self.stats.requested(body.length);
        let (bucket, key) = request.bucket_and_key();
        match (request.method.as_str(), request.parameter("uploadId")) {
            ("PUT", _) => self.store(request, body),
            ("POST", None) if request.parameter("uploads").is_some() => {
                answer::initiated(bucket, key, &self.uploads.begin())
            }
            ("POST", Some(upload_id)) => {
                answer::completed(bucket, key, self.uploads.complete(upload_id, &request.path))
            }
            ("DELETE", upload_id) => {
                upload_id.inspect(|upload_id| self.uploads.abort(upload_id));
                Answer::no_content()
            }
            ("GET", Some(upload_id)) => answer::no_parts(upload_id),
            ("GET", None) => answer::empty_list(),
            ("HEAD", _) => match self.uploads.object_size(&request.path) {
                Some(size) => answer::object_of_size(size),
                None => Answer::not_found(),
            },
            _ => Answer::not_found(),
        }
    }

    /// Answers a PUT of an object or part, after the delay.
    fn store(&self, request: &Request, body: &Body) -> Answer {
        thread::sleep(self.delay);
        let md5 = body.sums.as_ref().map(Sums::md5);
        let crc64 = body.sums.as_ref().map(Sums::crc64);
        if request.content_md5.is_some_and(|said| md5.is_some_and(|found| found != said)) {
            return answer::bad_digest();
        }
        let number = request.parameter("partNumber").and_then(|number| number.parse().ok());
        if let (Some(upload_id), Some(number)) = (request.parameter("uploadId"), number) {
            self.uploads.add(upload_id, number, Part { length: body.length, crc64 });
        }
        answer::stored(md5.or(request.content_md5), crc64)
    }
}
