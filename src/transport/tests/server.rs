//! A server that runs a script for each connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

pub(super) struct Server {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    end: Arc<ServerEnd>,
    connections: Arc<Mutex<Vec<Option<TcpStream>>>>,
    thread: Option<JoinHandle<()>>,
}

/// One connection of a server.
pub(super) struct Peer<S = TcpStream> {
    /// Counted from 0.
    pub(super) number: usize,
    pub(super) stream: BufReader<S>,
    pub(super) end: Arc<ServerEnd>,
}

/// Set when the server is dropped.
#[derive(Default)]
pub(super) struct ServerEnd(Mutex<bool>, Condvar);

impl Server {
    /// Runs `script` for each connection on a thread of its own.
    pub(super) fn start(
        script: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), script)
    }

    pub(super) fn start_at(
        address: SocketAddr,
        script: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (accepted, end) = (Arc::new(AtomicUsize::new(0)), Arc::new(ServerEnd::default()));
        let connections = Arc::new(Mutex::new(Vec::new()));
        let (count, ended) = (Arc::clone(&accepted), Arc::clone(&end));
        let streams = Arc::clone(&connections);
        let script = Arc::new(script);
        let thread = std::thread::spawn(move || {
            let mut threads = Vec::new();
            for stream in listener.incoming() {
                let stream = match stream {
                    // The client has closed it; only Windows says so here.
                    Err(cause) if cause.kind() == io::ErrorKind::NotConnected => continue,
                    stream => stream.unwrap(),
                };
                if *ended.0.lock().unwrap() {
                    break;
                }
                streams.lock().unwrap().push(Some(stream.try_clone().unwrap()));
                let number = count.fetch_add(1, Ordering::SeqCst);
                let (script, end) = (Arc::clone(&script), Arc::clone(&ended));
                let streams = Arc::clone(&streams);
                threads.push(std::thread::spawn(move || {
                    let mut peer = Peer { number, stream: BufReader::new(stream), end };
                    // A script returns an error when the client closes the connection.
                    let _ = script(&mut peer);
                    let _ = peer.stream.get_ref().shutdown(Shutdown::Both);
                    streams.lock().unwrap()[number] = None;
                }));
            }
            for thread in threads {
                // On Windows a shutdown does not wake the thread that reads.
                if !cfg!(windows) || thread.is_finished() {
                    thread.join().unwrap();
                }
            }
        });
        Self { address, accepted, end, connections, thread: Some(thread) }
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
        for stream in self.connections.lock().unwrap().iter().flatten() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect(self.address);
        let result = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            result.unwrap().unwrap();
        }
    }
}

impl Peer {
    /// Closes the connection now, not at the end of the script.
    pub(super) fn close(&self) -> io::Result<()> {
        self.stream.get_ref().shutdown(Shutdown::Both)
    }

    /// Resets the connection; closes it where a reset cannot be sent.
    pub(super) fn reset(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            let mut nowhere = [0u8; size_of::<libc::sockaddr>()];
            let family = (libc::AF_UNSPEC as libc::sa_family_t).to_ne_bytes();
            nowhere[..family.len()].copy_from_slice(&family);
            let (fd, length) =
                (self.stream.get_ref().as_raw_fd(), nowhere.len() as libc::socklen_t);
            // SAFETY: the address is as long as it says, and the kernel copies it.
            match unsafe { libc::connect(fd, nowhere.as_ptr().cast(), length) } {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            }
        }
        #[cfg(not(target_os = "linux"))]
        self.close()
    }
}

impl<S: Read + Write> Peer<S> {
    /// Reads the head of a request, including the empty line. The end of the connection is an
    /// error.
    pub(super) fn head(&mut self) -> io::Result<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(head)
    }

    /// Reads the body of a request with this head.
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

    pub(super) fn send(&mut self, text: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(text.as_bytes())?;
        self.stream.get_mut().flush()
    }

    /// Responds to each request with its head and the length of its body.
    pub(super) fn echo(&mut self) -> io::Result<()> {
        loop {
            let (head, body) = self.request()?;
            let echo = format!("{head}{}", body.len());
            self.send(&ok(&echo))?;
        }
    }

    /// Waits for a time or until the server is dropped.
    pub(super) fn idle(&self, time: Duration) {
        let end = self.end.0.lock().unwrap();
        drop(self.end.1.wait_timeout_while(end, time, |ended| !*ended).unwrap());
    }

    /// Reads until the client closes the connection.
    pub(super) fn read_to_end(&mut self) -> io::Result<()> {
        io::copy(&mut self.stream, &mut io::sink()).map(drop)
    }
}

pub(super) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
