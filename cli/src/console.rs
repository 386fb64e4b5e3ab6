//! What the program says: results on stdout, everything else on stderr, each a line or, when asked
//! for, a JSON object in a line.

use std::io::{self, Write};

use clap::error::ErrorKind;
use serde::Serialize;

use crate::ending::Ending;
use crate::error_line::ErrorLine;
use crate::failure::Failure;
use crate::printable::printable;

/// How results and failures are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

/// Where the program says things.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    pub format: Format,
    /// Says nothing of what was done.
    pub quiet: bool,
}

/// A result: its fields are the JSON object.
pub trait Line: Serialize {
    /// The same for people; its control characters are shown, not sent.
    fn text(&self) -> String;
}

impl Console {
    /// Says what was asked for.
    ///
    /// # Errors
    ///
    /// `Output`, when stdout cannot be written to.
    pub fn answer(self, line: &impl Line) -> Result<(), Failure> {
        match self.format {
            Format::Text => print(printable(&line.text()).as_bytes()),
            Format::Json => print(json(line).as_bytes()),
        }
    }

    /// Says what was done, unless that is not wanted. JSON is always wanted.
    ///
    /// # Errors
    ///
    /// As for [`Console::answer`].
    pub fn done(self, line: &impl Line) -> Result<(), Failure> {
        if self.quiet && self.format == Format::Text { Ok(()) } else { self.answer(line) }
    }

    /// Says why something could not be done, and gives the ending that this would be.
    pub fn fail(self, failure: &Failure) -> Ending {
        let ending = failure.ending();
        match self.format {
            // Who closed stdout does not want to hear of it.
            _ if ending == Ending::OutputClosed => {}
            Format::Text => complain(&format!("{PROGRAM}: {}", printable(&failure.to_string()))),
            Format::Json => complain(&json(&ErrorLine::of(failure))),
        }
        ending
    }

    /// Says on stderr what a person may do next, or has to know besides.
    pub fn hint(self, text: &str) {
        if self.format == Format::Text && !self.quiet {
            complain(&format!("{PROGRAM}: {}", printable(text)));
        }
    }

    /// Passes on a line of the library's log.
    pub fn log(self, line: &str) {
        match self.format {
            Format::Text => complain(&format!("{PROGRAM}: {}", printable(line))),
            Format::Json => complain(&json(&serde_json::json!({ "log": line }))),
        }
    }
}

/// Says what is wrong with a command line, or the help that it asked for.
pub fn refuse(refusal: &clap::Error) -> Ending {
    let asked = matches!(refusal.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if asked {
        let said = print_raw(refusal.to_string().as_bytes());
        let console = Console { format: Format::Text, quiet: false };
        return said.map_or_else(|failure| console.fail(&failure), |()| Ending::Done);
    }
    // The line could not be read, but whether a program reads the answer can be seen.
    if std::env::args_os().any(|argument| argument == "--json") {
        complain(&json(&ErrorLine::usage(refusal.to_string().trim_end().to_owned())));
    } else {
        complain(refusal.to_string().trim_end());
    }
    Ending::Usage
}

/// Writes text that is made by this program as it is.
///
/// # Errors
///
/// `Output`, when stdout cannot be written to.
pub fn print_raw(text: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text).and_then(|()| stdout.flush()).map_err(Failure::Output)
}

/// One line, written and flushed at once so that a reader sees it when it is true.
fn print(line: &[u8]) -> Result<(), Failure> {
    print_raw(&[line, b"\n"].concat())
}

/// A closed stderr is no reason for another failure.
fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Maps of text and numbers can always be written.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

const PROGRAM: &str = "ossmpu";
