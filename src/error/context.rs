//! How the layers add what they know: each takes the error and gives it back.

use std::fmt;

use super::{Error, ErrorKind, ObjectExists, Phase};

impl Error {
    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// The same failure, where what it failed to learn is whether Complete was done.
    pub(crate) fn into_unknown(self) -> Self {
        let cause = self.to_string();
        self.with_kind(ErrorKind::Unknown)
            .with_text("Complete was sent, and its outcome could not be learned")
            .with_cause(cause)
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

    /// Says first what it was about.
    pub(crate) fn with_context(mut self, context: impl fmt::Display) -> Self {
        self.0.text = format!("{context}: {}", self.0.text);
        self
    }

    pub(crate) fn with_argument(mut self, argument: impl Into<String>) -> Self {
        self.0.argument = argument.into();
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
        self.0.host = host.into();
        self
    }

    /// What the service said of itself: code, message, EC.
    pub(crate) fn with_service(
        mut self,
        code: impl Into<String>,
        message: impl Into<String>,
        ec: impl Into<String>,
    ) -> Self {
        self.0.oss_code = code.into();
        self.0.oss_message = message.into();
        self.0.ec = ec.into();
        self
    }

    pub(crate) fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.0.request_id = request_id.into();
        self
    }

    pub(crate) fn with_upload_id(mut self, upload_id: impl Into<String>) -> Self {
        self.0.upload_id = upload_id.into();
        self
    }

    pub(crate) fn with_cause(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = cause.to_string();
        self
    }

    pub(crate) fn with_io(mut self, cause: &std::io::Error) -> Self {
        self.0.os_errno = cause.raw_os_error().unwrap_or(0);
        self.with_cause(cause)
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.http_status = status;
        self
    }

    pub(crate) fn with_part(mut self, number: u16) -> Self {
        self.0.part_number = number;
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

    pub(crate) fn with_callback_value(mut self, value: i64) -> Self {
        self.0.callback_value = value;
        self
    }

    pub(crate) fn with_parts_left(mut self, left: bool) -> Self {
        self.0.parts_left = left;
        self
    }

    pub(crate) fn with_object_exists(mut self, exists: ObjectExists) -> Self {
        self.0.object_exists = exists;
        self
    }

    pub(crate) fn with_upload_may_exist(mut self, may: bool) -> Self {
        self.0.upload_may_exist = may;
        self
    }
}
