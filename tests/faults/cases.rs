//! The cases of the fault matrix.

use oss_emulator::Rule;
use ossmpu::ErrorKind;

use crate::fault::{Fault, FaultKind, Op};
use crate::wrong_peers::WrongPeer;
use crate::{bad_responses, error_codes, wire_faults, wrong_peers};

/// One fault in one operation, and the expected outcome.
#[derive(Debug, Clone)]
pub struct Case {
    pub op: Op,
    /// The row of the report.
    pub fault: String,
    /// Distinguishes it from the other cases of its row.
    pub detail: String,
    pub injection: FaultInjection,
    pub expect: Expect,
    /// The client sends Content-MD5.
    pub content_md5: bool,
    /// The expected number of attempts of a call that fails, where it is checked.
    pub attempts: Option<u32>,
}

/// Where the fault is injected.
#[derive(Debug, Clone)]
pub enum FaultInjection {
    /// In the proxy between client and server.
    Network(Fault),
    /// In the server.
    Server(Box<Rule>),
    /// By a wrong peer at the server's address.
    WrongPeer(WrongPeer),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// The call succeeds despite the fault.
    Success,
    /// The call fails with an error of this kind.
    Failure(ErrorKind),
    /// The object is created, and the result reports that its callback failed.
    CallbackFailed,
}

impl Case {
    pub fn new(
        op: Op,
        fault: impl Into<String>,
        injection: FaultInjection,
        expect: Expect,
    ) -> Self {
        let (fault, detail) = (fault.into(), String::new());
        Self { op, fault, detail, injection, expect, content_md5: false, attempts: None }
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// True if every further request is affected.
    pub fn is_persistent(&self) -> bool {
        match &self.injection {
            FaultInjection::Network(fault) => fault.times == 0,
            FaultInjection::Server(rule) => rule.times == 0,
            FaultInjection::WrongPeer(_) => true,
        }
    }

    /// True if one connection is lost. No upload may be left behind then, except after Initiate,
    /// whose response holds the upload ID.
    pub fn is_transient_loss(&self) -> bool {
        let loses = |kind| !matches!(kind, FaultKind::Garbage | FaultKind::Duplicate);
        matches!(&self.injection, FaultInjection::Network(fault) if loses(fault.kind))
            && !self.is_persistent()
            && self.op != Op::Initiate
    }

    /// True if the fault stalls the exchange, or nearly so.
    pub fn is_stall(&self) -> bool {
        let is_silent = |kind| matches!(kind, FaultKind::Stall | FaultKind::Drip(_));
        matches!(&self.injection, FaultInjection::Network(fault) if is_silent(fault.kind))
    }

    pub fn name(&self) -> String {
        let times = if self.is_persistent() { "always" } else { "once" };
        format!("{} · {} · {} · {times}", self.op.name(), self.fault, self.detail)
    }
}

/// The whole matrix.
pub fn all() -> Vec<Case> {
    [wire_faults::cases(), error_codes::cases(), bad_responses::cases(), wrong_peers::cases()]
        .concat()
}
