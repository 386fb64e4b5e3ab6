//! What a user of the Rust API sees, against the emulator, with faults injected.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod addresses;
mod bad_input;
mod cancelling;
mod copies;
mod credentials;
mod ending;
mod examples;
mod files;
mod fixture;
mod limits_of_time;
mod lists;
mod many;
mod refusals;
mod repeats;
mod replies;
mod resuming;
mod retries;
mod secrets;
mod sequential;
mod sharing;
mod slow_parts;
mod stand_in;
mod steps;
mod streams;
mod whole_objects;
