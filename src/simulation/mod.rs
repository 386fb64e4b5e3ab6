//! Uploads against a model of the service and the network, in every order of a few faults.
//!
//! The code that signs, sends, retries, resumes, completes and aborts runs unchanged; what takes
//! the place of connections is [`network`]. It runs on one thread and on a clock that jumps. What
//! happens to a request is a choice, and the [`explorer`] makes all of them. With `--cfg shuttle`
//! several workers run in random schedules instead. `docs/reliability.md` says what the model may
//! do and why.
#![cfg_attr(shuttle, expect(dead_code, reason = "the exhaustive simulation needs more of it"))]

#[cfg(shuttle)]
mod concurrency;
mod exchange;
pub(crate) mod explorer;
pub(crate) mod fault;
#[cfg(not(shuttle))]
mod found_traces;
mod invariants;
pub(crate) mod network;
#[cfg(not(shuttle))]
mod report;
#[cfg(not(shuttle))]
mod run;
#[cfg(not(shuttle))]
mod safeguards;
mod scenarios;
#[cfg(shuttle)]
mod seeded_scheduler;
pub(crate) mod service;
#[cfg(shuttle)]
mod shuttle_tests;
pub(crate) mod source_bytes;
#[cfg(not(shuttle))]
mod tests;
#[cfg(shuttle)]
mod threaded_peer;
#[cfg(shuttle)]
mod threaded_run;
#[cfg(shuttle)]
mod threaded_scenarios;

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
