//! Counts the successes and failures of a command that performs several operations.

use crate::exit_status::ExitStatus;

#[derive(Debug, Default)]
pub struct Summary {
    succeeded: usize,
    failed: usize,
    /// Those of the failures that are usage errors.
    refused: usize,
    has_failed_callbacks: bool,
}

impl Summary {
    pub fn add_success(&mut self) {
        self.succeeded += 1;
    }

    /// Counts a failure with that exit status.
    pub fn add_failure(&mut self, status: ExitStatus) {
        self.failed += 1;
        self.refused += usize::from(status == ExitStatus::Usage);
    }

    /// Counts an object that is stored although its upload callback failed.
    pub fn add_failed_callback(&mut self) {
        self.succeeded += 1;
        self.has_failed_callbacks = true;
    }

    pub fn exit_status(&self) -> ExitStatus {
        match (self.succeeded, self.failed) {
            (_, 0) if self.has_failed_callbacks => ExitStatus::CallbackFailed,
            (_, 0) => ExitStatus::Success,
            (0, failed) if failed == self.refused => ExitStatus::Usage,
            (0, _) => ExitStatus::Failed,
            _ => ExitStatus::PartialFailure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_failure_needs_a_success_and_a_failure() {
        let status =
            |succeeded, failed| Summary { succeeded, failed, ..Summary::default() }.exit_status();
        assert_eq!(status(0, 0), ExitStatus::Success);
        assert_eq!(status(2, 0), ExitStatus::Success);
        assert_eq!(status(0, 2), ExitStatus::Failed);
        assert_eq!(status(1, 2), ExitStatus::PartialFailure);
    }

    #[test]
    fn usage_errors_count_only_if_there_is_nothing_else() {
        let mut summary = Summary::default();
        summary.add_failure(ExitStatus::Usage);
        assert_eq!(summary.exit_status(), ExitStatus::Usage);
        summary.add_failure(ExitStatus::Failed);
        assert_eq!(summary.exit_status(), ExitStatus::Failed);
        summary.add_success();
        assert_eq!(summary.exit_status(), ExitStatus::PartialFailure);
    }

    #[test]
    fn a_failed_callback_counts_only_if_no_object_is_missing() {
        let mut summary = Summary::default();
        summary.add_success();
        summary.add_failed_callback();
        assert_eq!(summary.exit_status(), ExitStatus::CallbackFailed);
        summary.add_failure(ExitStatus::Failed);
        assert_eq!(summary.exit_status(), ExitStatus::PartialFailure);
    }
}
