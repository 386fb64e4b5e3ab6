//! What one case of the matrix is, and the list of all.

use oss_emulator::Rule;
use ossmpu::ErrorKind;

use crate::fault::{Fault, Harm, Op};
use crate::wrong_peers::Peer;
use crate::{bad_responses, error_codes, wire_faults, wrong_peers};

/// One fault in one operation, and what must come of it.
#[derive(Debug, Clone)]
pub struct Case {
    pub op: Op,
    /// The row of the report that it belongs to.
    pub fault: String,
    /// What tells it from the others of its row.
    pub detail: String,
    pub strike: Strike,
    pub expect: Expect,
    /// The client checks its bodies with Content-MD5.
    pub verified: bool,
    /// How often the operation is tried before the call fails, where that is one of the facts.
    pub attempts: Option<u32>,
}

/// Who does the harm.
#[derive(Debug, Clone)]
pub enum Strike {
    /// The proxy between client and server.
    Wire(Fault),
    /// The server.
    Server(Box<Rule>),
    /// Somebody else at the server's address.
    Peer(Peer),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// The call succeeds all the same.
    Success,
    /// The call fails with an error of that kind.
    Failure(ErrorKind),
    /// The object is made, and the result says that its callback failed.
    CallbackFailed,
}

impl Case {
    pub fn new(op: Op, fault: impl Into<String>, strike: Strike, expect: Expect) -> Self {
        let (fault, detail) = (fault.into(), String::new());
        Self { op, fault, detail, strike, expect, verified: false, attempts: None }
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

    /// True if the fault does not go away.
    pub fn lasts(&self) -> bool {
        match &self.strike {
            Strike::Wire(fault) => fault.times == 0,
            Strike::Server(rule) => rule.times == 0,
            Strike::Peer(_) => true,
        }
    }

    /// True if one connection is lost, by which no upload may be left; but for Initiate, whose
    /// answer holds the upload ID.
    pub fn is_passing_loss(&self) -> bool {
        let loses = |harm| !matches!(harm, Harm::Garbage | Harm::Duplicate);
        matches!(&self.strike, Strike::Wire(fault) if loses(fault.harm))
            && !self.lasts()
            && self.op != Op::Initiate
    }

    /// True if the fault is that nothing comes any more, or next to nothing.
    pub fn is_silence(&self) -> bool {
        let is_silent = |harm| matches!(harm, Harm::Stall | Harm::Drip(_));
        matches!(&self.strike, Strike::Wire(fault) if is_silent(fault.harm))
    }

    pub fn name(&self) -> String {
        let lasting = if self.lasts() { "always" } else { "once" };
        format!("{} · {} · {} · {lasting}", self.op.name(), self.fault, self.detail)
    }
}

/// The whole matrix.
pub fn all() -> Vec<Case> {
    [wire_faults::cases(), error_codes::cases(), bad_responses::cases(), wrong_peers::cases()]
        .concat()
}
