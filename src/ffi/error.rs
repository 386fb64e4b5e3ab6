//! The error object of a failed call.

use std::ffi::{CString, c_char, c_int};

use super::handle;
use super::panic_boundary::guard_value;
use super::status;
use super::text::{self, EMPTY, Texts};
use crate::{Error, ObjectExists, Phase};

/// Why a call failed. It never changes, so any number of threads may read it.
/// Free it with ossmpu_error_free.
#[derive(Debug)]
pub struct ossmpu_error {
    status: c_int,
    message: CString,
    texts: Texts,
    error: Error,
}

const _: () = handle::assert_shared::<ossmpu_error>();

/// Text: the OSS operation that failed, such as "UploadPart".
pub const OSSMPU_ERRINFO_OPERATION: c_int = 5001;
/// Text: the phase of the request in which it failed: "resolve", "connect",
/// "tls", "send", "wait" or "receive".
pub const OSSMPU_ERRINFO_PHASE: c_int = 5002;
/// Text: the host that the request was sent to.
pub const OSSMPU_ERRINFO_HOST: c_int = 5003;
/// Text: the error code of OSS, such as "NoSuchUpload".
pub const OSSMPU_ERRINFO_OSS_CODE: c_int = 5004;
/// Text: the error message of OSS.
pub const OSSMPU_ERRINFO_OSS_MESSAGE: c_int = 5005;
/// Text: x-oss-ec, the detailed error code of OSS.
pub const OSSMPU_ERRINFO_EC: c_int = 5006;
/// Text: x-oss-request-id, which Alibaba Cloud support asks for.
pub const OSSMPU_ERRINFO_REQUEST_ID: c_int = 5007;
/// Text: the ID of the upload to resume or abort; "" if none was initiated.
pub const OSSMPU_ERRINFO_UPLOAD_ID: c_int = 5008;
/// Text: the name of the invalid argument, key or header.
pub const OSSMPU_ERRINFO_ARGUMENT: c_int = 5009;
/// Text: the underlying error, for example of the system or of TLS.
pub const OSSMPU_ERRINFO_CAUSE: c_int = 5010;
/// Number: the HTTP status; 0 if there was no response.
pub const OSSMPU_ERRINFO_HTTP_STATUS: c_int = 5100;
/// Number: the part number; 0 if the error is not about a part.
pub const OSSMPU_ERRINFO_PART_NUMBER: c_int = 5101;
/// Number: errno of a system call that failed; 0 if none did.
pub const OSSMPU_ERRINFO_OS_ERRNO: c_int = 5102;
/// Number: the attempts that were made, retries included; 0 if the error is not
/// of a request.
pub const OSSMPU_ERRINFO_ATTEMPTS: c_int = 5103;
/// Number: the bytes of its body that the failed request had sent.
pub const OSSMPU_ERRINFO_BYTES_SENT: c_int = 5104;
/// Number: 1 if the same call may succeed later, else 0. It may after
/// OSSMPU_EBUSY and OSSMPU_ETIMEOUT, after a temporary failure of the network
/// or of OSS, and after OSSMPU_EPROTOCOL for a response that was unreadable;
/// not after one that shows that the endpoint does something else, such as
/// copying a whole object instead of a range.
pub const OSSMPU_ERRINFO_RETRYABLE: c_int = 5105;
/// Number: the value that a callback returned to cancel the call.
pub const OSSMPU_ERRINFO_CALLBACK_VALUE: c_int = 5106;
/// Number: 1 if parts may be left under OSSMPU_ERRINFO_UPLOAD_ID. They are
/// billed until the upload is aborted. Else 0.
pub const OSSMPU_ERRINFO_PARTS_LEFT: c_int = 5107;
/// Number: 0 if the call has created no object and never will, 1 if it has
/// created the object although it failed, -1 if that cannot be known: an
/// attempt may have taken effect, or may still do so.
pub const OSSMPU_ERRINFO_OBJECT_EXISTS: c_int = 5108;
/// Number: 1 if OSS may have initiated an upload whose ID was lost with the
/// response; else 0.
pub const OSSMPU_ERRINFO_UPLOAD_MAY_EXIST: c_int = 5109;
/// Number: milliseconds for which OSS delayed the requests of the call because
/// of its bandwidth limits (x-oss-qos-delay-time). Delays of concurrent
/// requests add up.
pub const OSSMPU_ERRINFO_THROTTLED_MS: c_int = 5110;

/// Returns the status of the call that failed; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_error_code(err: Option<&ossmpu_error>) -> c_int {
    guard_value(0, || err.map_or(0, ossmpu_error::status))
}

/// Returns one line for a log: operation, part, what was tried and why it
/// failed, for frequent causes what to do next, HTTP status, code and message
/// of OSS, request ID, and what is left on OSS. It contains no secrets
/// and is meant for people; programs read the fields. "" for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_error_message(err: Option<&ossmpu_error>) -> *const c_char {
    guard_value(EMPTY.as_ptr(), || err.map_or(EMPTY, |error| &error.message).as_ptr())
}

/// Returns a text of an error: OSSMPU_ERRINFO_OPERATION to
/// OSSMPU_ERRINFO_CAUSE. "" if it is unknown, for any other field, and for
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_error_str(err: Option<&ossmpu_error>, field: c_int) -> *const c_char {
    guard_value(EMPTY.as_ptr(), || err.map_or(EMPTY, |error| error.texts.get(field)).as_ptr())
}

/// Returns a number of an error: OSSMPU_ERRINFO_HTTP_STATUS to
/// OSSMPU_ERRINFO_THROTTLED_MS. -1 for any other field, 0 for NULL. -1 for
/// OSSMPU_ERRINFO_OBJECT_EXISTS means that it cannot be known, and for
/// OSSMPU_ERRINFO_CALLBACK_VALUE it may be the value of the callback.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_error_int(err: Option<&ossmpu_error>, field: c_int) -> i64 {
    guard_value(0, || err.map_or(0, |error| error.number(field)))
}

/// Frees an error and all texts returned from it. NULL is a no-op.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_error_free(err: Option<Box<ossmpu_error>>) {
    guard_value((), || drop(err));
}

impl ossmpu_error {
    pub(super) fn new(error: &Error) -> Self {
        Self::with_status(status::from_kind(error.kind()), error)
    }

    /// An error that accompanies a success.
    pub(super) fn with_status(status: c_int, error: &Error) -> Self {
        let texts = Texts::new([
            (OSSMPU_ERRINFO_OPERATION, error.operation().unwrap_or_default()),
            (OSSMPU_ERRINFO_PHASE, error.phase().map_or("", Phase::as_str)),
            (OSSMPU_ERRINFO_HOST, error.host().unwrap_or_default()),
            (OSSMPU_ERRINFO_OSS_CODE, error.oss_code().unwrap_or_default()),
            (OSSMPU_ERRINFO_OSS_MESSAGE, error.oss_message().unwrap_or_default()),
            (OSSMPU_ERRINFO_EC, error.ec().unwrap_or_default()),
            (OSSMPU_ERRINFO_REQUEST_ID, error.request_id().unwrap_or_default()),
            (OSSMPU_ERRINFO_UPLOAD_ID, error.upload_id().unwrap_or_default()),
            (OSSMPU_ERRINFO_ARGUMENT, error.argument().unwrap_or_default()),
            (OSSMPU_ERRINFO_CAUSE, error.cause().unwrap_or_default()),
        ]);
        Self { status, message: text::to_c_string(&error.to_string()), texts, error: error.clone() }
    }

    pub(super) fn status(&self) -> c_int {
        self.status
    }

    fn number(&self, field: c_int) -> i64 {
        let error = &self.error;
        match field {
            OSSMPU_ERRINFO_HTTP_STATUS => error.http_status().unwrap_or(0).into(),
            OSSMPU_ERRINFO_PART_NUMBER => error.part_number().unwrap_or(0).into(),
            OSSMPU_ERRINFO_OS_ERRNO => error.os_errno().unwrap_or(0).into(),
            OSSMPU_ERRINFO_ATTEMPTS => error.attempts().into(),
            OSSMPU_ERRINFO_BYTES_SENT => i64::try_from(error.bytes_sent()).unwrap_or(i64::MAX),
            OSSMPU_ERRINFO_RETRYABLE => error.is_retryable().into(),
            OSSMPU_ERRINFO_CALLBACK_VALUE => error.callback_value().unwrap_or(0),
            OSSMPU_ERRINFO_PARTS_LEFT => error.parts_left().into(),
            OSSMPU_ERRINFO_OBJECT_EXISTS => match error.object_exists() {
                ObjectExists::No => 0,
                ObjectExists::Yes => 1,
                ObjectExists::Unknown => -1,
            },
            OSSMPU_ERRINFO_UPLOAD_MAY_EXIST => error.upload_may_exist().into(),
            OSSMPU_ERRINFO_THROTTLED_MS => i64::try_from(error.throttled_ms()).unwrap_or(i64::MAX),
            _ => -1,
        }
    }

    #[cfg(test)]
    pub(super) fn message(&self) -> &str {
        self.message.to_str().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn every_field_has_its_value() {
        let error = Error::new(ErrorKind::Service, "refused")
            .with_operation("UploadPart")
            .with_phase(Phase::Wait)
            .with_host("host")
            .with_service("Code", "Message", "EC")
            .with_request_id("request")
            .with_upload_id("upload")
            .with_argument("argument")
            .with_cause("cause")
            .with_status(503)
            .with_part(7)
            .with_attempts(3)
            .with_bytes_sent(u64::MAX)
            .with_retryable(true)
            .with_callback_value(-9)
            .with_parts_left(true)
            .with_object_exists(ObjectExists::Unknown)
            .with_upload_may_exist(true)
            .with_throttled_ms(70);
        let object = ossmpu_error::new(&error);
        let texts: Vec<_> = (OSSMPU_ERRINFO_OPERATION..=OSSMPU_ERRINFO_CAUSE)
            .map(|field| object.texts.get(field))
            .collect();
        let expected = [
            c"UploadPart",
            c"wait",
            c"host",
            c"Code",
            c"Message",
            c"EC",
            c"request",
            c"upload",
            c"argument",
            c"cause",
        ];
        assert_eq!(texts, expected);
        let numbers: Vec<_> = (OSSMPU_ERRINFO_HTTP_STATUS..=OSSMPU_ERRINFO_THROTTLED_MS)
            .map(|field| object.number(field))
            .collect();
        assert_eq!(numbers, [503, 7, 0, 3, i64::MAX, 1, -9, 1, -1, 1, 70]);
        assert_eq!([0, 5111, -1].map(|field| object.number(field)), [-1; 3]);
    }
}
