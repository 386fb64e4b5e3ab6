//! A connection as ureq sees it: buffers, and the responses that come before a request is sent.
//!
//! A server may refuse a request while its body is still being sent, and then read on, stop
//! reading or reset the connection. In every case its response is what the caller wants. So this
//! looks for input while it sends; once there is some, or the connection takes no more, the rest
//! of the body goes nowhere and ureq proceeds to read the response.

use std::io::{self, IoSlice};
use std::ops::Range;

use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

use super::byte_stream::{ByteStream, Step, is_not_yet};
use super::error_mapping;
use super::exchange_state::{self, EarlyEnd, ExchangeState};
use super::pool_generation::Generation;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::limits;
use crate::runtime::{Deadline, Interest};

#[derive(Debug)]
pub(super) struct Connection {
    stream: ByteStream,
    buffers: LazyBuffers,
    birth: Generation,
    is_tls: bool,
    /// Serves no further exchange.
    is_spent: bool,
    /// Input was read while the request was being sent, and ureq does not know yet.
    has_early_input: bool,
    /// The head of a request whose body follows; both go out in one step.
    head: Vec<u8>,
    steps: u32,
}

impl Connection {
    pub(super) fn new(stream: ByteStream, is_tls: bool, birth: Generation) -> Self {
        Self {
            stream,
            buffers: LazyBuffers::new(INPUT, limits::IO_STEP),
            birth,
            is_tls,
            is_spent: false,
            has_early_input: false,
            head: Vec::new(),
            steps: 0,
        }
    }

    fn transmit(&mut self, amount: usize) -> Result<()> {
        let state = exchange_state::current()?;
        state.begin(Phase::Send);
        if state.is_cut_short() {
            return Ok(());
        }
        state.check()?;
        if state.has_body_to_come() {
            let head = self.buffers.output().get(..amount).unwrap_or_default();
            self.head.extend_from_slice(head);
            state.sent(amount);
            return Ok(());
        }
        self.steps = self.steps.wrapping_add(1);
        if self.steps.is_multiple_of(STEPS_BETWEEN_LOOKS) {
            self.look_for_answer(&state)?;
        }
        let lent = state.take_lent();
        if lent.is_some_and(|lent| lent.len() != amount) {
            return Err(Error::internal("a step of a body has another length than it was given"));
        }
        let mut done = 0;
        while !state.is_cut_short() && self.has_to_send(amount - done) {
            match self.push(lent, done..amount) {
                Ok(step) => {
                    let of_head = step.taken.min(self.head.len());
                    self.head.drain(..of_head);
                    done += step.taken - of_head;
                    state.sent(step.taken - of_head);
                    state.moved(step.moved);
                }
                Err(error) if is_not_yet(&error) => {
                    let fd = self.stream.descriptor();
                    if !state.wait(fd, Interest::Write, state.early_response_poll())? {
                        self.look_for_answer(&state)?;
                    }
                }
                Err(error) => self.give_up(&state, error_mapping::lost(error)),
            }
        }
        Ok(())
    }

    fn has_to_send(&self, rest: usize) -> bool {
        rest > 0 || !self.head.is_empty() || self.stream.is_pending()
    }

    /// Sends what it can of the head that was kept back, and of that range of the bytes that were
    /// lent or else of the output.
    fn push(&mut self, lent: Option<&[u8]>, range: Range<usize>) -> io::Result<Step> {
        let bytes = lent.unwrap_or(self.buffers.output());
        let rest = IoSlice::new(bytes.get(range).unwrap_or_default());
        match self.head.as_slice() {
            [] => self.stream.push(&[rest]),
            head => self.stream.push(&[IoSlice::new(head), rest]),
        }
    }

    /// Reads what has come while the request is being sent.
    fn look_for_answer(&mut self, state: &ExchangeState) -> Result<()> {
        let buffer = self.buffers.input_append_buf();
        if buffer.is_empty() {
            return Err(too_long());
        }
        match self.stream.pull(buffer) {
            Ok(0) => self.give_up(state, cut_off()),
            Ok(count) => {
                self.buffers.input_appended(count);
                state.received(count);
                self.has_early_input = true;
                if is_answer(self.buffers.input()) {
                    self.is_spent = true;
                    state.end_early(EarlyEnd::Answered);
                }
            }
            Err(error) if is_not_yet(&error) => {}
            Err(error) => self.give_up(state, error_mapping::lost(error)),
        }
        Ok(())
    }

    fn give_up(&mut self, state: &ExchangeState, why: Error) {
        self.is_spent = true;
        state.end_early(EarlyEnd::Refused(why));
    }

    fn receive(&mut self) -> Result<bool> {
        let state = exchange_state::current()?;
        if std::mem::take(&mut self.has_early_input) {
            state.begin(Phase::Receive);
            return Ok(true);
        }
        if state.phase() == Phase::Send {
            state.begin(Phase::Wait);
        }
        state.check()?;
        let buffer = self.buffers.input_append_buf();
        if buffer.is_empty() {
            return Err(too_long());
        }
        loop {
            match self.stream.pull(buffer) {
                Ok(0) => {
                    self.is_spent = true;
                    return Ok(false);
                }
                Ok(count) => {
                    self.buffers.input_appended(count);
                    state.begin(Phase::Receive);
                    state.received(count);
                    state.moved(count);
                    return Ok(true);
                }
                Err(error) if is_not_yet(&error) => {
                    let fd = self.stream.descriptor();
                    state.wait(fd, Interest::Read, Deadline::NEVER)?;
                }
                Err(error) => {
                    self.is_spent = true;
                    return Err(error_mapping::lost(error));
                }
            }
        }
    }
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        self.transmit(amount).map_err(error_mapping::wrap)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        self.receive().map_err(error_mapping::wrap)
    }

    /// True if no response is waiting: a TLS session may have session tickets to read, and no more.
    fn is_open(&mut self) -> bool {
        let quiet = |read: io::Result<usize>| matches!(read, Err(error) if is_not_yet(&error));
        !self.is_spent && self.birth.is_present() && quiet(self.stream.pull(&mut [0]))
    }

    fn is_tls(&self) -> bool {
        self.is_tls
    }
}

impl Drop for Connection {
    /// What the kernel still holds of a request that was given up does not go out.
    fn drop(&mut self) {
        if exchange_state::current().is_ok_and(|state| state.is_abandoned()) {
            self.stream.socket().abandon();
        }
    }
}

/// True if this is the beginning of a response, and not of a `100 Continue` or its like.
fn is_answer(input: &[u8]) -> bool {
    let start = input.get(..INTERIM.len()).unwrap_or(input);
    !INTERIM.starts_with(start)
}

fn cut_off() -> Error {
    Error::new(ErrorKind::Network, "the server closed the connection while it was sent to")
}

fn too_long() -> Error {
    Error::new(ErrorKind::Protocol, "the head of the answer is too long")
}

/// Room for what is received; it bounds the head of a response.
const INPUT: usize = 16 * 1024;

/// Steps of a body between two checks for an early response.
const STEPS_BETWEEN_LOOKS: u32 = 4;

const INTERIM: &[u8] = b"HTTP/1.1 1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interim_answer_does_not_end_a_request() {
        for interim in ["", "H", "HTTP/1.1", "HTTP/1.1 1", "HTTP/1.1 100 Continue\r\n\r\n"] {
            assert!(!is_answer(interim.as_bytes()), "{interim}");
        }
        for answer in ["HTTP/1.1 4", "HTTP/1.0 403", "garbage", "HTTP/2"] {
            assert!(is_answer(answer.as_bytes()), "{answer}");
        }
    }
}
