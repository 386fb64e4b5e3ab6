//! The outcome of a process.

use std::process::{Child, Output};

use serde_json::Value;

/// The exit code and output of a process that has ended.
#[derive(Debug)]
pub struct Run {
    /// `None` if a signal killed the process.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn wait(child: Child) -> Self {
        Self::of(child.wait_with_output().unwrap())
    }

    /// Asserts the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// Parses each line of stdout as JSON.
    pub fn results(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Parses the only line of stderr as a JSON failure.
    #[track_caller]
    pub fn failure(&self) -> Value {
        let mut lines = self.stderr.lines();
        let (Some(line), None) = (lines.next(), lines.next()) else { panic!("{self:?}") };
        let failure: Value = serde_json::from_str(line).unwrap();
        failure["error"].clone()
    }
}
