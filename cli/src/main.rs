//! The `ossmpu` command: uploads to Alibaba Cloud OSS from a shell.
//!
//! It is a user of the library like any other: every request is a call of the public Rust API. What
//! was asked for goes to stdout, all else to stderr, and the exit code says what became of it.

mod bar;
mod command_line;
mod commands;
mod connection;
mod console;
mod duration;
mod ending;
mod error_line;
mod failure;
mod ignored_signals;
mod interrupt;
mod md5;
mod name_value;
mod object_options;
mod object_url;
mod place;
mod printable;
mod session;
mod size;
mod tally;
mod transfer_options;
mod verbosity;

use std::process::ExitCode;

use clap::Parser;

use self::command_line::CommandLine;
use self::ending::Ending;

fn main() -> ExitCode {
    match CommandLine::try_parse() {
        Ok(line) => run(&line).into(),
        Err(refusal) => console::refuse(&refusal).into(),
    }
}

fn run(line: &CommandLine) -> Ending {
    let console = line.verbosity.console();
    let session = match session::Session::begin(&line.connection, &line.verbosity, console) {
        Ok(session) => session,
        Err(failure) => return console.fail(&failure),
    };
    let ending = match commands::run(&line.command, &session) {
        Ok(ending) => ending,
        Err(failure) => console.fail(&failure),
    };
    session.judge(ending)
}
