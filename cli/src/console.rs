//! Output: results go to stdout, everything else to stderr, as text or as one JSON object per
//! line.

use std::io::{self, Write};

use clap::error::ErrorKind;
use serde::Serialize;

use crate::error_json::ErrorJson;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::sanitize::{sanitize, sanitize_json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

/// Writes to stdout and stderr.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    pub format: Format,
    /// Omits progress reports and hints in text format.
    pub quiet: bool,
}

/// A line of output. Its fields are the JSON object.
pub trait Output: Serialize {
    /// The fields of the line in text format, which tabs separate; not sanitized.
    fn to_fields(&self) -> Vec<String>;
}

impl Console {
    /// Prints a result that was requested, also when quiet.
    ///
    /// # Errors
    ///
    /// `Output`, when stdout cannot be written to.
    pub fn print_result(self, output: &impl Output) -> Result<(), Failure> {
        match self.format {
            Format::Text => write_stdout_line(sanitize_fields(&output.to_fields()).as_bytes()),
            Format::Json => write_stdout_line(to_json(output).as_bytes()),
        }
    }

    /// Prints what a command did, unless the format is text and the console is quiet.
    ///
    /// # Errors
    ///
    /// As for [`Console::print_result`].
    pub fn print_action(self, output: &impl Output) -> Result<(), Failure> {
        if self.quiet && self.format == Format::Text { Ok(()) } else { self.print_result(output) }
    }

    /// Prints an error and returns its exit status.
    pub fn print_failure(self, failure: &Failure) -> ExitStatus {
        let status = failure.exit_status();
        match self.format {
            // Whatever closed stdout usually has ended; like other tools, exit silently.
            _ if status == ExitStatus::StdoutClosed => {}
            Format::Text => {
                write_stderr_line(&format!("{PROGRAM}: {}", sanitize(&failure.to_string())));
            }
            Format::Json => write_stderr_line(&to_json(&ErrorJson::new(failure))),
        }
        status
    }

    /// Prints a remark or a suggestion to stderr, in text format only.
    pub fn print_hint(self, text: &str) {
        if self.format == Format::Text && !self.quiet {
            write_stderr_line(&format!("{PROGRAM}: {}", sanitize(text)));
        }
    }

    /// Prints a log line of the library to stderr.
    pub fn print_log(self, line: &str) {
        match self.format {
            Format::Text => write_stderr_line(&format!("{PROGRAM}: {}", sanitize(line))),
            Format::Json => write_stderr_line(&to_json(&serde_json::json!({ "log": line }))),
        }
    }
}

/// Prints what the command line parser returned: an error, or the help or version requested.
pub fn print_parse_result(result: &clap::Error) -> ExitStatus {
    if matches!(result.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let written = write_stdout(result.to_string().as_bytes());
        let console = Console { format: Format::Text, quiet: false };
        return written
            .map_or_else(|failure| console.print_failure(&failure), |()| ExitStatus::Success);
    }
    // The command line was not parsed, so look for --json directly.
    if std::env::args_os().any(|argument| argument == "--json") {
        write_stderr_line(&to_json(&ErrorJson::usage(result.to_string().trim_end().to_owned())));
    } else {
        let text = result.to_string();
        for line in text.trim_end().lines() {
            write_stderr_line(&sanitize(line));
        }
    }
    ExitStatus::Usage
}

/// Writes text to stdout without sanitizing it.
///
/// # Errors
///
/// `Output`, when stdout cannot be written to.
pub fn write_stdout(text: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text).and_then(|()| stdout.flush()).map_err(Failure::Output)
}

/// Writes and flushes one line, so that a reader sees each result at once.
fn write_stdout_line(line: &[u8]) -> Result<(), Failure> {
    write_stdout(&[line, b"\n"].concat())
}

/// Ignores errors: without stderr there is no place to report them.
fn write_stderr_line(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

fn sanitize_fields(fields: &[String]) -> String {
    fields.iter().map(|field| sanitize(field)).collect::<Vec<_>>().join("\t")
}

/// Serializes an output. This cannot fail: all of them are maps of text and numbers.
fn to_json(value: &impl Serialize) -> String {
    sanitize_json(&serde_json::to_string(value).unwrap_or_default())
}

const PROGRAM: &str = "ossmpu";
