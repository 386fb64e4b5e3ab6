//! Uploads against a model of the service and the network, in every order of a few faults.
//!
//! The code that signs, sends, retries, resumes, completes and aborts runs unchanged; what takes
//! the place of connections is [`network`]. Here it runs on one thread and on a clock that jumps.
//! What happens to a request is a choice, and the [`explorer`] makes all of them.
//! `docs/reliability.md` tells what the model may do and why.

mod exchange;
pub(crate) mod explorer;
pub(crate) mod fault;
mod invariants;
pub(crate) mod network;
mod report;
mod run;
#[cfg(not(shuttle))]
mod safeguards;
mod scenarios;
pub(crate) mod service;
#[cfg(not(shuttle))]
mod tests;

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::runtime::{now, simulated};

/// When every run starts.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The service's time of day.
fn time_of_day() -> SystemTime {
    let passed = now().saturating_duration_since(*START);
    UNIX_EPOCH + Duration::from_secs(1_700_000_000) + passed
}

/// Lets simulated time pass.
fn pass(time: Duration) {
    simulated::set(Some(now() + time));
}
