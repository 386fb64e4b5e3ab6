//! Implements ureq's `Transport`, and detects early responses.
//!
//! A server may respond with an error while the body is still being sent, and then keep reading,
//! stop reading or reset the connection. In each case the caller needs that response. A connection
//! therefore checks for input while it sends. When a response has started, or the connection
//! accepts no more bytes, it discards the rest of the body so that ureq goes on to read the
//! response.

use std::io::{self, IoSlice};
use std::ops::Range;

use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

use super::byte_stream::{ByteStream, SendProgress, would_block};
use super::error_mapping;
use super::exchange_state::{self, BodyStop, ExchangeState, PeerAddress};
use super::pool_generation::Generation;
use super::response_head;
use super::socket;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::limits;
use crate::platform::Interest;
use crate::runtime::Deadline;

#[derive(Debug)]
pub(super) struct Connection {
    stream: ByteStream,
    buffers: LazyBuffers,
    generation: Generation,
    peer: PeerAddress,
    is_tls: bool,
    /// The connection serves no further exchange.
    is_retired: bool,
    /// Input was read while sending and has not been reported to ureq.
    has_early_input: bool,
    /// The head of the request, held back to be sent together with the first bytes of the body.
    deferred_head: Vec<u8>,
    /// The head of the response has not been received completely.
    awaits_head: bool,
    /// Received bytes that the input buffer has no room for.
    overflow: Vec<u8>,
    sends: u32,
}

impl Connection {
    pub(super) fn new(
        stream: ByteStream,
        is_tls: bool,
        generation: Generation,
        peer: PeerAddress,
    ) -> Self {
        Self {
            stream,
            buffers: LazyBuffers::new(INPUT_BUFFER, limits::IO_STEP),
            generation,
            peer,
            is_tls,
            is_retired: false,
            has_early_input: false,
            deferred_head: Vec::new(),
            awaits_head: false,
            overflow: Vec::new(),
            sends: 0,
        }
    }

    /// Returns false if the request was not sent completely, or if bytes follow the response: they
    /// would be taken for the response to the next request.
    pub(super) fn is_reusable(&self) -> bool {
        !self.is_retired && self.overflow.is_empty() && self.buffers.input().is_empty()
    }

    fn transmit(&mut self, amount: usize) -> Result<()> {
        let state = exchange_state::current()?;
        state.enter_phase(Phase::Send);
        state.set_peer(&self.peer);
        self.awaits_head = true;
        if state.is_body_stopped() {
            return Ok(());
        }
        state.check()?;
        if state.defers_head() {
            let head = self.buffers.output().get(..amount).unwrap_or_default();
            self.deferred_head.extend_from_slice(head);
            state.record_sent(amount);
            return Ok(());
        }
        self.sends = self.sends.wrapping_add(1);
        if self.sends.is_multiple_of(SENDS_PER_INPUT_CHECK) {
            self.check_for_response(&state)?;
        }
        let zero_copy = state.take_zero_copy();
        if zero_copy.is_some_and(|bytes| bytes.len() != amount) {
            return Err(Error::internal("ureq sent a different number of bytes than it read"));
        }
        let mut sent = 0;
        while !state.is_body_stopped() && self.has_output(amount - sent) {
            match self.send(zero_copy, sent..amount) {
                Ok(progress) => {
                    let from_head = progress.accepted.min(self.deferred_head.len());
                    self.deferred_head.drain(..from_head);
                    sent += progress.accepted - from_head;
                    state.record_sent(progress.accepted - from_head);
                    state.record_moved(progress.sent);
                }
                Err(error) if would_block(&error) => {
                    let fd = self.stream.descriptor();
                    if !state.wait(fd, Interest::Write, state.early_response_poll())? {
                        self.check_for_response(&state)?;
                    }
                }
                Err(error) if socket::is_refused_here(&error) => {
                    self.is_retired = true;
                    return Err(error_mapping::connection_lost(error));
                }
                Err(error) => self.stop_sending(&state, error_mapping::connection_lost(error)),
            }
        }
        Ok(())
    }

    fn has_output(&self, unsent: usize) -> bool {
        unsent > 0 || !self.deferred_head.is_empty() || self.stream.has_pending_output()
    }

    /// Sends the deferred head and `range` of the body bytes, as far as possible without waiting.
    /// The body bytes are those in memory or in the output buffer.
    fn send(&mut self, zero_copy: Option<&[u8]>, range: Range<usize>) -> io::Result<SendProgress> {
        let bytes = zero_copy.unwrap_or(self.buffers.output());
        let unsent = IoSlice::new(bytes.get(range).unwrap_or_default());
        match self.deferred_head.as_slice() {
            [] => self.stream.send(&[unsent]),
            head => self.stream.send(&[IoSlice::new(head), unsent]),
        }
    }

    /// Reads available input while sending, without waiting.
    fn check_for_response(&mut self, state: &ExchangeState) -> Result<()> {
        let buffer = self.buffers.input_append_buf();
        if buffer.is_empty() {
            return Err(head_too_long());
        }
        match self.stream.receive(buffer) {
            Ok(0) => self.stop_sending(state, closed_while_sending()),
            Ok(count) => {
                self.buffers.input_appended(count);
                state.record_received(count);
                self.has_early_input = true;
                if is_final_response(self.buffers.input()) {
                    self.is_retired = true;
                    state.stop_body(BodyStop::ResponseArrived);
                }
            }
            Err(error) if would_block(&error) => {}
            Err(error) => self.stop_sending(state, error_mapping::connection_lost(error)),
        }
        Ok(())
    }

    fn stop_sending(&mut self, state: &ExchangeState, error: Error) {
        self.is_retired = true;
        state.stop_body(BodyStop::ConnectionFailed(error));
    }

    fn receive(&mut self) -> Result<bool> {
        let state = exchange_state::current()?;
        if !self.overflow.is_empty() {
            return self.drain_overflow().map(|()| true);
        }
        if state.phase() == Phase::Send {
            state.enter_phase(Phase::Wait);
        }
        let has_input = std::mem::take(&mut self.has_early_input) || self.read_input(&state)?;
        if !has_input {
            return Ok(false);
        }
        self.skip_interim_responses();
        let input = self.buffers.input();
        let is_interim = input.is_empty() || input.starts_with(INTERIM_PREFIX);
        if !(self.awaits_head && is_interim) {
            state.enter_phase(Phase::Receive);
        }
        if self.awaits_head {
            if response_head::is_long(self.buffers.input()) {
                self.shorten_head(&state)?;
            }
            self.awaits_head = !response_head::is_complete(self.buffers.input());
        }
        Ok(true)
    }

    /// Discards interim responses: the server is still processing the request, and ureq refuses
    /// 100 with header fields.
    fn skip_interim_responses(&mut self) {
        let length = response_head::interim_length(self.buffers.input());
        if self.awaits_head && length > 0 {
            self.buffers.input_consume(length);
        }
    }

    /// Waits for input; returns false at the end of the stream.
    fn read_input(&mut self, state: &ExchangeState) -> Result<bool> {
        state.check()?;
        let buffer = self.buffers.input_append_buf();
        if buffer.is_empty() {
            return Err(head_too_long());
        }
        loop {
            match self.stream.receive(buffer) {
                Ok(0) => {
                    self.is_retired = true;
                    return Ok(false);
                }
                Ok(count) => {
                    self.buffers.input_appended(count);
                    state.record_received(count);
                    state.record_moved(count);
                    return Ok(true);
                }
                Err(error) if would_block(&error) => {
                    let fd = self.stream.descriptor();
                    state.wait(fd, Interest::Read, Deadline::NEVER)?;
                }
                Err(error) => {
                    self.is_retired = true;
                    return Err(error_mapping::connection_lost(error));
                }
            }
        }
    }

    /// Takes the metadata out of a long head, which is read to its end first.
    fn shorten_head(&mut self, state: &ExchangeState) -> Result<()> {
        let mut bytes = Vec::new();
        loop {
            bytes.extend_from_slice(self.buffers.input());
            self.buffers.input_consume(self.buffers.input().len());
            if let Some(shortened) = response_head::shorten(&bytes) {
                state.add_metadata(shortened.metadata);
                self.overflow = shortened.bytes;
                return self.drain_overflow();
            }
            if bytes.len() > HEAD_MAX {
                return Err(head_too_long());
            }
            if !self.read_input(state)? {
                // ureq finds that the head is incomplete.
                bytes.truncate(INPUT_BUFFER);
                self.overflow = bytes;
                return self.drain_overflow();
            }
        }
    }

    /// Moves bytes to the input buffer, as many as it has room for.
    fn drain_overflow(&mut self) -> Result<()> {
        let buffer = self.buffers.input_append_buf();
        let count = buffer.len().min(self.overflow.len());
        if count == 0 {
            return Err(head_too_long());
        }
        for (to, from) in buffer.iter_mut().zip(self.overflow.drain(..count)) {
            *to = from;
        }
        self.buffers.input_appended(count);
        Ok(())
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

    /// Returns false if the connection has input or is closed. On a TLS connection this also
    /// consumes session tickets.
    fn is_open(&mut self) -> bool {
        let is_idle = |read: io::Result<usize>| matches!(read, Err(error) if would_block(&error));
        self.is_reusable() && self.generation.is_current() && is_idle(self.stream.receive(&mut [0]))
    }

    fn is_tls(&self) -> bool {
        self.is_tls
    }
}

impl Drop for Connection {
    /// Discards the unsent bytes of an abandoned request.
    fn drop(&mut self) {
        if exchange_state::current().is_ok_and(|state| state.is_abandoned()) {
            self.stream.socket().discard_unsent();
        }
    }
}

/// True if this has the start of a final response, after any 1xx responses.
fn is_final_response(mut input: &[u8]) -> bool {
    while input.starts_with(INTERIM_PREFIX) {
        let Some(end) = input.windows(HEAD_END.len()).position(|bytes| bytes == HEAD_END) else {
            return false;
        };
        input = input.get(end + HEAD_END.len()..).unwrap_or_default();
    }
    let start = input.get(..INTERIM_PREFIX.len()).unwrap_or(input);
    !INTERIM_PREFIX.starts_with(start)
}

fn closed_while_sending() -> Error {
    Error::new(
        ErrorKind::Network,
        "the server closed the connection while the request was being sent",
    )
}

fn head_too_long() -> Error {
    let kib = HEAD_MAX / 1024;
    let text = format!(
        "the head of the response is too long: the limit is {kib} KiB, of which {} KiB are not \
         metadata",
        INPUT_BUFFER / 1024
    );
    Error::new(ErrorKind::Protocol, text)
}

/// The size of the input buffer, which is also the longest head of a response without metadata.
const INPUT_BUFFER: usize = 16 * 1024;

/// The longest head of a response. The shortest metadata make the longest head: OSS counts the
/// bytes of at least their names and values, of which there may be 8 KiB.
const HEAD_MAX: usize = 128 * 1024;

/// How many sends there are per check for an early response.
const SENDS_PER_INPUT_CHECK: u32 = 4;

const INTERIM_PREFIX: &[u8] = b"HTTP/1.1 1";
const HEAD_END: &[u8] = b"\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interim_response_is_not_final() {
        for interim in ["", "H", "HTTP/1.1", "HTTP/1.1 1", "HTTP/1.1 100 Continue\r\n\r\n"] {
            assert!(!is_final_response(interim.as_bytes()), "{interim}");
        }
        for response in ["HTTP/1.1 4", "HTTP/1.0 403", "garbage", "HTTP/2"] {
            assert!(is_final_response(response.as_bytes()), "{response}");
        }
    }
}
