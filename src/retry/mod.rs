//! What may be repeated, after how long, and how often in all. Pure but for one counter.

mod backoff;
mod budget;
mod policy;

pub(crate) use backoff::{delay, retry_after};
pub(crate) use budget::Budget;
pub(crate) use policy::{FailureClass, Refusal, Remedy, Verdict, is_throttled, judge};
