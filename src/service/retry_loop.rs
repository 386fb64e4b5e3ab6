//! The retry loop of requests to OSS.
//!
//! Each attempt is signed with current credentials and sends the same bytes.

use std::time::Duration;

use super::attempt_error::AttemptError;
use super::erased_operation::{ErasedOperation, OperationWithResult};
use super::operation_context::{OperationContext, OperationError, OperationOutcome};
use super::{AttemptLimit, Evidence, LogLevel, ServiceClient};
use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::limits;
use crate::ops::{Effect, Operation};
use crate::retry::{self, FailureClass, RecoveryAction, Refusal, RetryDecision};
use crate::runtime::{Cancel, Deadline, random_fraction, safeguard};
use crate::sign::AccessKey;

impl ServiceClient {
    /// Executes an operation: attempts it until it succeeds or no retry is allowed.
    pub(crate) fn execute<O: Operation>(
        &self,
        operation: &O,
        context: &OperationContext<'_>,
    ) -> Result<OperationOutcome<O::Output>, OperationError> {
        let operation = OperationWithResult::new(operation);
        let OperationOutcome { sent, earlier_attempts, .. } =
            self.execute_erased(&operation, context)?;
        match operation.into_result() {
            Some(output) => Ok(OperationOutcome { output, sent, earlier_attempts }),
            None => {
                let error = Error::internal("an operation has succeeded without a result");
                let evidence = Evidence::TookEffect;
                Err(OperationError { error, evidence, earlier_attempts })
            }
        }
    }

    fn execute_erased(
        &self,
        operation: &dyn ErasedOperation,
        context: &OperationContext<'_>,
    ) -> Result<OperationOutcome<()>, OperationError> {
        let mut state = OperationState {
            service: self,
            operation,
            context,
            attempts: 0,
            stale_connection_retries: 0,
            crc64: None,
            access_key: None,
            credentials_refreshed: false,
            throttled_ms: 0,
        };
        let mut evidence = Evidence::NotSent;
        loop {
            let attempt_error = match state.attempt() {
                Ok(outcome) => {
                    let outcome = OperationOutcome { earlier_attempts: evidence, ..outcome };
                    self.retry_budget.refund(state.attempts.saturating_sub(1));
                    // A callback may have forked. The parent process has the outcome.
                    return match self.check_process() {
                        Ok(()) => Ok(outcome),
                        Err(error) => {
                            let earlier_attempts = evidence;
                            Err(OperationError { error, evidence, earlier_attempts })
                        }
                    };
                }
                Err(attempt_error) => attempt_error,
            };
            let earlier_attempts = safeguard!(EarlierAttempts, evidence);
            evidence = earlier_attempts.join(attempt_error.evidence);
            if let Err(error) = state.prepare_retry(attempt_error) {
                let error = error
                    .with_operation(operation.name())
                    .with_attempts(state.attempts)
                    .with_throttled_ms(state.throttled_ms);
                let error = match operation.upload_id() {
                    "" => error,
                    upload_id => error.with_upload_id(upload_id),
                };
                let error = match operation.part_number() {
                    Some(number) => error.with_part(number.get()),
                    None => error,
                };
                let is_expected = context.expects(&error);
                let level = if is_expected { LogLevel::Info } else { LogLevel::Error };
                self.logger().log(level, || error.to_string());
                let error = match operation.effect() {
                    Effect::CreatesObject => error.with_object_exists(object_exists(evidence)),
                    Effect::StartsUpload => {
                        error.with_upload_may_exist(evidence.may_have_taken_effect())
                    }
                    Effect::Other => error,
                };
                return Err(OperationError { error, evidence, earlier_attempts });
            }
        }
    }
}

impl ServiceClient {
    /// Waits before a retry that the caller makes instead of [`ServiceClient::execute`]. Returns
    /// false if there is to be no retry: attempts, budget or time are used up, or the call was
    /// canceled.
    pub(crate) fn back_off(
        &self,
        attempt: u32,
        cause: &Error,
        cancel: &Cancel,
        deadline: Deadline,
    ) -> bool {
        let delay = retry::delay(attempt, random_fraction(), None);
        let is_too_late =
            cancel.is_triggered() || deadline.left().is_some_and(|left| left <= delay);
        if attempt >= self.max_attempts || is_too_late || !self.retry_budget.spend() {
            return false;
        }
        self.logger().info(|| format!("retrying in {} ms: {cause}", delay.as_millis()));
        self.clock.sleep(delay, cancel)
    }
}

/// The state of an operation across its attempts.
pub(super) struct OperationState<'a> {
    pub(super) service: &'a ServiceClient,
    pub(super) operation: &'a dyn ErasedOperation,
    pub(super) context: &'a OperationContext<'a>,
    pub(super) attempts: u32,
    /// Retries after the server had closed an idle connection. They do not count as attempts.
    pub(super) stale_connection_retries: u32,
    /// CRC-64 of the body, from the first attempt that sent all of it.
    pub(super) crc64: Option<u64>,
    /// The key that signed the last attempt.
    pub(super) access_key: Option<AccessKey>,
    /// Credentials were refreshed after OSS had refused a key.
    credentials_refreshed: bool,
    /// The milliseconds for which OSS has delayed the attempts.
    pub(super) throttled_ms: u64,
}

impl OperationState<'_> {
    /// Prepares the next attempt; returns the error that ends the call.
    fn prepare_retry(&mut self, attempt_error: AttemptError) -> Result<()> {
        let AttemptError { error, class, .. } = attempt_error;
        let decision = retry::decide(&class, self.operation.retry_safety());
        let is_stale = matches!(class, FailureClass::ResponseLost { stale_connection: true });
        if decision == RetryDecision::Retry
            && is_stale
            && self.stale_connection_retries < limits::STALE_CONNECTION_RETRIES_MAX
        {
            self.stale_connection_retries += 1;
            self.attempts -= 1;
            return Ok(());
        }
        if let RetryDecision::RecoverThenRetry(action) = decision {
            self.recover_from(action, &class, &error)?;
        }
        if decision == RetryDecision::Fail {
            let is_temporary = retry::is_temporary(&class) || error.kind() == ErrorKind::Protocol;
            return Err(if is_temporary { error.with_retryable(true) } else { error });
        }
        let is_limited = self.context.attempts == AttemptLimit::Configured;
        if is_limited && self.attempts >= self.service.max_attempts {
            return Err(error.with_retryable(true));
        }
        let retry_after = match class {
            FailureClass::Refused(refusal) => refusal.retry_after,
            _ => None,
        };
        let mut delay = retry::delay(self.attempts, random_fraction(), retry_after);
        if !is_limited {
            delay = delay.min(limits::ABORT_DELAY_MAX);
        }
        let error = self.check_time_for(delay, error)?;
        if is_limited && !self.service.retry_budget.spend() {
            return Err(error.with_retryable(true));
        }
        self.wait(delay, error)
    }

    /// Returns the error of the attempt if another one can follow after the delay.
    fn check_time_for(&self, delay: Duration, error: Error) -> Result<Error> {
        if self.context.deadline.left().is_some_and(|left| left <= delay) {
            let text = "the deadline of the call would pass before the next attempt";
            let cause = error.clone();
            return Err(error.with_kind(ErrorKind::Timeout).with_context(text).with_source(cause));
        }
        if self.context.cancel.is_triggered() {
            return Err(Error::canceled().with_source(error));
        }
        Ok(error)
    }

    fn wait(&self, delay: Duration, error: Error) -> Result<()> {
        self.service.logger().info(|| format!("retrying in {} ms: {error}", delay.as_millis()));
        if let Some(observer) = self.context.observer {
            observer.retried();
        }
        if self.service.clock.sleep(delay, self.context.cancel) {
            Ok(())
        } else {
            Err(Error::canceled().with_source(error))
        }
    }

    /// Recovers from the cause of an error response; returns the error if that is not possible.
    fn recover_from(
        &mut self,
        action: RecoveryAction,
        class: &FailureClass,
        error: &Error,
    ) -> Result<()> {
        let has_recovered = match (action, class) {
            (
                RecoveryAction::CorrectClock,
                FailureClass::Refused(Refusal { server_time: Some(time), .. }),
            ) => {
                let corrected = self.service.correct_clock(*time);
                return corrected.map_err(|text| error.clone().with_text(text));
            }
            (RecoveryAction::CorrectClock, _) => false,
            (RecoveryAction::RefreshCredentials, _) => {
                // If the refreshed key is refused too, another refresh would not help.
                !std::mem::replace(&mut self.credentials_refreshed, true)
                    && self.access_key.as_ref().is_some_and(|key| self.service.invalidate_key(key))
            }
        };
        if has_recovered { Ok(()) } else { Err(error.clone()) }
    }
}

/// Whether the object exists after a call that should have created it.
fn object_exists(evidence: Evidence) -> ObjectExists {
    match evidence {
        Evidence::NotSent | Evidence::NoEffect => ObjectExists::No,
        Evidence::Uncertain => ObjectExists::Unknown,
        Evidence::TookEffect => ObjectExists::Yes,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::model::{BucketName, ObjectKey, PartNumber, UploadId};
    use crate::ops::{AbortMultipartUpload, HeadObject, UploadPart};
    use crate::service::{Config, SimulatedPeer};
    use crate::transport::{Delivery, Exchange, ExchangeError, ExchangeOptions, OutgoingRequest};
    use crate::wire::{Headers, Response, Sent};

    /// Responds to every request with what the function returns.
    struct FakePeer<F>(F);

    impl<F> std::fmt::Debug for FakePeer<F> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("FakePeer")
        }
    }

    impl<F: Fn() -> Result<Exchange, ExchangeError> + Send + Sync> SimulatedPeer for FakePeer<F> {
        fn send(
            &self,
            _: &OutgoingRequest<'_>,
            _: &ExchangeOptions<'_>,
        ) -> Result<Exchange, ExchangeError> {
            self.0()
        }
    }

    fn failure(error: Error, stale_connection: bool) -> Result<Exchange, ExchangeError> {
        Err(ExchangeError { error, delivery: Delivery::Possible, stale_connection, sent: None })
    }

    const REQUEST_ID: &str = "5C3D9175B6FC201293AD4890";

    /// The response to seven bytes, of which the CRC-64 is `sent_crc64`.
    fn response(status: u16, body: String, sent_crc64: u64) -> Exchange {
        let mut headers = Headers::default();
        headers.set("x-oss-request-id", REQUEST_ID).unwrap();
        headers.set("x-oss-hash-crc64ecma", "1").unwrap();
        let response = Response { status, headers, body: body.into_bytes() };
        let sent = Sent { bytes: 7, crc64: sent_crc64 };
        Exchange { response, sent, body_complete: true, bytes_sent: 7 }
    }

    fn refusal(status: u16, code: &str, sent_crc64: u64) -> Exchange {
        response(status, format!("<Error><Code>{code}</Code></Error>"), sent_crc64)
    }

    /// The service closes each idle connection; counts the requests.
    fn closing_service(requests: &Arc<AtomicU32>) -> ServiceClient {
        let requests = Arc::clone(requests);
        let closed = move || {
            requests.fetch_add(1, Ordering::SeqCst);
            failure(Error::new(ErrorKind::Network, "closed"), true)
        };
        service(closed, 1)
    }

    fn service(
        peer: impl Fn() -> Result<Exchange, ExchangeError> + Send + Sync + 'static,
        attempts: u32,
    ) -> ServiceClient {
        let mut config = Config::new();
        config.set_region("cn-hangzhou").unwrap().set_keys("id", "secret", None).unwrap();
        config.set_max_attempts(attempts).unwrap();
        let mut service = ServiceClient::new(&config).unwrap();
        service.simulate(Arc::new(FakePeer(peer)));
        service
    }

    fn part() -> UploadPart {
        let bucket = BucketName::parse("bucket").unwrap();
        let (key, id) = (ObjectKey::parse("key").unwrap(), UploadId::parse("id").unwrap());
        let number = PartNumber::new(1).unwrap();
        UploadPart::new(&bucket, &key, &id, number).with_bytes(&b"content"[..])
    }

    fn head() -> HeadObject {
        let bucket = BucketName::parse("bucket").unwrap();
        HeadObject::new(&bucket, &ObjectKey::parse("key").unwrap())
    }

    #[test]
    fn the_budget_does_not_pay_for_retries_that_the_deadline_or_a_cancellation_prevents() {
        let service =
            service(|| failure(Error::deadline_passed(), false), limits::ATTEMPTS_DEFAULT);
        let head = head();
        let canceled = Cancel::new().unwrap();
        canceled.trigger();
        let error = Error::deadline_passed();
        for _ in 0..2 * limits::RETRY_BUDGET {
            let cancel = Cancel::never();
            let deadline = Deadline::after(Duration::ZERO);
            let context = OperationContext { deadline, ..OperationContext::new(&cancel) };
            let failed = service.execute(&head, &context).unwrap_err();
            assert_eq!(failed.error.kind(), ErrorKind::Timeout);
            let failed = service.execute(&head, &OperationContext::new(&canceled)).unwrap_err();
            assert_eq!(failed.error.kind(), ErrorKind::Canceled);
            assert!(!service.back_off(1, &error, &cancel, deadline));
        }
        let retries = std::iter::repeat_with(|| service.retry_budget.spend());
        let most = limits::RETRY_BUDGET / limits::RETRY_COST;
        assert_eq!(retries.take_while(|is_paid| *is_paid).count(), most as usize);
    }

    #[test]
    fn a_connection_that_is_closed_again_and_again_counts_as_an_attempt_the_fifth_time() {
        let requests = Arc::new(AtomicU32::new(0));
        let service = closing_service(&requests);
        let cancel = Cancel::never();
        let failed = service.execute(&head(), &OperationContext::new(&cancel)).unwrap_err();
        assert_eq!((failed.error.kind(), failed.error.attempts()), (ErrorKind::Network, 1));
        assert_eq!(requests.load(Ordering::SeqCst), 5);
    }

    #[test]
    fn a_part_that_waits_while_oss_throttles_ends_with_a_cancellation_or_the_deadline() {
        let requests = Arc::new(AtomicU32::new(0));
        let service = closing_service(&requests);
        let held = service.concurrency_limiter.acquire(&Cancel::never(), Deadline::NEVER);
        service.concurrency_limiter.on_throttled(crate::runtime::now());
        let (never, canceled) = (Cancel::never(), Cancel::new().unwrap());
        canceled.trigger();
        let passed = Deadline::after(Duration::ZERO);
        for (cancel, deadline, kind) in [
            (&never, passed, ErrorKind::Timeout),
            (&canceled, Deadline::NEVER, ErrorKind::Canceled),
        ] {
            let context = OperationContext { deadline, ..OperationContext::new(cancel) };
            let failed = service.execute(&part(), &context).unwrap_err();
            assert_eq!((failed.error.kind(), failed.evidence), (kind, Evidence::NotSent));
        }
        assert_eq!(requests.load(Ordering::SeqCst), 0);
        drop(held);
    }

    #[test]
    fn a_mismatch_names_the_request_that_took_effect() {
        let service = service(|| Ok(response(200, String::new(), 0)), 1);
        let cancel = Cancel::never();
        let failed = service.execute(&part(), &OperationContext::new(&cancel)).unwrap_err();
        assert_eq!(failed.error.kind(), ErrorKind::Integrity, "{}", failed.error);
        assert_eq!(failed.error.request_id(), Some(REQUEST_ID));
        assert_eq!(failed.evidence, Evidence::TookEffect);
    }

    #[test]
    fn an_upload_that_the_first_abort_does_not_find_is_an_error() {
        let service = service(|| Ok(refusal(404, "NoSuchUpload", 0)), 1);
        let bucket = BucketName::parse("bucket").unwrap();
        let (key, id) = (ObjectKey::parse("key").unwrap(), UploadId::parse("id").unwrap());
        let (abort, cancel) = (AbortMultipartUpload::new(&bucket, &key, &id), Cancel::never());
        let failed = service.execute(&abort, &OperationContext::new(&cancel)).unwrap_err();
        assert_eq!(failed.error.oss_code(), Some("NoSuchUpload"), "{}", failed.error);
    }

    #[test]
    fn a_source_that_has_changed_between_two_refused_attempts_is_reported() {
        let requests = AtomicU32::new(0);
        let changing = move || {
            let sent_crc64 = requests.fetch_add(1, Ordering::SeqCst).into();
            Ok(refusal(500, "InternalError", sent_crc64))
        };
        let service = service(changing, 2);
        let cancel = Cancel::never();
        let failed = service.execute(&part(), &OperationContext::new(&cancel)).unwrap_err();
        assert_eq!((failed.error.kind(), failed.error.attempts()), (ErrorKind::Changed, 2));
    }
}
