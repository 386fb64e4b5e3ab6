//! One attempt of an operation: signs and sends the request, then checks and parses the response.

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::attempt_error::AttemptError;
use super::concurrency_limiter::Permit;
use super::operation_context::{OperationContext, OperationOutcome};
use super::rate_limiter::RateLimiters;
use super::retry_loop::OperationState;
use super::{Evidence, redact_response, wire_log};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{ETag, Target, oss_header};
use crate::retry::{self, FailureClass, Refusal};
use crate::runtime::safeguard;
use crate::transport::{Exchange, ExchangeError, ExchangeOptions, OutgoingRequest, RateLimit};
use crate::wire::{Body, Request, Response, Sent, ServiceError, encode_query};

impl<'a> OperationState<'a> {
    pub(super) fn attempt(&mut self) -> Result<OperationOutcome<()>, AttemptError> {
        self.attempts += 1;
        let (request, target) = self.signed_request().map_err(AttemptError::not_sent)?;
        let log = self.service.logger();
        log.debug(|| {
            let Request { method, query, headers, body, .. } = &request;
            wire_log::request(*method, &target, query, headers, body.length())
        });
        // The log callback may have forked.
        self.service.check_process().map_err(AttemptError::not_sent)?;
        let permit = self.acquire_permit(&request)?;
        let outcome = self.send(&request, &target);
        drop(permit);
        let outcome = match outcome {
            Ok(exchange) => {
                let bytes_sent = exchange.bytes_sent;
                self.check_exchange(&request, &target, exchange)
                    .map_err(|attempt_error| attempt_error.with_bytes_sent(bytes_sent))
            }
            Err(failed) => Err(self.check_exchange_error(&request, failed)),
        };
        outcome.inspect_err(|attempt_error| log.debug(|| format!("< {}", attempt_error.error)))
    }

    fn check_exchange(
        &mut self,
        request: &Request,
        target: &Target,
        mut exchange: Exchange,
    ) -> Result<OperationOutcome<()>, AttemptError> {
        self.count_delay(&exchange.response);
        let changed =
            self.check_unchanged(request, exchange.body_complete.then_some(exchange.sent));
        redact_response::redact(request, &mut exchange.response);
        self.service.logger().debug(|| wire_log::response(&exchange.response));
        match self.parse_exchange(request, &exchange) {
            Ok(()) if changed.is_err() => Err(changed_source(Evidence::TookEffect)),
            Ok(()) => {
                self.service.concurrency_limiter.on_success();
                let sent = self.sent_bytes(request, &exchange).map_err(|error| {
                    AttemptError::new(error, FailureClass::NotRetryable, Evidence::TookEffect)
                })?;
                let earlier_attempts = Evidence::NotSent;
                Ok(OperationOutcome { output: (), sent, earlier_attempts })
            }
            Err(attempt_error) if changed.is_err() => {
                Err(changed_source(attempt_error.evidence).at_host(&target.host))
            }
            Err(attempt_error) => Err(attempt_error.at_host(&target.host)),
        }
    }

    fn check_exchange_error(&mut self, request: &Request, failed: ExchangeError) -> AttemptError {
        let changed = self.check_unchanged(request, failed.sent);
        let attempt_error = AttemptError::from_exchange_error(failed, request.body.length());
        match changed {
            Ok(()) => attempt_error,
            Err(()) => changed_source(attempt_error.evidence)
                .with_bytes_sent(attempt_error.error.bytes_sent()),
        }
    }

    /// Counts the time for which OSS has delayed the request.
    fn count_delay(&mut self, response: &Response) {
        let delay = response.headers.get("x-oss-qos-delay-time").and_then(|ms| ms.parse().ok());
        let Some(ms) = delay.filter(|ms| *ms > 0) else { return };
        self.throttled_ms = self.throttled_ms.saturating_add(ms);
        if let Some(observer) = self.context.observer {
            observer.throttled(ms);
        }
    }

    fn signed_request(&mut self) -> Result<(Request, Target)> {
        let service = self.service;
        service.check_call()?;
        self.context.cancel.check_process()?;
        let mut request = self.operation.request()?;
        if let Some(target) = self.operation.presigned_target() {
            return Ok((request, target.clone()));
        }
        let endpoint = service.endpoint()?;
        let (bucket, key) = (request.bucket.as_ref(), request.key.as_ref());
        let target = endpoint.target(service.addressing, bucket, key)?;
        self.access_key = service.access_key(self.context.cancel, self.context.deadline)?;
        if let Some(access_key) = &self.access_key {
            let now = service.signing_time();
            let added = service.http.added_headers(
                request.method,
                &target.host,
                request.body.length(),
                &request.headers,
            );
            let added: Vec<_> = added.iter().map(|(name, value)| (*name, &**value)).collect();
            service.signer.sign(&mut request, access_key, &added, now)?;
        }
        Ok((request, target))
    }

    /// Waits for a permit while OSS throttles. Requests without content need none.
    fn acquire_permit(&self, request: &Request) -> Result<Option<Permit<'a>>, AttemptError> {
        if !matches!(request.body, Body::Content(_)) {
            return Ok(None);
        }
        let OperationContext { cancel, deadline, .. } = self.context;
        match self.service.concurrency_limiter.acquire(cancel, *deadline) {
            Some(permit) => Ok(Some(permit)),
            None if cancel.is_triggered() => Err(AttemptError::not_sent(Error::canceled())),
            None => {
                let error = Error::deadline_passed().with_context("waiting while OSS throttles");
                Err(AttemptError::not_sent(error))
            }
        }
    }

    fn send(&self, request: &Request, target: &Target) -> Result<Exchange, ExchangeError> {
        let context = self.context;
        let progress = |bytes| {
            if let Some(observer) = context.observer {
                observer.sent(bytes);
            }
        };
        let rate_limiters =
            RateLimiters([self.service.rate_limiter.as_ref(), context.rate_limiter]);
        let outgoing = OutgoingRequest {
            method: request.method,
            target,
            query: &encode_query(&request.query),
            headers: &request.headers,
            body: &request.body,
        };
        self.service.http.send(
            &outgoing,
            &ExchangeOptions {
                cancel: context.cancel,
                timeouts: self.service.timeouts(self.operation.response_timeout()),
                deadline: context.deadline,
                cancel_policy: context.cancel_policy,
                progress: Some(&progress),
                rate_limiter: rate_limiters
                    .0
                    .iter()
                    .any(Option::is_some)
                    .then_some(&rate_limiters as &dyn RateLimit),
            },
        )
    }

    fn parse_exchange(&self, request: &Request, exchange: &Exchange) -> Result<(), AttemptError> {
        let response = &exchange.response;
        if !(200..300).contains(&response.status) {
            let refused = ServiceError::read(response);
            let is_retry = self.attempts > 1 || self.stale_connection_retries > 0;
            let check = || self.context.check();
            return match self.operation.keep_result_of_earlier_attempt(&refused, is_retry, &check) {
                true => Ok(()),
                false => Err(self.refusal(response, refused)),
            };
        }
        if !exchange.body_complete {
            let text = "the server reported success before the whole body was sent";
            return Err(AttemptError::unusable_success(Error::new(ErrorKind::Protocol, text)));
        }
        self.check_integrity(request, exchange)?;
        self.operation
            .parse(response)
            .map_err(|error| AttemptError::unusable_success(error.with_status(response.status)))
            .map_err(|attempt_error| attempt_error.with_request_id(response.request_id()))
    }

    fn refusal(&self, response: &Response, refused: ServiceError) -> AttemptError {
        let (server_time, is_foreign) = (refused.server_time, refused.is_foreign());
        let retry_after = response.headers.get("retry-after").and_then(|value| {
            let now = server_time.unwrap_or_else(|| self.service.signing_time());
            retry::parse_retry_after(value, now)
        });
        let status = response.status;
        let throttled = retry::is_throttled(status);
        if throttled {
            self.service.concurrency_limiter.on_throttled(crate::runtime::now());
        }
        let evidence =
            Evidence::of_error_response(&refused, self.operation.refused_by_own_effect(&refused));
        let is_skewed = refused.code == "RequestTimeTooSkewed";
        let mut error = refused.into_error();
        if let Some(time) = server_time.filter(|_| is_skewed) {
            error = error.with_text(self.service.clock_difference(time).to_string());
        }
        let code = error.oss_code().unwrap_or_default().to_owned();
        let class =
            FailureClass::Refused(Refusal { status, code, is_foreign, retry_after, server_time });
        AttemptError::new(error, class, evidence)
    }

    /// Returns the bytes and CRC-64 of the whole body. A retry that OSS refuses because an earlier
    /// attempt succeeded may not have sent all of it; then the source is read.
    fn sent_bytes(&self, request: &Request, exchange: &Exchange) -> Result<Sent> {
        if exchange.body_complete {
            return Ok(exchange.sent);
        }
        request.body.read_through(|_| self.context.check())
    }

    /// Compares the bytes of this attempt with those of the first attempt that read them all.
    fn check_unchanged(&mut self, request: &Request, sent: Option<Sent>) -> Result<(), ()> {
        match (sent, &request.body) {
            (Some(sent), Body::Content(_)) => {
                let first = *self.crc64.get_or_insert(sent.crc64);
                if safeguard!(SameBytes, first != sent.crc64) { Err(()) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// Compares the checksums of the bytes sent with those of the bytes stored.
    fn check_integrity(&self, request: &Request, exchange: &Exchange) -> Result<(), AttemptError> {
        if !matches!(request.body, Body::Content(_)) {
            return Ok(());
        }
        let ours = exchange.sent.crc64;
        let mismatch = |text: String| {
            self.service.http.retire_connections();
            let error = Error::new(ErrorKind::Integrity, text);
            let request_id = exchange.response.request_id();
            Err(AttemptError::mismatch(error.with_status(exchange.response.status))
                .with_request_id(request_id))
        };
        if self.context.check_crc64 {
            match exchange.response.crc64().map_err(AttemptError::unusable_success)? {
                Some(theirs) if theirs != ours => {
                    return mismatch(format!("the CRC-64 is {ours} here and {theirs} at OSS"));
                }
                Some(_) => {}
                None => self.service.logger().warn(|| {
                    format!("{}: the response has no CRC-64 to compare", self.operation.name())
                }),
            }
        }
        if let Some(ours) = request.headers.get("content-md5").and_then(hex_of_base64) {
            // With server-side encryption the ETag need not be the MD5.
            let encrypted = oss_header::SERVER_SIDE_ENCRYPTION;
            let encrypted = exchange.response.headers.get(encrypted).is_some();
            let etag = exchange.response.headers.get("etag").map(ETag::parse);
            if let Some(Ok(etag)) = etag.filter(|_| !encrypted)
                && !etag.is_md5(&ours)
            {
                return mismatch(format!("the MD5 is {ours} here and the ETag is {etag}"));
            }
        }
        Ok(())
    }
}

fn changed_source(evidence: Evidence) -> AttemptError {
    let text = "the source has changed since it was first read";
    AttemptError::new(Error::new(ErrorKind::Changed, text), FailureClass::NotRetryable, evidence)
}

/// Converts a `Content-MD5` to the upper-case hex of an ETag.
fn hex_of_base64(text: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02X}")).collect())
}
