//! Requests of a client whose workers run as threads of the model checker: any number of them are
//! under way at once, each for a time of its own.

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::exchange::{Failed, Outcome, checksum, report};
use super::network::{
    MOST_REQUESTS, Network, ended_before_sending, failure, source_failure, summary,
};
use super::service::Message;
use crate::codec::md5::Hasher;
use crate::error::{Error, ErrorKind, Phase};
use crate::runtime::{Cancel, Deadline};
use crate::transport::{
    CancelPolicy, Delivery, Exchange, ExchangeError, ExchangeOptions, OutgoingRequest,
    SimulatedPeer,
};

/// How a wait of a request has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waited {
    /// What it waited for has come.
    Reached,
    Canceled,
    TimedOut,
}

/// A request that is under way until this is dropped.
struct PendingGuard<'a> {
    network: &'a Network,
    id: u64,
}

impl SimulatedPeer for Network {
    fn send(
        &self,
        outgoing: &OutgoingRequest<'_>,
        call: &ExchangeOptions<'_>,
    ) -> Result<Exchange, ExchangeError> {
        if let Some(error) = ended_before_sending(self.lock().is_dead, outgoing, call) {
            return Err(error);
        }
        let host = outgoing.target.host.as_str();
        let hashes_parts = self.lock().service.delta_base.is_some();
        let message = match Message::read(outgoing, hashes_parts) {
            Ok(message) => message,
            Err((error, count)) => return Err(source_failure(error, count, call)),
        };
        let (_pending, times) = self.begin(&message, has_own_md5(outgoing));
        let result = self.pass_through(&message, outgoing, call, times);
        let sent = self.observe_threaded(&message, &result);
        report(call, sent);
        result.map_err(|failed| {
            let sent = (sent >= message.size).then(|| checksum(outgoing.body, &message));
            failure(failed, Phase::Wait, sent, host)
        })
    }
}

impl Network {
    /// The request is sent, arrives and gets a response, each in its time.
    fn pass_through(
        &self,
        message: &Message,
        outgoing: &OutgoingRequest<'_>,
        call: &ExchangeOptions<'_>,
        [sending, there, back]: [Duration; 3],
    ) -> Result<Exchange, Failed> {
        // What was not sent to its end has no effect.
        let waited = wait(call, Some(sending), false);
        if waited != Waited::Reached {
            return Err(lost(waited, Phase::Send, 0));
        }
        let waited = wait(call, Some(there), true);
        if waited != Waited::Reached {
            self.cut(message);
            return Err(lost(waited, Phase::Wait, message.size));
        }
        let outcome = self.lock().exchange(message, call);
        let time = (!matches!(outcome, Outcome::NoResponse)).then_some(back);
        match wait(call, time, true) {
            Waited::Reached => outcome.complete(message, outgoing.body, call),
            waited => Err(lost(waited, Phase::Wait, message.size)),
        }
    }

    /// Records what the client sees, and returns the bytes of the body that were sent.
    fn observe_threaded(&self, message: &Message, result: &Result<Exchange, Failed>) -> u64 {
        let mut state = self.lock();
        let name = name(message);
        match result {
            Ok(exchange) => {
                state.note_abort(message, &exchange.response);
                state.has_kept_connection = exchange.body_complete;
                state.record(|| format!("client: {name}: {}", summary(&exchange.response)));
                exchange.sent.bytes
            }
            Err(Failed { error, .. }) => {
                state.has_kept_connection = false;
                let (kind, phase) = (error.kind(), error.phase());
                state.record(|| format!("client: no response to {name}: {kind:?}, {phase:?}"));
                error.bytes_sent()
            }
        }
    }

    /// A request begins. Draws the times that it takes to be sent, to arrive and to be responded.
    fn begin(&self, message: &Message, has_own_md5: bool) -> (PendingGuard<'_>, [Duration; 3]) {
        let mut state = self.lock();
        state.requests += 1;
        assert!(state.requests < MOST_REQUESTS, "too many requests");
        state.check_rules(message);
        let (id, wrong) = state.concurrency.begin(message);
        state.wrong.extend(wrong);
        if !has_own_md5 {
            state.wrong.insert("a Content-MD5 is not that of the bytes");
        }
        state.record(|| format!("client: sends {}", name(message)));
        let random = &mut state.concurrency.random;
        let times = [(); 3].map(|()| TIMES[random.usize(..TIMES.len())]);
        (PendingGuard { network: self, id }, times)
    }

    /// The response of a request is not awaited: the request is lost, arrives, or arrives later.
    fn cut(&self, message: &Message) {
        let mut state = self.lock();
        match state.concurrency.random.u8(..3) {
            0 => {}
            1 => {
                let status = state.apply(message).status;
                state.record(|| format!("service: {} arrives: {status}", name(message)));
            }
            _ => state.late.push(message.clone()),
        }
    }
}

impl Drop for PendingGuard<'_> {
    fn drop(&mut self) {
        self.network.lock().concurrency.end(self.id);
    }
}

/// Waits as a connection does: for that time, or for ever; until the response is too late; and
/// until the call is canceled or its deadline has passed. Then a request that was sent may be
/// waited for.
fn wait(call: &ExchangeOptions<'_>, time: Option<Duration>, is_sent: bool) -> Waited {
    let reached = time.map_or(Deadline::NEVER, Deadline::after);
    let response = if is_sent { Deadline::after(call.timeouts.response) } else { Deadline::NEVER };
    let until = reached.earlier(response);
    let mut ended = Waited::TimedOut;
    let is_interrupted = if call.cancel.wait(until.earlier(call.deadline)) {
        ended = Waited::Canceled;
        true
    } else {
        !until.has_passed()
    };
    if is_interrupted {
        match call.cancel_policy {
            CancelPolicy::AwaitResponse(budget) if is_sent => {
                Cancel::never().wait(until.earlier(budget.start_waiting()));
            }
            _ => return ended,
        }
    }
    if reached.has_passed() { Waited::Reached } else { ended }
}

/// The response has not come.
fn lost(waited: Waited, phase: Phase, sent: u64) -> Failed {
    let error = match waited {
        Waited::Canceled => Error::canceled(),
        _ => Error::new(ErrorKind::Timeout, "no response in time"),
    };
    let error = error.with_phase(phase).with_bytes_sent(sent);
    Failed { error, delivery: Delivery::Possible, stale_connection: false }
}

/// False if there is a `Content-MD5` that is not that of the body.
fn has_own_md5(outgoing: &OutgoingRequest<'_>) -> bool {
    let Some(header) = outgoing.headers.get("Content-MD5") else { return true };
    let mut hasher = Hasher::new();
    let read = outgoing.body.read_through(|bytes| {
        hasher.update(bytes);
        Ok(())
    });
    read.is_ok() && BASE64_STANDARD.encode(hasher.finish().as_bytes()) == header
}

fn name(message: &Message) -> String {
    let Message { operation, upload_id, part, .. } = message;
    let part = if *part > 0 { format!(" part {part}") } else { String::new() };
    format!("{operation} {upload_id}{part}")
}

/// What each step of a request takes: mostly the same, so that many things happen at once; at times
/// so long that the part is sent again.
const TIMES: [Duration; 9] = [
    Duration::ZERO,
    Duration::ZERO,
    Duration::from_millis(10),
    Duration::from_millis(10),
    Duration::from_millis(10),
    Duration::from_millis(20),
    Duration::from_millis(30),
    Duration::from_millis(1100),
    Duration::from_millis(3000),
];
