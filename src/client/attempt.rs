//! One attempt of a call: sign, send, and judge what comes back.

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::call::Run;
use super::context::{Answer, CallContext};
use super::flow::Slot;
use super::miss::{Miss, MissKind};
use super::rate::Rates;
use super::{log_lines, masking};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{ETag, ServiceHeader, Target};
use crate::ops::Operation;
use crate::retry;
use crate::transport::{Call, Exchange, Failure, Outgoing, Pace};
use crate::wire::{Body, Request, Response, Sent, ServiceError, encode_query};

impl<'a, O: Operation> Run<'a, O> {
    pub(super) fn attempt(&mut self) -> Result<Answer<O::Reply>, Miss> {
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
            self.caller.flow.shrink(crate::runtime::now());
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
}

/// A request that was obeyed before may be refused before all of its body was read.
fn what_was_sent(request: &Request, exchange: &Exchange) -> Result<Sent> {
    if exchange.whole { Ok(exchange.sent) } else { request.body.read_through(|_| {}) }
}

/// Text such as stands in `Content-MD5`, as it stands in an ETag.
fn hex_of_base64(text: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02X}")).collect())
}
