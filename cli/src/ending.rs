//! How a run ended, as an exit code.

use std::process::ExitCode;

/// How a run ended. The codes are a promise, and stand in `docs/cli.md` and in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All that was asked for was done.
    Done,
    /// It failed, or all of several did.
    Failed,
    /// The command line makes no sense; nothing was sent.
    Usage,
    /// Some of several failed.
    PartlyFailed,
    /// That signal came first.
    Interrupted(u8),
    /// Nobody reads stdout any more.
    OutputClosed,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(match ending {
            Ending::Done => 0,
            Ending::Failed => 1,
            Ending::Usage => 2,
            Ending::PartlyFailed => 3,
            Ending::Interrupted(signal) => SIGNAL.saturating_add(signal),
            Ending::OutputClosed => SIGNAL + SIGPIPE,
        })
    }
}

/// What shells add to the number of a signal.
const SIGNAL: u8 = 128;
/// A program that takes no care of it ends by this one.
const SIGPIPE: u8 = 13;
