//! A process of the command that has ended.

use std::process::{Child, Output};

use serde_json::Value;

/// What a run left.
#[derive(Debug)]
pub struct Run {
    /// The exit code; none if a signal ended it.
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

    pub fn end(child: Child) -> Self {
        Self::of(child.wait_with_output().unwrap())
    }

    /// It ended with that code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// Each line of stdout as JSON.
    pub fn results(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The one failure on stderr, as JSON.
    #[track_caller]
    pub fn failure(&self) -> Value {
        let mut lines = self.stderr.lines();
        let (Some(line), None) = (lines.next(), lines.next()) else { panic!("{self:?}") };
        let failure: Value = serde_json::from_str(line).unwrap();
        failure["error"].clone()
    }
}
