//! Fault injection: a matrix of faults, and the timeouts of every blocking call.
//!
//! The matrix is data: `cases` lists each fault with its operation and the expected outcome, `run`
//! injects it and checks the outcome and the bucket. `docs/reliability.md` is generated from the
//! same data.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod bad_responses;
mod black_holes;
mod cases;
mod error_codes;
mod fault;
#[expect(dead_code, reason = "the other tests use the rest")]
#[path = "../suite/fixture.rs"]
mod fixture;
mod framing;
mod leftovers;
mod matrix;
mod proxy;
mod report;
mod run;
mod time;
mod wire_faults;
mod wrong_peers;
