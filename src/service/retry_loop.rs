//! The only retry loop: sign, send, judge, wait, parse.
//!
//! An operation goes in, its reply or the reason why there is none comes out. Each attempt is
//! signed anew with fresh credentials, and sends the same bytes as the one before.

use std::time::Duration;

use super::attempt_error::AttemptError;
use super::call_context::{CallContext, CallError, CallOutcome};
use super::{AttemptLimit, Evidence, LogLevel, ServiceClient};
use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::limits;
use crate::ops::{Effect, Operation};
use crate::retry::{self, FailureClass, Refusal, Remedy, Verdict};
use crate::runtime::{Cancel, Deadline};
use crate::sign::AccessKey;

impl ServiceClient {
    pub(crate) fn call<O: Operation>(
        &self,
        operation: &O,
        context: &CallContext<'_>,
    ) -> Result<CallOutcome<O::Output>, CallError> {
        let mut run = CallState {
            service: self,
            operation,
            context,
            attempts: 0,
            free: 0,
            crc64: None,
            access_key: None,
            renewed: false,
        };
        let mut evidence = Evidence::NotSent;
        loop {
            let attempt_error = match run.attempt() {
                Ok(outcome) => {
                    let outcome = CallOutcome { earlier_attempts: evidence, ..outcome };
                    self.budget.earn(run.attempts.saturating_sub(1));
                    return Ok(outcome);
                }
                Err(attempt_error) => attempt_error,
            };
            evidence = evidence.join(attempt_error.evidence);
            if let Err(error) = run.prepare_next(attempt_error) {
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
                    || context.expects_not_found && error.http_status() == Some(404);
                let level = if wanted { LogLevel::Info } else { LogLevel::Error };
                self.logger().log(level, || error.to_string());
                let error = match O::EFFECT {
                    Effect::MakesObject => error.with_object_exists(object_exists(evidence)),
                    Effect::StartsUpload => {
                        error.with_upload_may_exist(evidence.may_have_taken_effect())
                    }
                    Effect::Other => error,
                };
                return Err(CallError { error, evidence });
            }
        }
    }
}

impl ServiceClient {
    /// Waits before a request is made again that [`ServiceClient::call`] does not repeat by itself. False
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
pub(super) struct CallState<'a, O> {
    pub(super) service: &'a ServiceClient,
    pub(super) operation: &'a O,
    pub(super) context: &'a CallContext<'a>,
    pub(super) attempts: u32,
    /// Attempts that cost nothing, because a kept-alive connection had died.
    pub(super) free: u32,
    /// Of the body, as the first attempt that sent all of it has read it.
    pub(super) crc64: Option<u64>,
    /// The key that the last attempt was signed with.
    pub(super) access_key: Option<AccessKey>,
    /// The source was asked again because the service had refused a key.
    renewed: bool,
}

impl<O: Operation> CallState<'_, O> {
    /// Decides what follows a failed attempt; an error ends the call.
    fn prepare_next(&mut self, attempt_error: AttemptError) -> Result<()> {
        let AttemptError { error, class, .. } = attempt_error;
        let verdict = retry::judge(&class, self.operation.retry_safety());
        let free = matches!(class, FailureClass::ResponseLost { reused_connection: true });
        if verdict == Verdict::Retry && free && self.free < limits::FREE_RETRIES_MAX {
            self.free += 1;
            self.attempts -= 1;
            return Ok(());
        }
        if let Verdict::RetryAfter(remedy) = verdict
            && !self.apply(remedy, &class)
        {
            return Err(error);
        }
        if verdict == Verdict::Stop {
            return Err(error);
        }
        let is_allowed = match self.context.attempts {
            AttemptLimit::Configured => {
                self.attempts < self.service.max_attempts && self.service.budget.pay()
            }
            AttemptLimit::Deadline => true,
        };
        if !is_allowed {
            return Err(error.with_retryable(true));
        }
        let asked = match class {
            FailureClass::Refused(refusal) => refusal.retry_after,
            _ => None,
        };
        let mut delay = retry::delay(self.attempts, fastrand::f64(), asked);
        if self.context.attempts == AttemptLimit::Deadline {
            delay = delay.min(limits::ABORT_DELAY_MAX);
        }
        self.pause(delay, error)
    }

    fn pause(&self, delay: Duration, error: Error) -> Result<()> {
        if self.context.deadline.left().is_some_and(|left| left <= delay) {
            let text = "the deadline of the call would pass before the next attempt";
            let cause = error.clone();
            return Err(error.with_kind(ErrorKind::Timeout).with_text(text).with_source(cause));
        }
        self.service.logger().info(|| format!("trying again in {} ms: {error}", delay.as_millis()));
        if let Some(observer) = self.context.observer {
            observer.retried();
        }
        if self.service.clock.sleep(delay, self.context.cancel) {
            Ok(())
        } else {
            Err(Error::canceled().with_source(error))
        }
    }

    /// Puts right what the service complained of; false if that is not possible.
    fn apply(&mut self, remedy: Remedy, class: &FailureClass) -> bool {
        match (remedy, class) {
            (
                Remedy::CorrectClock,
                FailureClass::Refused(Refusal { server_time: Some(time), .. }),
            ) => {
                self.service.correct_clock(*time);
                true
            }
            (Remedy::CorrectClock, _) => false,
            (Remedy::FreshCredentials, _) => {
                // What the source gave anew was refused as well: a third key would be no better.
                !std::mem::replace(&mut self.renewed, true)
                    && self.access_key.as_ref().is_some_and(|key| self.service.forget(key))
            }
        }
    }
}

/// Whether the object exists after a call that should have made it.
fn object_exists(evidence: Evidence) -> ObjectExists {
    match evidence {
        Evidence::NotSent | Evidence::Refuted => ObjectExists::No,
        Evidence::Uncertain => ObjectExists::Unknown,
        Evidence::Confirmed => ObjectExists::Yes,
    }
}
