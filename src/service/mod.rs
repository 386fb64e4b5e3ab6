//! Executes operations against OSS: the configuration, and the one retry loop, whose attempts sign,
//! send, classify and parse.

mod attempt;
mod attempt_error;
mod clock_offset;
mod concurrency_limiter;
mod config;
mod erased_operation;
mod evidence;
mod logger;
mod operation_context;
mod presign;
mod rate_limiter;
mod redact_response;
mod retry_loop;
mod service_client;
mod wire_log;

pub(crate) use crate::transport::CancelPolicy;
#[cfg(test)]
pub(crate) use crate::transport::SimulatedPeer;
pub use config::Config;
pub(crate) use evidence::Evidence;
pub use logger::LogLevel;
pub(crate) use logger::Logger;
pub(crate) use operation_context::{
    AttemptLimit, ExpectedFailure, Observer, OperationContext, OperationError, OperationOutcome,
};
pub(crate) use presign::Presigned;
pub(crate) use rate_limiter::RateLimiter;
pub(crate) use service_client::ServiceClient;
