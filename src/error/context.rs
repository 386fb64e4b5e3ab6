//! Adds what each layer knows to an error on its way up.

use std::sync::Arc;
use std::{fmt, io};

use super::{Cause, Error, ErrorKind, ObjectExists, Phase, io_text};

impl Error {
    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Makes it the cause of an error that says that the outcome of Complete is unknown.
    pub(crate) fn into_unknown(self) -> Self {
        let cause = self.clone();
        self.with_kind(ErrorKind::Unknown)
            .with_context("the outcome of Complete is unknown")
            .with_source(cause)
            .with_object_exists(ObjectExists::Unknown)
    }

    /// HeadObject found that the current version is a delete marker.
    pub(crate) fn is_delete_marker(&self) -> bool {
        self.0.is_delete_marker
    }

    pub(crate) fn with_delete_marker(mut self, is_delete_marker: bool) -> Self {
        self.0.is_delete_marker = is_delete_marker;
        self
    }

    pub(crate) fn with_text(mut self, text: impl Into<String>) -> Self {
        self.0.text = text.into();
        self
    }

    /// Puts what the error is about before its text.
    pub(crate) fn with_context(mut self, context: impl fmt::Display) -> Self {
        self.0.text = format!("{context}: {}", self.0.text);
        self
    }

    /// Appends the text of the cause.
    pub(crate) fn with_cause_in_text(mut self) -> Self {
        if let Some(cause) = &self.0.cause {
            self.0.text = format!("{}: {}", self.0.text, cause.text);
        }
        self
    }

    /// Appends what to do about the error.
    pub(crate) fn with_remedy(mut self, remedy: &str) -> Self {
        self.0.text = format!("{}; {remedy}", self.0.text);
        self
    }

    /// True if another attempt would fail the same way although the kind is one that is retried.
    pub(crate) fn is_permanent(&self) -> bool {
        self.0.is_permanent
    }

    pub(crate) fn with_permanent(mut self, is_permanent: bool) -> Self {
        self.0.is_permanent = is_permanent;
        self
    }

    pub(crate) fn with_argument(mut self, argument: impl Into<String>) -> Self {
        self.0.argument = non_empty(argument);
        self
    }

    pub(crate) fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation = Some(operation);
        self
    }

    pub(crate) fn with_phase(mut self, phase: Phase) -> Self {
        self.0.phase = Some(phase);
        self
    }

    pub(crate) fn with_host(mut self, host: impl Into<String>) -> Self {
        self.0.host = non_empty(host);
        self
    }

    /// Adds what the error document of OSS says.
    pub(crate) fn with_service(
        mut self,
        code: impl Into<String>,
        message: impl Into<String>,
        ec: impl Into<String>,
    ) -> Self {
        self.0.oss_code = non_empty(code);
        self.0.oss_message = non_empty(message);
        self.0.ec = non_empty(ec);
        self
    }

    pub(crate) fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.0.request_id = non_empty(request_id);
        self
    }

    pub(crate) fn with_upload_id(mut self, upload_id: impl Into<String>) -> Self {
        self.0.upload_id = non_empty(upload_id);
        self
    }

    /// Adds the text of a cause.
    ///
    /// Errors of other crates are added so: their types are no part of this interface, and their
    /// `Debug` may show more than their text.
    pub(crate) fn with_cause(self, cause: impl fmt::Display) -> Self {
        self.with_source(cause.to_string())
    }

    /// Adds a cause whose type the caller may ask for: an error of this crate, of `std`, or of a
    /// callback.
    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        let error = source.into();
        let text = error.to_string();
        self.0.cause = (!text.is_empty()).then(|| Cause { text, error: error.into() });
        self
    }

    pub(crate) fn with_io(mut self, cause: &io::Error) -> Self {
        self.0.os_errno = cause.raw_os_error();
        let text = io_text(cause);
        let error = match cause.raw_os_error() {
            Some(errno) => io::Error::from_raw_os_error(errno),
            None => io::Error::new(cause.kind(), text.clone()),
        };
        self.0.cause = (!text.is_empty()).then(|| Cause { text, error: Arc::new(error) });
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    pub(crate) fn with_part(mut self, number: u16) -> Self {
        self.0.part_number = (number != 0).then_some(number);
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_bytes_sent(mut self, bytes: u64) -> Self {
        self.0.bytes_sent = bytes;
        self
    }

    pub(crate) fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    pub(crate) fn with_callback_value(mut self, value: impl Into<Option<i64>>) -> Self {
        self.0.callback_value = value.into();
        self
    }

    pub(crate) fn with_parts_left(mut self, left: bool) -> Self {
        self.0.parts_left = left;
        self
    }

    /// The upload of the error was aborted, and no parts are left.
    pub(crate) fn with_upload_aborted(mut self) -> Self {
        self.0.upload_aborted = true;
        self
    }

    pub(crate) fn with_object_exists(mut self, exists: ObjectExists) -> Self {
        self.0.object_exists = exists;
        self
    }

    /// Sets the delay, which is that of the whole call where the caller knows it.
    pub(crate) fn with_throttled_ms(mut self, ms: u64) -> Self {
        self.0.throttled_ms = self.0.throttled_ms.max(ms);
        self
    }

    pub(crate) fn with_upload_may_exist(mut self, may: bool) -> Self {
        self.0.upload_may_exist = may;
        self
    }
}

fn non_empty(text: impl Into<String>) -> Option<String> {
    Some(text.into()).filter(|text| !text.is_empty())
}
