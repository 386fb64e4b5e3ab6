//! The error of one attempt.

use super::Evidence;
use crate::error::{Error, ErrorKind};
use crate::retry::FailureClass;
use crate::transport::{Delivery, ExchangeError};

/// Why an attempt failed, classified for the retry decision.
pub(super) struct AttemptError {
    pub(super) error: Error,
    pub(super) class: FailureClass,
    pub(super) evidence: Evidence,
}

impl AttemptError {
    pub(super) fn new(error: Error, class: FailureClass, evidence: Evidence) -> Self {
        Self { error, class, evidence }
    }

    /// The request was not sent, and another attempt would fail the same way.
    pub(super) fn not_sent(error: Error) -> Self {
        Self::new(error, FailureClass::NotRetryable, Evidence::NotSent)
    }

    /// The response has status 2xx but cannot be used.
    pub(super) fn unusable_success(error: Error) -> Self {
        Self::new(error, FailureClass::NotRetryable, Evidence::Uncertain)
    }

    /// The service acknowledged bytes that are not the ones of this attempt.
    pub(super) fn mismatch(error: Error) -> Self {
        Self::new(error, FailureClass::Mismatch, Evidence::TookEffect)
    }

    /// Classifies a transport error. `length` is the length of the body: OSS does not execute a
    /// request whose body is incomplete, but a complete one may have arrived.
    pub(super) fn from_exchange_error(error: ExchangeError, length: u64) -> Self {
        let ExchangeError { error, delivery, stale_connection, .. } = error;
        let is_transient = !error.is_permanent()
            && matches!(
                error.kind(),
                ErrorKind::Resolve | ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Network
            );
        let is_sent = delivery == Delivery::Possible && error.bytes_sent() >= length;
        let evidence = if is_sent { Evidence::Uncertain } else { Evidence::NotSent };
        let class = match (is_transient, delivery) {
            (false, _) => FailureClass::NotRetryable,
            (true, Delivery::Impossible) => FailureClass::NotSent,
            (true, Delivery::Possible) => FailureClass::ResponseLost { stale_connection },
        };
        Self::new(error, class, evidence)
    }

    pub(super) fn at_host(mut self, host: &str) -> Self {
        self.error = self.error.with_host(host);
        self
    }

    pub(super) fn with_bytes_sent(mut self, bytes: u64) -> Self {
        self.error = self.error.with_bytes_sent(bytes);
        self
    }

    pub(super) fn with_request_id(mut self, request_id: &str) -> Self {
        if !request_id.is_empty() {
            self.error = self.error.with_request_id(request_id);
        }
        self
    }
}
