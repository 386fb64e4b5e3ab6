//! Exit codes of the command.

use std::process::ExitCode;

/// The result of a run. The codes are stable and documented in `docs/cli.md` and in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    Success,
    /// The operation failed, or every one of several failed.
    Failed,
    /// The command line is invalid, or an option does not fit the source; nothing was changed.
    Usage,
    /// Some of several operations failed.
    PartialFailure,
    /// All objects are stored, but an upload callback failed.
    CallbackFailed,
    /// This signal interrupted the run.
    Interrupted(u8),
    /// The reader of stdout closed it.
    StdoutClosed,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Success => 0,
            ExitStatus::Failed => 1,
            ExitStatus::Usage => 2,
            ExitStatus::PartialFailure => 3,
            ExitStatus::CallbackFailed => 4,
            ExitStatus::Interrupted(signal) => SIGNAL_BASE.saturating_add(signal),
            ExitStatus::StdoutClosed => SIGNAL_BASE + SIGPIPE,
        })
    }
}

/// Shells report a process that a signal killed as 128 plus the signal number.
const SIGNAL_BASE: u8 = 128;
const SIGPIPE: u8 = 13;
