//! The only retry loop: sign, send, judge, wait, parse.
//!
//! An operation goes in, its reply or the reason why there is none comes out. Each attempt is
//! signed anew with fresh credentials, and sends the same bytes as the one before.

use std::time::{Duration, Instant, SystemTime};

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::flow::Slot;
use super::rate::Rates;
use super::{Caller, LogLevel, Rate, log_lines, masking};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::model::{ETag, ServiceHeader, Target};
use crate::ops::{Operation, Repeat};
use crate::retry::{self, Remedy, Repeats, Trouble, Verdict};
use crate::runtime::{Cancel, Deadline};
use crate::sign::AccessKey;
use crate::transport::{AfterSent, Arrival, Call, Exchange, Failure, Outgoing, Pace};
use crate::wire::{Body, Request, Response, Sent, ServiceError, encode_query};

/// What a call is told by whoever makes it.
pub(crate) struct CallContext<'a> {
    pub(crate) cancel: &'a Cancel,
    pub(crate) deadline: Deadline,
    pub(crate) after_sent: AfterSent,
    /// Compare the service's CRC-64 of a body with ours.
    pub(crate) check_crc64: bool,
    pub(crate) observer: Option<&'a dyn Observer>,
    /// A limit of this upload's, besides that of the client.
    pub(crate) rate: Option<&'a Rate>,
    /// The call asks whether something is there, so that a 404 is no failure to the log.
    pub(crate) asks_whether: bool,
}

/// Sees what goes on while a call runs; called on the thread that makes the call.
pub(crate) trait Observer: Sync {
    /// That many more bytes of a body went onto the wire.
    fn sent(&self, bytes: u64);

    /// The request will be sent again.
    fn retried(&self);
}

/// A call that succeeded.
#[derive(Debug)]
pub(crate) struct Answer<R> {
    pub(crate) reply: R,
    pub(crate) sent: Sent,
    /// An earlier attempt, whose answer was lost, may have had its effect as well.
    pub(crate) perhaps_done_before: bool,
}

/// A call that failed.
#[derive(Debug)]
pub(crate) struct Defeat {
    pub(crate) error: Error,
    /// An attempt may have had its effect all the same.
    pub(crate) perhaps_done: bool,
}

impl From<Defeat> for Error {
    fn from(defeat: Defeat) -> Self {
        defeat.error
    }
}

impl<'a> CallContext<'a> {
    pub(crate) fn new(cancel: &'a Cancel) -> Self {
        Self {
            cancel,
            deadline: Deadline::NEVER,
            after_sent: AfterSent::Cut,
            check_crc64: true,
            observer: None,
            rate: None,
            asks_whether: false,
        }
    }
}

impl Caller {
    pub(crate) fn call<O: Operation>(
        &self,
        operation: &O,
        context: &CallContext<'_>,
    ) -> Result<Answer<O::Reply>, Defeat> {
        let mut run = Run {
            caller: self,
            operation,
            context,
            attempts: 0,
            free: 0,
            crc64: None,
            access_key: None,
            renewed: false,
        };
        let mut perhaps_done = false;
        loop {
            let miss = match run.attempt() {
                Ok(answer) => {
                    let answer = Answer { perhaps_done_before: perhaps_done, ..answer };
                    self.budget.earn(run.attempts.saturating_sub(1));
                    return Ok(answer);
                }
                Err(miss) => miss,
            };
            perhaps_done |= miss.perhaps_done;
            if let Err(error) = run.prepare_next(miss) {
                let error = error.with_operation(O::NAME).with_attempts(run.attempts);
                let error = match operation.upload_id() {
                    "" => error,
                    upload_id => error.with_upload_id(upload_id),
                };
                let error = match operation.part_number() {
                    Some(number) => error.with_part(number.get()),
                    None => error,
                };
                let wanted = error.kind() == ErrorKind::Canceled
                    || context.asks_whether && error.http_status() == Some(404);
                let level = if wanted { LogLevel::Info } else { LogLevel::Error };
                self.logger().log(level, || error.to_string());
                return Err(Defeat { error, perhaps_done });
            }
        }
    }
}

impl Caller {
    /// Waits before a request is made again that [`Caller::call`] does not repeat by itself. False
    /// if it is not to be made again: it was made often enough, or there is no time for it.
    pub(crate) fn back_off(
        &self,
        attempt: u32,
        cause: &Error,
        cancel: &Cancel,
        deadline: Deadline,
    ) -> bool {
        if attempt >= self.max_attempts || cancel.is_triggered() || !self.budget.pay() {
            return false;
        }
        let delay = retry::delay(attempt, fastrand::f64(), None);
        if deadline.left().is_some_and(|left| left <= delay) {
            return false;
        }
        self.logger().info(|| format!("trying again in {} ms: {cause}", delay.as_millis()));
        self.clock.sleep(delay, cancel)
    }
}

/// One call on its way through its attempts.
struct Run<'a, O> {
    caller: &'a Caller,
    operation: &'a O,
    context: &'a CallContext<'a>,
    attempts: u32,
    /// Attempts that cost nothing, because a kept-alive connection had died.
    free: u32,
    /// Of the body, as the first attempt that sent all of it has read it.
    crc64: Option<u64>,
    /// The key that the last attempt was signed with.
    access_key: Option<AccessKey>,
    /// The source was asked again because the service had refused a key.
    renewed: bool,
}

/// One attempt that failed, and what the next one has to know.
struct Miss {
    error: Error,
    kind: MissKind,
    perhaps_done: bool,
}

enum MissKind {
    /// As in [`Trouble`].
    Final,
    NeverSent,
    AnswerLost {
        reused: bool,
    },
    Damaged,
    /// Status and code are the error's.
    Refused {
        retry_after: Option<Duration>,
        server_time: Option<SystemTime>,
    },
}

impl<'a, O: Operation> Run<'a, O> {
    fn attempt(&mut self) -> Result<Answer<O::Reply>, Miss> {
        self.attempts += 1;
        let (request, target) = self.signed_request().map_err(Miss::last)?;
        let log = self.caller.logger();
        log.debug(|| {
            let Request { method, query, headers, body, .. } = &request;
            log_lines::request(*method, &target, query, headers, body.length())
        });
        let slot = self.enter_flow(&request)?;
        let outcome = self.send(&request, &target);
        drop(slot);
        let miss = match outcome {
            Ok(mut exchange) => {
                masking::mask(&request, &mut exchange.response, self.caller.dialect);
                log.debug(|| log_lines::response(&exchange.response));
                match self.judge_exchange(&request, &exchange) {
                    Ok(reply) => {
                        self.caller.flow.grow();
                        let sent = what_was_sent(&request, &exchange).map_err(Miss::last)?;
                        return Ok(Answer { reply, sent, perhaps_done_before: false });
                    }
                    Err(miss) => miss.at_host(&target.host),
                }
            }
            Err(failure) => Miss::from_failure(failure, request.body.length()),
        };
        log.debug(|| format!("< {}", miss.error));
        Err(miss)
    }

    fn signed_request(&mut self) -> Result<(Request, Target)> {
        let caller = self.caller;
        caller.check_process()?;
        self.context.cancel.check_process()?;
        let mut request = self.operation.request(caller.dialect)?;
        if let Some(target) = self.operation.signed_for() {
            return Ok((request, target.clone()));
        }
        let endpoint = caller.endpoint()?;
        let (bucket, key) = (request.bucket.as_ref(), request.key.as_ref());
        let target = endpoint.target(caller.addressing, bucket, key)?;
        self.access_key = caller.access_key(self.context.cancel, self.context.deadline)?;
        if let Some(access_key) = &self.access_key {
            let now = caller.signing_time();
            let length = request.body.length().to_string();
            let implied = [("host", target.host.as_str()), ("content-length", length.as_str())];
            caller.signer.sign(&mut request, access_key, &implied, now)?;
        }
        Ok((request, target))
    }

    /// Bodies wait here while the service asks for less.
    fn enter_flow(&self, request: &Request) -> Result<Option<Slot<'a>>, Miss> {
        if !matches!(request.body, Body::Content(_)) {
            return Ok(None);
        }
        let CallContext { cancel, deadline, .. } = self.context;
        match self.caller.flow.enter(cancel, *deadline) {
            Some(slot) => Ok(Some(slot)),
            None if cancel.is_triggered() => Err(Miss::last(Error::canceled())),
            None => {
                let text = "the deadline of the call has passed while OSS was asking for less";
                Err(Miss::last(Error::new(ErrorKind::Timeout, text)))
            }
        }
    }

    fn send(&self, request: &Request, target: &Target) -> Result<Exchange, Failure> {
        let context = self.context;
        let progress = |bytes| {
            if let Some(observer) = context.observer {
                observer.sent(bytes);
            }
        };
        let rates = Rates([self.caller.rate.as_ref(), context.rate]);
        let outgoing = Outgoing {
            method: request.method,
            target,
            query: &encode_query(&request.query),
            headers: &request.headers,
            body: &request.body,
        };
        self.caller.http.send(
            &outgoing,
            &Call {
                cancel: context.cancel,
                limits: self.caller.time_limits(self.operation.patience()),
                deadline: context.deadline,
                after_sent: context.after_sent,
                progress: Some(&progress),
                pace: rates.0.iter().any(Option::is_some).then_some(&rates as &dyn Pace),
            },
        )
    }

    fn judge_exchange(&mut self, request: &Request, exchange: &Exchange) -> Result<O::Reply, Miss> {
        let response = &exchange.response;
        if !(200..300).contains(&response.status) {
            let refused = ServiceError::read(response, self.caller.dialect);
            let repeated = self.attempts > 1 || self.free > 0;
            let obeyed = repeated.then(|| self.operation.obeyed(&refused)).flatten();
            return match obeyed {
                Some(reply) => Ok(reply),
                None => Err(self.refusal(response, refused)),
            };
        }
        if !exchange.whole {
            let text = "success was answered before the whole body was sent";
            return Err(Miss::answered(Error::new(ErrorKind::Protocol, text)));
        }
        self.check_integrity(request, exchange)?;
        self.operation
            .parse(response, self.caller.dialect)
            .map_err(|error| Miss::answered(error.with_status(response.status)))
            .map_err(|miss| miss.with_request_id(response.request_id(self.caller.dialect)))
    }

    fn refusal(&self, response: &Response, refused: ServiceError) -> Miss {
        let server_time = refused.server_time;
        let retry_after = response
            .headers
            .get("retry-after")
            .and_then(|asks| retry::retry_after(asks, self.caller.clock.now()));
        let status = response.status;
        let throttled = retry::is_throttled(status);
        if throttled {
            self.caller.flow.shrink(Instant::now());
        }
        let perhaps_done = status >= 500 && !throttled;
        let kind = MissKind::Refused { retry_after, server_time };
        Miss { error: refused.into_error(), kind, perhaps_done }
    }

    /// Compares what was read, what was sent and what arrived.
    fn check_integrity(&mut self, request: &Request, exchange: &Exchange) -> Result<(), Miss> {
        if !matches!(request.body, Body::Content(_)) {
            return Ok(());
        }
        let ours = exchange.sent.crc64;
        if *self.crc64.get_or_insert(ours) != ours {
            let text = "the source has other bytes than when it was read before";
            return Err(Miss::last(Error::new(ErrorKind::Changed, text)));
        }
        let damaged = |text: String| {
            self.caller.http.leave_connections();
            let error = Error::new(ErrorKind::Integrity, text);
            let request_id = exchange.response.request_id(self.caller.dialect);
            Err(Miss::damaged(error.with_status(exchange.response.status))
                .with_request_id(request_id))
        };
        if self.context.check_crc64 {
            match exchange.response.crc64(self.caller.dialect) {
                Some(theirs) if theirs != ours => {
                    return damaged(format!("the CRC-64 is {ours} here and {theirs} at OSS"));
                }
                Some(_) => {}
                None => self
                    .caller
                    .logger()
                    .warn(|| format!("{}: the reply has no CRC-64, so none was compared", O::NAME)),
            }
        }
        if let Some(ours) = request.headers.get("content-md5").and_then(hex_of_base64) {
            // The ETag of encrypted data need not be its MD5.
            let encrypted = ServiceHeader::ServerSideEncryption;
            let encrypted =
                exchange.response.service_header(self.caller.dialect, encrypted).is_some();
            let etag = exchange.response.headers.get("etag").map(ETag::parse);
            if let Some(Ok(etag)) = etag.filter(|_| !encrypted)
                && !etag.is_md5(&ours)
            {
                return damaged(format!("the MD5 is {ours} here and the ETag is {etag}"));
            }
        }
        Ok(())
    }

    /// Decides what follows a failed attempt; an error ends the call.
    fn prepare_next(&mut self, miss: Miss) -> Result<()> {
        let repeats = match self.operation.repeat() {
            Repeat::Once => Repeats::Once,
            _ => Repeats::Freely,
        };
        let verdict = retry::judge(miss.trouble(), repeats);
        let free = matches!(miss.kind, MissKind::AnswerLost { reused: true });
        if verdict == Verdict::Retry && free && self.free < limits::FREE_RETRIES_MAX {
            self.free += 1;
            self.attempts -= 1;
            return Ok(());
        }
        if let Verdict::RetryAfter(remedy) = verdict
            && !self.apply(remedy, &miss)
        {
            return Err(miss.error);
        }
        if verdict == Verdict::Stop {
            return Err(miss.error);
        }
        if self.attempts >= self.caller.max_attempts || !self.caller.budget.pay() {
            return Err(miss.error.with_retryable(true));
        }
        let asked = match miss.kind {
            MissKind::Refused { retry_after, .. } => retry_after,
            _ => None,
        };
        let delay = retry::delay(self.attempts, fastrand::f64(), asked);
        self.pause(delay, miss.error)
    }

    fn pause(&self, delay: Duration, error: Error) -> Result<()> {
        if self.context.deadline.left().is_some_and(|left| left <= delay) {
            let text = "the deadline of the call would pass before the next attempt";
            let cause = error.to_string();
            return Err(error.with_kind(ErrorKind::Timeout).with_text(text).with_cause(cause));
        }
        self.caller.logger().info(|| format!("trying again in {} ms: {error}", delay.as_millis()));
        if let Some(observer) = self.context.observer {
            observer.retried();
        }
        if self.caller.clock.sleep(delay, self.context.cancel) {
            Ok(())
        } else {
            let cause = error.to_string();
            Err(Error::canceled().with_cause(cause))
        }
    }

    /// Puts right what the service complained of; false if that is not possible.
    fn apply(&mut self, remedy: Remedy, miss: &Miss) -> bool {
        match (remedy, &miss.kind) {
            (Remedy::CorrectClock, MissKind::Refused { server_time: Some(time), .. }) => {
                self.caller.correct_clock(*time);
                true
            }
            (Remedy::CorrectClock, _) => false,
            (Remedy::FreshCredentials, _) => {
                // What the source gave anew was refused as well: a third key would be no better.
                !std::mem::replace(&mut self.renewed, true)
                    && self.access_key.as_ref().is_some_and(|key| self.caller.forget(key))
            }
        }
    }
}

/// A request that was obeyed before may be refused before all of its body was read.
fn what_was_sent(request: &Request, exchange: &Exchange) -> Result<Sent> {
    if exchange.whole { Ok(exchange.sent) } else { request.body.read_through(|_| {}) }
}

impl Miss {
    fn new(error: Error, kind: MissKind, perhaps_done: bool) -> Self {
        Self { error, kind, perhaps_done }
    }

    /// Nothing was sent, or sending it again changes nothing.
    fn last(error: Error) -> Self {
        Self::new(error, MissKind::Final, false)
    }

    /// The service answered success, but not in a way that can be relied on.
    fn answered(error: Error) -> Self {
        Self::new(error, MissKind::Final, true)
    }

    fn damaged(error: Error) -> Self {
        Self::new(error, MissKind::Damaged, true)
    }

    /// `length` is that of the request's body: a request of which the connection did not take all
    /// is not carried out. What it took may have arrived, confirmed or not.
    fn from_failure(failure: Failure, length: u64) -> Self {
        let Failure { error, arrival, reused } = failure;
        let may_help = matches!(
            error.kind(),
            ErrorKind::Resolve | ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Network
        );
        let perhaps_done = arrival == Arrival::Maybe && error.bytes_sent() >= length;
        let kind = match (may_help, arrival) {
            (false, _) => MissKind::Final,
            (true, Arrival::Never) => MissKind::NeverSent,
            (true, Arrival::Maybe) => MissKind::AnswerLost { reused },
        };
        Self::new(error, kind, perhaps_done)
    }

    fn at_host(mut self, host: &str) -> Self {
        self.error = self.error.with_host(host);
        self
    }

    fn with_request_id(mut self, request_id: &str) -> Self {
        if !request_id.is_empty() {
            self.error = self.error.with_request_id(request_id);
        }
        self
    }

    fn trouble(&self) -> Trouble<'_> {
        match &self.kind {
            MissKind::Final => Trouble::Final,
            MissKind::NeverSent => Trouble::NeverSent,
            MissKind::AnswerLost { .. } => Trouble::AnswerLost,
            MissKind::Damaged => Trouble::Damaged,
            MissKind::Refused { .. } => Trouble::Refused {
                status: self.error.http_status().unwrap_or_default(),
                code: self.error.oss_code(),
            },
        }
    }
}

/// Text such as stands in `Content-MD5`, as it stands in an ETag.
fn hex_of_base64(text: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02X}")).collect())
}
