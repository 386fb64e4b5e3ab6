//! Output options that every command takes.

use clap::Args;
use ossmpu::LogLevel;

use crate::console::{Console, Format};

/// Output format and verbosity.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct Verbosity {
    /// Print each result on stdout and each error on stderr as one JSON object per line
    #[arg(long, global = true)]
    json: bool,
    /// Print only requested results and errors: no progress bar, no report of what was done
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Log what the library does; twice: each request and response, with secrets redacted
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

impl Verbosity {
    pub fn console(&self) -> Console {
        let format = if self.json { Format::Json } else { Format::Text };
        Console { format, quiet: self.quiet }
    }

    /// Progress is not shown in JSON format, nor between log lines.
    pub fn shows_progress(&self) -> bool {
        !self.json && !self.quiet && self.verbose == 0
    }

    /// The log level of the library.
    pub fn log_level(&self) -> LogLevel {
        match self.verbose {
            0 => LogLevel::Warn,
            1 => LogLevel::Info,
            _ => LogLevel::Debug,
        }
    }

    /// Returns whether to print log lines of this level. Errors are omitted without `-v`: those
    /// that make a call fail are printed as its failure, and the library recovers from the others.
    pub fn shows(&self, level: LogLevel) -> bool {
        self.verbose > 0 || (level == LogLevel::Warn && !self.quiet)
    }
}
