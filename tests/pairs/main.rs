//! Every pair of options of an upload: undisturbed, and with a process that is killed in between.
//!
//! `setting` has the options, `upload` makes one upload with two of them, and `pairs` runs all
//! pairs and compares the bytes and attributes of each object. The table in `docs/reliability.md`
//! is generated from the same data.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests use the rest")]
#[path = "../suite/fixture.rs"]
mod fixture;
mod pairs;
mod setting;
mod table;
mod upload;
