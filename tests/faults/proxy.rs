//! A TCP proxy on the loopback address that does harm at an exact byte of an exchange.
//!
//! It forwards bytes as they are, and follows HTTP only to know which byte of which section of which
//! request it has in hand. What it does depends on nothing but its faults and the order of requests.

use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::SockRef;

use crate::fault::{Fault, Harm, Op, Section};
use crate::framing::{body_length, operation, read_head};

pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

/// What all connections share.
struct State {
    upstream: SocketAddr,
    faults: Vec<Fault>,
    requests: Mutex<HashMap<Op, usize>>,
    struck: AtomicUsize,
    ended: Mutex<bool>,
    end: Condvar,
    open: Mutex<Vec<Weak<Pair>>>,
}

/// A client's connection and its continuation to the server.
struct Pair {
    client: TcpStream,
    server: TcpStream,
    /// The faults of the requests that are not answered yet.
    unanswered: Mutex<VecDeque<Unanswered>>,
    dead: AtomicBool,
}

struct Unanswered {
    is_head: bool,
    fault: Option<Fault>,
}

impl Proxy {
    /// Stands before the server at `upstream`.
    pub fn start(upstream: SocketAddr, faults: Vec<Fault>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            upstream,
            faults,
            requests: Mutex::default(),
            struck: AtomicUsize::new(0),
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

    /// Ends every connection, and says how many exchanges were harmed.
    pub fn end(self) -> usize {
        let state = Arc::clone(&self.state);
        drop(self);
        state.struck.load(Ordering::SeqCst)
    }
}

/// Ends every connection and waits for it.
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
        let unanswered = Mutex::default();
        let pair = Arc::new(Pair { client, server, unanswered, dead: AtomicBool::new(false) });
        let mut open = state.open.lock().unwrap();
        open.retain(|pair| pair.strong_count() > 0);
        open.push(Arc::downgrade(&pair));
        drop(open);
        if *state.ended.lock().unwrap() {
            // Whoever ended the proxy may have looked at the open connections before.
            pair.shut(Shutdown::Both);
        }
        for pump in [pump_requests, pump_replies] {
            let (state, pair) = (Arc::clone(state), Arc::clone(&pair));
            pumps.push(std::thread::spawn(move || pump(&state, &pair)));
        }
        pumps.retain(|pump| !pump.is_finished());
    }
    for pump in pumps {
        pump.join().unwrap();
    }
}

fn pump_requests(state: &State, pair: &Pair) {
    let mut from = BufReader::new(&pair.client);
    while let Ok(true) = forward_request(state, pair, &mut from) {}
    if pair.is_dead() {
        // Otherwise the bytes that are still to come would turn the FIN into a RST.
        let _ = io::copy(&mut from, &mut io::sink());
    }
    let _ = pair.server.shutdown(Shutdown::Write);
    let _ = io::copy(&mut from, &mut io::sink());
}

fn pump_replies(state: &State, pair: &Pair) {
    let mut from = BufReader::new(&pair.server);
    while let Ok(true) = forward_reply(state, pair, &mut from) {}
    if !pair.is_dead() {
        let _ = pair.client.shutdown(Shutdown::Write);
    }
}

/// False at the end of the connection.
fn forward_request(state: &State, pair: &Pair, from: &mut impl BufRead) -> io::Result<bool> {
    let head = read_head(from)?;
    if head.is_empty() {
        return Ok(false);
    }
    let op = operation(&head);
    let fault = state.fault_of(op);
    let is_head = op == Op::HeadObject;
    pair.unanswered.lock().unwrap().push_back(Unanswered { is_head, fault });
    let length = body_length(&head, false);
    let mut lane = Lane { state, pair, to: &pair.server, fault };
    lane.whole(Section::RequestHead, &head)?;
    lane.stream(Section::RequestBody, from, length)?;
    Ok(true)
}

fn forward_reply(state: &State, pair: &Pair, from: &mut impl BufRead) -> io::Result<bool> {
    let head = read_head(from)?;
    if head.is_empty() {
        return Ok(false);
    }
    let asked = pair.unanswered.lock().unwrap().pop_front();
    let (is_head, fault) = asked.map_or((false, None), |asked| (asked.is_head, asked.fault));
    let mut lane = Lane { state, pair, to: &pair.client, fault };
    lane.whole(Section::ReplyHead, &head)?;
    lane.stream(Section::ReplyBody, from, body_length(&head, is_head))?;
    Ok(true)
}

impl State {
    /// Counts a request, and says which fault strikes it.
    fn fault_of(&self, op: Op) -> Option<Fault> {
        let mut requests = self.requests.lock().unwrap();
        let count = requests.entry(op).or_default();
        *count += 1;
        self.faults.iter().find(|fault| fault.strikes(op, *count)).copied()
    }

    /// Waits until the proxy ends, or for a time. True if it has ended.
    fn pause(&self, time: Duration) -> bool {
        let ended = self.ended.lock().unwrap();
        *self.end.wait_timeout_while(ended, time, |ended| !*ended).unwrap().0
    }
}

impl Pair {
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

    /// The RST goes out when both pumps have let go. Ending the reading side sends nothing, but
    /// wakes them.
    fn reset(&self) {
        self.dead.store(true, Ordering::SeqCst);
        for stream in [&self.client, &self.server] {
            let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
        self.shut(Shutdown::Read);
    }
}

/// One direction of one exchange.
struct Lane<'a> {
    state: &'a State,
    pair: &'a Pair,
    to: &'a TcpStream,
    fault: Option<Fault>,
}

impl Lane<'_> {
    fn whole(&mut self, section: Section, bytes: &[u8]) -> io::Result<()> {
        let length = bytes.len() as u64;
        self.piece(section, bytes, 0, length)?;
        self.behind(section, length)
    }

    fn stream(
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
            self.piece(section, &buffer[..count], done, total)?;
            done += count as u64;
        }
        self.behind(section, total)
    }

    /// Sends some bytes of a section, and does the harm if its place is among them.
    fn piece(&mut self, section: Section, bytes: &[u8], from: u64, length: u64) -> io::Result<()> {
        let index = self
            .place_in(section, length)
            .and_then(|place| usize::try_from(place.checked_sub(from)?).ok())
            .filter(|index| *index < bytes.len());
        match index {
            None => self.send(bytes),
            Some(index) => {
                let (before, rest) = bytes.split_at(index);
                self.send(before)?;
                self.harm(rest)
            }
        }
    }

    /// Does the harm whose place is behind the last byte of a section.
    fn behind(&mut self, section: Section, length: u64) -> io::Result<()> {
        match self.place_in(section, length) {
            Some(place) if place == length => self.harm(&[]),
            _ => Ok(()),
        }
    }

    fn place_in(&self, section: Section, length: u64) -> Option<u64> {
        let fault = self.fault.filter(|fault| fault.place.section == section)?;
        Some(fault.place.at.offset(length))
    }

    fn harm(&mut self, rest: &[u8]) -> io::Result<()> {
        let Some(fault) = self.fault.take() else { return self.send(rest) };
        self.state.struck.fetch_add(1, Ordering::SeqCst);
        let over = || io::Error::from(io::ErrorKind::ConnectionAborted);
        match fault.harm {
            Harm::Cut => {
                self.pair.cut();
                Err(over())
            }
            Harm::Reset => {
                self.pair.reset();
                Err(over())
            }
            Harm::Stall => {
                while !self.state.pause(Duration::from_secs(60)) {}
                Err(over())
            }
            Harm::Garbage => {
                let count = rest.len().min(SPOILED);
                self.send(&vec![0; if rest.is_empty() { SPOILED } else { count }])?;
                self.send(&rest[count..])
            }
            Harm::Duplicate => {
                self.send(&rest[..rest.len().min(2 * SPOILED)])?;
                self.send(rest)
            }
            Harm::Delay(time) => {
                self.state.pause(time);
                self.send(rest)
            }
            Harm::Drip(time) => self.drip(rest, time),
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

/// So many bytes are overwritten, and twice as many come twice.
const SPOILED: usize = 8;
