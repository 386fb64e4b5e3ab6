//! Nothing on the network can hurt the host: a matrix of faults, and limits of time.
//!
//! The matrix is data: `cases` lists what is done to which operation and what must come of it,
//! `run` does it and looks at what is left. `docs/reliability.md` is generated from the same data.
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
