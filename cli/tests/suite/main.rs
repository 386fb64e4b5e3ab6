//! What a user of the command sees: real processes against the emulator, with faults injected.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod cleaning;
mod closed_stdout;
mod copying;
mod fixture;
mod interrupting;
mod json;
mod listing;
mod presigning;
mod putting;
mod resuming;
mod run;
mod several;
mod shell;
mod stdin;
mod terminal;
mod usage;
