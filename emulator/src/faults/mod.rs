//! Fault injection: rules that select requests, and the actions they apply.

mod action;
mod rule;

pub use action::{Action, Commit, Direction, Drip, RawResponse, Stall};
pub(crate) use action::{Disconnect, usual_code};
pub use rule::Rule;
pub(crate) use rule::{RequestInfo, RuleBook};
