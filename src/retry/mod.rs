//! Decides which failed attempts are retried, and after how long. Pure except for the retry budget.

mod backoff;
mod budget;
mod policy;

pub(crate) use backoff::{delay, parse_retry_after};
pub(crate) use budget::RetryBudget;
pub(crate) use policy::{
    FailureClass, RecoveryAction, Refusal, RetryDecision, decide, is_temporary, is_throttled,
};
