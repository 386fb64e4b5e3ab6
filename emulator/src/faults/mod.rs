//! Faults on demand: rules that strike some requests, and the actions they set off.

mod action;
mod rule;

pub use action::{Action, Commit, Direction, Drip, RawReply, Stall};
pub(crate) use action::{Ending, usual_code};
pub use rule::Rule;
pub(crate) use rule::{Occasion, RuleBook};
