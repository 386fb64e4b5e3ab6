//! One attempt that failed.

use std::time::{Duration, SystemTime};

use crate::error::{Error, ErrorKind};
use crate::retry::Trouble;
use crate::transport::{Arrival, Failure};

/// Why it failed, and what the next one has to know.
pub(super) struct Miss {
    pub(super) error: Error,
    pub(super) kind: MissKind,
    /// The attempt may have had its effect all the same.
    pub(super) perhaps_done: bool,
}

pub(super) enum MissKind {
    /// As in [`Trouble`].
    Final,
    NeverSent,
    AnswerLost {
        reused: bool,
    },
    Damaged,
    /// Status and code are the error's.
    Refused {
        retry_after: Option<Duration>,
        server_time: Option<SystemTime>,
    },
}

impl Miss {
    fn new(error: Error, kind: MissKind, perhaps_done: bool) -> Self {
        Self { error, kind, perhaps_done }
    }

    /// Nothing was sent, or sending it again changes nothing.
    pub(super) fn last(error: Error) -> Self {
        Self::new(error, MissKind::Final, false)
    }

    /// The service answered success, but not in a way that can be relied on.
    pub(super) fn answered(error: Error) -> Self {
        Self::new(error, MissKind::Final, true)
    }

    pub(super) fn damaged(error: Error) -> Self {
        Self::new(error, MissKind::Damaged, true)
    }

    /// `length` is that of the request's body: a request of which the connection did not take all
    /// is not carried out. What it took may have arrived, confirmed or not.
    pub(super) fn from_failure(failure: Failure, length: u64) -> Self {
        let Failure { error, arrival, reused } = failure;
        let may_help = matches!(
            error.kind(),
            ErrorKind::Resolve | ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Network
        );
        let perhaps_done = arrival == Arrival::Maybe && error.bytes_sent() >= length;
        let kind = match (may_help, arrival) {
            (false, _) => MissKind::Final,
            (true, Arrival::Never) => MissKind::NeverSent,
            (true, Arrival::Maybe) => MissKind::AnswerLost { reused },
        };
        Self::new(error, kind, perhaps_done)
    }

    pub(super) fn at_host(mut self, host: &str) -> Self {
        self.error = self.error.with_host(host);
        self
    }

    pub(super) fn with_request_id(mut self, request_id: &str) -> Self {
        if !request_id.is_empty() {
            self.error = self.error.with_request_id(request_id);
        }
        self
    }

    pub(super) fn trouble(&self) -> Trouble<'_> {
        match &self.kind {
            MissKind::Final => Trouble::Final,
            MissKind::NeverSent => Trouble::NeverSent,
            MissKind::AnswerLost { .. } => Trouble::AnswerLost,
            MissKind::Damaged => Trouble::Damaged,
            MissKind::Refused { .. } => Trouble::Refused {
                status: self.error.http_status().unwrap_or_default(),
                code: self.error.oss_code(),
            },
        }
    }
}
