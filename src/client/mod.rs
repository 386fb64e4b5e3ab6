//! Sends operations: configuration, and the one loop that signs, sends, judges, waits and parses.

mod call;
mod caller;
mod config;
mod flow;
mod log_lines;
mod logger;
mod masking;
mod presign;
mod rate;

pub(crate) use crate::transport::AfterSent;
pub(crate) use call::{CallContext, Defeat, Observer};
pub(crate) use caller::Caller;
pub use config::Config;
pub use logger::LogLevel;
pub(crate) use logger::Logger;
pub(crate) use presign::Presigned;
pub(crate) use rate::Rate;
