//! A TCP proxy on the loopback address that injects faults at an exact byte of an exchange.
//!
//! It forwards bytes unchanged, and parses HTTP only to know the request, section and byte offset.
//! Its behavior depends only on its faults and the order of requests.

use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::SockRef;

use crate::fault::{Fault, FaultKind, Op, Section};
use crate::framing::{body_length, operation, read_head};

pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

/// State shared by all connections.
struct State {
    upstream: SocketAddr,
    faults: Vec<Fault>,
    requests: Mutex<HashMap<Op, usize>>,
    injected: AtomicUsize,
    ended: Mutex<bool>,
    end: Condvar,
    open: Mutex<Vec<Weak<ConnectionPair>>>,
}

/// A client's connection and the connection to the server for it.
struct ConnectionPair {
    client: TcpStream,
    server: TcpStream,
    /// The requests that wait for a response, with their faults.
    pending: Mutex<VecDeque<PendingRequest>>,
    dead: AtomicBool,
}

struct PendingRequest {
    is_head: bool,
    fault: Option<Fault>,
}

impl Proxy {
    /// Starts a proxy for the server at `upstream`.
    pub fn start(upstream: SocketAddr, faults: Vec<Fault>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            upstream,
            faults,
            requests: Mutex::default(),
            injected: AtomicUsize::new(0),
            ended: Mutex::new(false),
            end: Condvar::new(),
            open: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || accept(&listener, &shared));
        Self { address, state, thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes all connections and returns the number of injected faults.
    pub fn end(self) -> usize {
        let state = Arc::clone(&self.state);
        drop(self);
        state.injected.load(Ordering::SeqCst)
    }
}

/// Closes all connections and joins their threads.
impl Drop for Proxy {
    fn drop(&mut self) {
        *self.state.ended.lock().unwrap() = true;
        self.state.end.notify_all();
        for pair in self.state.open.lock().unwrap().drain(..).filter_map(|pair| pair.upgrade()) {
            pair.shut(Shutdown::Both);
        }
        let _ = TcpStream::connect(self.address);
        let joined = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            joined.unwrap().unwrap();
        }
    }
}

fn accept(listener: &TcpListener, state: &Arc<State>) {
    let mut pumps = Vec::new();
    for client in listener.incoming() {
        if *state.ended.lock().unwrap() {
            break;
        }
        let (Ok(client), Ok(server)) = (client, TcpStream::connect(state.upstream)) else {
            continue;
        };
        for stream in [&client, &server] {
            let _ = stream.set_nodelay(true);
        }
        let pending = Mutex::default();
        let pair =
            Arc::new(ConnectionPair { client, server, pending, dead: AtomicBool::new(false) });
        let mut open = state.open.lock().unwrap();
        open.retain(|pair| pair.strong_count() > 0);
        open.push(Arc::downgrade(&pair));
        drop(open);
        if *state.ended.lock().unwrap() {
            // `drop` may have closed the open connections before this one was added.
            pair.shut(Shutdown::Both);
        }
        for pump in [pump_requests, pump_responses] {
            let (state, pair) = (Arc::clone(state), Arc::clone(&pair));
            pumps.push(std::thread::spawn(move || pump(&state, &pair)));
        }
        pumps.retain(|pump| !pump.is_finished());
    }
    for pump in pumps {
        pump.join().unwrap();
    }
}

fn pump_requests(state: &State, pair: &ConnectionPair) {
    let mut from = BufReader::new(&pair.client);
    while let Ok(true) = forward_request(state, pair, &mut from) {}
    if pair.is_dead() {
        // Unread bytes of the client would turn the FIN into a RST.
        let _ = io::copy(&mut from, &mut io::sink());
    }
    let _ = pair.server.shutdown(Shutdown::Write);
    let _ = io::copy(&mut from, &mut io::sink());
}

fn pump_responses(state: &State, pair: &ConnectionPair) {
    let mut from = BufReader::new(&pair.server);
    while let Ok(true) = forward_response(state, pair, &mut from) {}
    if !pair.is_dead() {
        let _ = pair.client.shutdown(Shutdown::Write);
    }
}

/// False at the end of the connection.
fn forward_request(
    state: &State,
    pair: &ConnectionPair,
    from: &mut impl BufRead,
) -> io::Result<bool> {
    let head = read_head(from)?;
    if head.is_empty() {
        return Ok(false);
    }
    let op = operation(&head);
    let fault = state.fault_of(op);
    let is_head = op == Op::HeadObject;
    pair.pending.lock().unwrap().push_back(PendingRequest { is_head, fault });
    let length = body_length(&head, false);
    let mut forwarder = Forwarder { state, pair, to: &pair.server, fault };
    forwarder.forward_all(Section::RequestHead, &head)?;
    forwarder.forward_stream(Section::RequestBody, from, length)?;
    Ok(true)
}

fn forward_response(
    state: &State,
    pair: &ConnectionPair,
    from: &mut impl BufRead,
) -> io::Result<bool> {
    let head = read_head(from)?;
    if head.is_empty() {
        return Ok(false);
    }
    let request = pair.pending.lock().unwrap().pop_front();
    let (is_head, fault) =
        request.map_or((false, None), |request| (request.is_head, request.fault));
    let mut forwarder = Forwarder { state, pair, to: &pair.client, fault };
    forwarder.forward_all(Section::ResponseHead, &head)?;
    forwarder.forward_stream(Section::ResponseBody, from, body_length(&head, is_head))?;
    Ok(true)
}

impl State {
    /// Counts a request and returns its fault, if any.
    fn fault_of(&self, op: Op) -> Option<Fault> {
        let mut requests = self.requests.lock().unwrap();
        let count = requests.entry(op).or_default();
        *count += 1;
        self.faults.iter().find(|fault| fault.matches(op, *count)).copied()
    }

    /// Waits for a time or until the proxy ends. Returns whether it has ended.
    fn pause(&self, time: Duration) -> bool {
        let ended = self.ended.lock().unwrap();
        *self.end.wait_timeout_while(ended, time, |ended| !*ended).unwrap().0
    }
}

impl ConnectionPair {
    fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    fn shut(&self, how: Shutdown) {
        let _ = self.client.shutdown(how);
        let _ = self.server.shutdown(how);
    }

    fn cut(&self) {
        self.dead.store(true, Ordering::SeqCst);
        let _ = self.client.shutdown(Shutdown::Write);
        let _ = self.server.shutdown(Shutdown::Both);
    }

    /// The RST is sent when both threads have dropped the sockets. Shutting down the reading side
    /// sends nothing, but wakes them.
    fn reset(&self) {
        self.dead.store(true, Ordering::SeqCst);
        for stream in [&self.client, &self.server] {
            let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
        self.shut(Shutdown::Read);
    }
}

/// Forwards one direction of one exchange.
struct Forwarder<'a> {
    state: &'a State,
    pair: &'a ConnectionPair,
    to: &'a TcpStream,
    fault: Option<Fault>,
}

impl Forwarder<'_> {
    fn forward_all(&mut self, section: Section, bytes: &[u8]) -> io::Result<()> {
        let length = bytes.len() as u64;
        self.forward(section, bytes, 0, length)?;
        self.inject_at_end(section, length)
    }

    fn forward_stream(
        &mut self,
        section: Section,
        from: &mut impl Read,
        length: Option<u64>,
    ) -> io::Result<()> {
        let total = length.unwrap_or(u64::MAX);
        let (mut done, mut buffer) = (0, vec![0; 64 * 1024]);
        while done < total {
            let room = usize::try_from(total - done).unwrap_or(buffer.len()).min(buffer.len());
            let count = from.read(&mut buffer[..room])?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.forward(section, &buffer[..count], done, total)?;
            done += count as u64;
        }
        self.inject_at_end(section, total)
    }

    /// Sends bytes of a section, and injects the fault if its point is among them.
    fn forward(
        &mut self,
        section: Section,
        bytes: &[u8],
        from: u64,
        length: u64,
    ) -> io::Result<()> {
        let index = self
            .point_in(section, length)
            .and_then(|point| usize::try_from(point.checked_sub(from)?).ok())
            .filter(|index| *index < bytes.len());
        match index {
            None => self.send(bytes),
            Some(index) => {
                let (before, rest) = bytes.split_at(index);
                self.send(before)?;
                self.inject(rest)
            }
        }
    }

    /// Injects a fault whose point is after the last byte of a section.
    fn inject_at_end(&mut self, section: Section, length: u64) -> io::Result<()> {
        match self.point_in(section, length) {
            Some(point) if point == length => self.inject(&[]),
            _ => Ok(()),
        }
    }

    fn point_in(&self, section: Section, length: u64) -> Option<u64> {
        let fault = self.fault.filter(|fault| fault.point.section == section)?;
        Some(fault.point.position.offset(length))
    }

    fn inject(&mut self, rest: &[u8]) -> io::Result<()> {
        let Some(fault) = self.fault.take() else { return self.send(rest) };
        self.state.injected.fetch_add(1, Ordering::SeqCst);
        let over = || io::Error::from(io::ErrorKind::ConnectionAborted);
        match fault.kind {
            FaultKind::Cut => {
                self.pair.cut();
                Err(over())
            }
            FaultKind::Reset => {
                self.pair.reset();
                Err(over())
            }
            FaultKind::Stall => {
                while !self.state.pause(Duration::from_secs(60)) {}
                Err(over())
            }
            FaultKind::Garbage => {
                let count = rest.len().min(CORRUPTED);
                self.send(&vec![0; if rest.is_empty() { CORRUPTED } else { count }])?;
                self.send(&rest[count..])
            }
            FaultKind::Duplicate => {
                self.send(&rest[..rest.len().min(2 * CORRUPTED)])?;
                self.send(rest)
            }
            FaultKind::Delay(time) => {
                self.state.pause(time);
                self.send(rest)
            }
            FaultKind::Drip(time) => self.drip(rest, time),
        }
    }

    fn drip(&self, bytes: &[u8], time: Duration) -> io::Result<()> {
        for byte in bytes {
            if self.state.pause(time) {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            self.send(&[*byte])?;
        }
        Ok(())
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let mut to = self.to;
        to.write_all(bytes)
    }
}

/// The number of overwritten bytes; twice as many are duplicated.
const CORRUPTED: usize = 8;
