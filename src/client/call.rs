//! The only retry loop: sign, send, judge, wait, parse.
//!
//! An operation goes in, its reply or the reason why there is none comes out. Each attempt is
//! signed anew with fresh credentials, and sends the same bytes as the one before.

use std::time::Duration;

use super::context::{Answer, CallContext, Defeat};
use super::miss::{Miss, MissKind};
use super::{Caller, LogLevel};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::ops::{Operation, Repeat};
use crate::retry::{self, Remedy, Repeats, Verdict};
use crate::runtime::{Cancel, Deadline};
use crate::sign::AccessKey;

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
pub(super) struct Run<'a, O> {
    pub(super) caller: &'a Caller,
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

impl<O: Operation> Run<'_, O> {
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
