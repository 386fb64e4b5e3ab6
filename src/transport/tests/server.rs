//! A server whose every connection is played by a script.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

pub(super) struct Server {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    end: Arc<End>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    thread: Option<JoinHandle<()>>,
}

/// One connection of a server.
pub(super) struct Peer<S = TcpStream> {
    /// Counted from 0.
    pub(super) number: usize,
    pub(super) stream: BufReader<S>,
    pub(super) end: Arc<End>,
}

/// Set when the server is dropped.
#[derive(Default)]
pub(super) struct End(Mutex<bool>, Condvar);

impl Server {
    /// Plays `script` for each connection, each on its own thread.
    pub(super) fn start(
        script: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (accepted, end) = (Arc::new(AtomicUsize::new(0)), Arc::new(End::default()));
        let open = Arc::new(Mutex::new(Vec::new()));
        let (count, ended, kept) = (Arc::clone(&accepted), Arc::clone(&end), Arc::clone(&open));
        let script = Arc::new(script);
        let thread = std::thread::spawn(move || {
            let mut players = Vec::new();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                if *ended.0.lock().unwrap() {
                    break;
                }
                kept.lock().unwrap().push(stream.try_clone().unwrap());
                let number = count.fetch_add(1, Ordering::SeqCst);
                let (script, end) = (Arc::clone(&script), Arc::clone(&ended));
                players.push(std::thread::spawn(move || {
                    let mut peer = Peer { number, stream: BufReader::new(stream), end };
                    // A script ends with an error when the client goes away.
                    let _ = script(&mut peer);
                    let _ = peer.stream.get_ref().shutdown(Shutdown::Both);
                }));
            }
            for player in players {
                player.join().unwrap();
            }
        });
        Self { address, accepted, end, open, thread: Some(thread) }
    }

    pub(super) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        *self.end.0.lock().unwrap() = true;
        self.end.1.notify_all();
        for stream in self.open.lock().unwrap().iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect(self.address);
        let result = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            result.unwrap().unwrap();
        }
    }
}

impl<S: Read + Write> Peer<S> {
    /// The head of a request with its last empty line; an error at the end of the connection.
    pub(super) fn head(&mut self) -> io::Result<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(head)
    }

    /// The body that belongs to a head.
    pub(super) fn body(&mut self, head: &str) -> io::Result<Vec<u8>> {
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
        });
        let mut body = vec![0; length.unwrap_or(0)];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    pub(super) fn request(&mut self) -> io::Result<(String, Vec<u8>)> {
        let head = self.head()?;
        let body = self.body(&head)?;
        Ok((head, body))
    }

    pub(super) fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(text.as_bytes())?;
        self.stream.get_mut().flush()
    }

    /// Answers one request after the other with its own head.
    pub(super) fn echo(&mut self) -> io::Result<()> {
        loop {
            let (head, body) = self.request()?;
            let answer = format!("{head}{}", body.len());
            self.say(&ok(&answer))?;
        }
    }

    /// Does nothing for a time, or until the server ends.
    pub(super) fn idle(&self, time: Duration) {
        let end = self.end.0.lock().unwrap();
        drop(self.end.1.wait_timeout_while(end, time, |ended| !*ended).unwrap());
    }

    /// Reads until the client goes away.
    pub(super) fn hold(&mut self) -> io::Result<()> {
        io::copy(&mut self.stream, &mut io::sink()).map(drop)
    }
}

pub(super) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
