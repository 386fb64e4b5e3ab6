//! The `ossmpu` command: uploads to Alibaba Cloud OSS from a shell.
//!
//! It uses only the public Rust API of the library. Results go to stdout, everything else to
//! stderr, and the exit code is the outcome.

mod bucket_url;
mod client_options;
mod command_line;
mod commands;
mod console;
mod context;
mod duration;
mod error_json;
mod exit_status;
mod failure;
mod interrupt;
mod md5;
mod name_value;
mod object_options;
mod object_url;
mod output;
mod progress_bar;
mod sanitize;
mod size;
mod summary;
mod transfer_options;
mod verbosity;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use self::command_line::CommandLine;
use self::context::Context;
use self::exit_status::ExitStatus;

fn main() -> ExitCode {
    match CommandLine::try_parse() {
        Ok(line) => run(&line).into(),
        Err(result) => console::print_parse_result(&result).into(),
    }
}

fn run(line: &CommandLine) -> ExitStatus {
    let console = line.verbosity.console();
    let context = match Context::new(&line.client_options, &line.verbosity, console) {
        Ok(context) => context,
        Err(failure) => return console.print_failure(&failure),
    };
    let status = match line.command.run(&context, CommandLine::command) {
        Ok(status) => status,
        Err(failure) => console.print_failure(&failure),
    };
    context.final_status(status)
}
