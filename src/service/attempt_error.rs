//! One attempt that failed.

use crate::error::{Error, ErrorKind};
use crate::retry::FailureClass;
use crate::transport::{Delivery, Failure};

/// Why the attempt failed and what the next one has to know.
pub(super) struct AttemptError {
    pub(super) error: Error,
    pub(super) class: FailureClass,
    pub(super) may_have_taken_effect: bool,
}

impl AttemptError {
    fn new(error: Error, class: FailureClass, may_have_taken_effect: bool) -> Self {
        Self { error, class, may_have_taken_effect }
    }

    /// Nothing was sent, or sending it again changes nothing.
    pub(super) fn without_effect(error: Error) -> Self {
        Self::new(error, FailureClass::Final, false)
    }

    /// The service answered success, but not in a way that can be relied on.
    pub(super) fn unusable_success(error: Error) -> Self {
        Self::new(error, FailureClass::Final, true)
    }

    pub(super) fn mismatch(error: Error) -> Self {
        Self::new(error, FailureClass::Mismatch, true)
    }

    /// `length` is that of the request's body: a request of which the connection did not take all
    /// is not carried out. What it took may have arrived, confirmed or not.
    pub(super) fn from_failure(failure: Failure, length: u64) -> Self {
        let Failure { error, delivery, reused } = failure;
        let may_help = matches!(
            error.kind(),
            ErrorKind::Resolve | ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Network
        );
        let may_have_taken_effect = delivery == Delivery::Maybe && error.bytes_sent() >= length;
        let class = match (may_help, delivery) {
            (false, _) => FailureClass::Final,
            (true, Delivery::Never) => FailureClass::NotSent,
            (true, Delivery::Maybe) => FailureClass::ResponseLost { reused_connection: reused },
        };
        Self::new(error, class, may_have_taken_effect)
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
}
