//! Sends operations: configuration, and the one loop that signs, sends, judges, waits and parses.

mod attempt;
mod call;
mod caller;
mod config;
mod context;
mod flow;
mod log_lines;
mod logger;
mod masking;
mod miss;
mod presign;
mod rate;

pub(crate) use crate::transport::AfterSent;
pub(crate) use caller::Caller;
pub use config::Config;
pub(crate) use context::{CallContext, Defeat, Observer};
pub use logger::LogLevel;
pub(crate) use logger::Logger;
pub(crate) use presign::Presigned;
pub(crate) use rate::Rate;
