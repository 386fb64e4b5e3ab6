//! How much the program says, and in which form.

use clap::Args;
use ossmpu::LogLevel;

use crate::console::{Console, Format};

/// What is said besides the results.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct Verbosity {
    /// One JSON object for each result on stdout and for each failure on stderr
    #[arg(long, global = true)]
    json: bool,
    /// No progress bar, and nothing about what was done: only answers and failures
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Say what the library does; twice: each request and reply, without secrets
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

impl Verbosity {
    pub fn console(&self) -> Console {
        let format = if self.json { Format::Json } else { Format::Text };
        Console { format, quiet: self.quiet }
    }

    /// Between many log lines nobody sees a bar, and no program wants one.
    pub fn wants_bar(&self) -> bool {
        !self.json && !self.quiet && self.verbose == 0
    }

    /// Up to which level the library's log is listened to.
    pub fn log_level(&self) -> LogLevel {
        match self.verbose {
            0 => LogLevel::Warn,
            1 => LogLevel::Info,
            _ => LogLevel::Debug,
        }
    }

    /// Whether a line of that level is shown. What is logged as an error is said as a failure too,
    /// unless it is one that the library expects and goes on after.
    pub fn shows(&self, level: LogLevel) -> bool {
        self.verbose > 0 || (level == LogLevel::Warn && !self.quiet)
    }
}
