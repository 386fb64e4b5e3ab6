//! Tests of the Rust API against the emulator, with fault injection.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod addresses;
mod bad_input;
mod canceling;
mod concurrency;
mod copies;
mod credentials;
mod delta;
mod delta_steps;
mod descriptor;
mod earlier_calls;
mod examples;
mod fake_server;
mod files;
mod fixture;
mod lists;
mod malformed_responses;
mod messages;
mod multipart_steps;
mod non_idempotent;
mod outcomes;
#[cfg(target_os = "linux")]
mod page_cache;
mod presigned;
mod progress;
mod resuming;
mod retries;
mod secrets;
mod sequential;
mod service_errors;
mod shared_client;
mod slow_parts;
#[cfg(unix)]
mod special_files;
mod streams;
mod throttling;
mod timeouts;
mod uncertain_outcomes;
mod verification;
mod whole_objects;
