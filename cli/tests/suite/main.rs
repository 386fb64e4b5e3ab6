//! Runs the command as a process against the emulator, with faults injected.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod clean;
mod closed_stdout;
mod completions_and_man;
mod cp;
mod failed_callbacks;
mod fixture;
mod json_output;
mod ls_uploads;
mod multiple_files;
mod presign;
mod progress_bar;
mod put;
mod resume;
mod run;
mod signals;
mod stdin;
mod usage_errors;
