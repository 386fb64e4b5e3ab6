//! Why a call failed, as an object that its caller owns.

use std::ffi::{CString, c_char, c_int};

use super::guard::guard_value;
use super::ptr::{self, Handle};
use super::status;
use super::text::{self, EMPTY, Texts};
use crate::{Error, ObjectExists, Phase};

/// Why a call failed. It never changes, so any number of threads may read it;
/// whoever got it frees it with ossmpu_error_free.
pub struct ossmpu_error {
    _opaque: [u8; 0],
}

impl Handle for ossmpu_error {
    type Inner = ErrorObject;
}

/// Text: the operation that failed, "UploadPart" and so on.
pub const OSSMPU_ERROR_OPERATION: c_int = 1;
/// Text: resolve, connect, tls, send, wait or receive.
pub const OSSMPU_ERROR_PHASE: c_int = 2;
/// Text: the host that the request went to.
pub const OSSMPU_ERROR_HOST: c_int = 3;
/// Text: the code that OSS gave, "NoSuchUpload" and so on.
pub const OSSMPU_ERROR_OSS_CODE: c_int = 4;
/// Text: what OSS says of it.
pub const OSSMPU_ERROR_OSS_MESSAGE: c_int = 5;
/// Text: x-oss-ec, the fine-grained code of OSS.
pub const OSSMPU_ERROR_EC: c_int = 6;
/// Text: x-oss-request-id, to be given to the vendor's support.
pub const OSSMPU_ERROR_REQUEST_ID: c_int = 7;
/// Text: the upload to go on with or abort; "" if none was made.
pub const OSSMPU_ERROR_UPLOAD_ID: c_int = 8;
/// Text: the name of the bad argument, option or header.
pub const OSSMPU_ERROR_ARGUMENT: c_int = 9;
/// Text: what the lower layers said.
pub const OSSMPU_ERROR_CAUSE: c_int = 10;
/// Number: the HTTP status; 0 if no response came.
pub const OSSMPU_ERROR_HTTP_STATUS: c_int = 100;
/// Number: the part it is about; 0 if it is not about one.
pub const OSSMPU_ERROR_PART_NUMBER: c_int = 101;
/// Number: errno of a system call that failed, 0 if there was none.
pub const OSSMPU_ERROR_OS_ERRNO: c_int = 102;
/// Number: requests that were made for the call, retries included.
pub const OSSMPU_ERROR_ATTEMPTS: c_int = 103;
/// Number: bytes that the failed request had sent of its body.
pub const OSSMPU_ERROR_BYTES_SENT: c_int = 104;
/// Number: 1 if the same call can succeed later, else 0.
pub const OSSMPU_ERROR_RETRYABLE: c_int = 105;
/// Number: what your callback returned when it asked to stop.
pub const OSSMPU_ERROR_CALLBACK_VALUE: c_int = 106;
/// Number: 1 if parts may remain under OSSMPU_ERROR_UPLOAD_ID, where they are
/// billed until the upload is aborted; else 0.
pub const OSSMPU_ERROR_PARTS_LEFT: c_int = 107;
/// Number: 1 if this call made the object all the same, 0 if it did not, -1 if
/// that could not be learned.
pub const OSSMPU_ERROR_OBJECT_EXISTS: c_int = 108;
/// Number: 1 if OSS may have begun an upload whose id was lost with the
/// answer; else 0.
pub const OSSMPU_ERROR_UPLOAD_MAY_EXIST: c_int = 109;

/// Gives the status of the call that made the error; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_error_code(err: *const ossmpu_error) -> c_int {
    guard_value(0, || {
        let call = ();
        // SAFETY: NULL or a live error (contract of `ffi`).
        unsafe { ptr::borrow_or_none(err, &call) }.map_or(0, ErrorObject::status)
    })
}

/// Gives one line for a log: operation, part, cause, HTTP status, code and
/// message of OSS, request id, what is left behind. It holds no secrets and
/// is for people: programs read the fields. "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_error_message(err: *const ossmpu_error) -> *const c_char {
    guard_value(EMPTY.as_ptr(), || {
        let call = ();
        // SAFETY: NULL or a live error (contract of `ffi`).
        let error = unsafe { ptr::borrow_or_none(err, &call) };
        error.map_or(EMPTY, |error| &error.message).as_ptr()
    })
}

/// Gives a text of an error: OSSMPU_ERROR_OPERATION to OSSMPU_ERROR_CAUSE.
/// "" if it is not known, if there is no such text, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_error_str(err: *const ossmpu_error, field: c_int) -> *const c_char {
    guard_value(EMPTY.as_ptr(), || {
        let call = ();
        // SAFETY: NULL or a live error (contract of `ffi`).
        let error = unsafe { ptr::borrow_or_none(err, &call) };
        error.map_or(EMPTY, |error| error.texts.get(field)).as_ptr()
    })
}

/// Gives a number of an error: OSSMPU_ERROR_HTTP_STATUS to
/// OSSMPU_ERROR_UPLOAD_MAY_EXIST. 0 if there is no such number, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_error_int(err: *const ossmpu_error, field: c_int) -> i64 {
    guard_value(0, || {
        let call = ();
        // SAFETY: NULL or a live error (contract of `ffi`).
        unsafe { ptr::borrow_or_none(err, &call) }.map_or(0, |error| error.number(field))
    })
}

/// Frees an error and every text got from it. NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_error_free(err: *mut ossmpu_error) {
    // SAFETY: NULL or an error that nobody uses any more (contract of `ffi`).
    guard_value((), || drop(unsafe { ptr::take(err) }));
}

/// An error with its texts as C wants them.
#[derive(Debug)]
pub(super) struct ErrorObject {
    status: c_int,
    message: CString,
    texts: Texts,
    error: Error,
}

impl ErrorObject {
    pub(super) fn new(error: &Error) -> Self {
        Self::with_status(status::of(error.kind()), error)
    }

    /// For an error that goes with a success.
    pub(super) fn with_status(status: c_int, error: &Error) -> Self {
        let texts = Texts::new([
            (OSSMPU_ERROR_OPERATION, error.operation().unwrap_or_default()),
            (OSSMPU_ERROR_PHASE, error.phase().map_or("", Phase::as_str)),
            (OSSMPU_ERROR_HOST, error.host().unwrap_or_default()),
            (OSSMPU_ERROR_OSS_CODE, error.oss_code().unwrap_or_default()),
            (OSSMPU_ERROR_OSS_MESSAGE, error.oss_message().unwrap_or_default()),
            (OSSMPU_ERROR_EC, error.ec().unwrap_or_default()),
            (OSSMPU_ERROR_REQUEST_ID, error.request_id().unwrap_or_default()),
            (OSSMPU_ERROR_UPLOAD_ID, error.upload_id().unwrap_or_default()),
            (OSSMPU_ERROR_ARGUMENT, error.argument().unwrap_or_default()),
            (OSSMPU_ERROR_CAUSE, error.cause().unwrap_or_default()),
        ]);
        Self { status, message: text::owned(&error.to_string()), texts, error: error.clone() }
    }

    pub(super) fn status(&self) -> c_int {
        self.status
    }

    fn number(&self, field: c_int) -> i64 {
        let error = &self.error;
        match field {
            OSSMPU_ERROR_HTTP_STATUS => error.http_status().unwrap_or(0).into(),
            OSSMPU_ERROR_PART_NUMBER => error.part_number().unwrap_or(0).into(),
            OSSMPU_ERROR_OS_ERRNO => error.os_errno().unwrap_or(0).into(),
            OSSMPU_ERROR_ATTEMPTS => error.attempts().into(),
            OSSMPU_ERROR_BYTES_SENT => i64::try_from(error.bytes_sent()).unwrap_or(i64::MAX),
            OSSMPU_ERROR_RETRYABLE => error.is_retryable().into(),
            OSSMPU_ERROR_CALLBACK_VALUE => error.callback_value().unwrap_or(0),
            OSSMPU_ERROR_PARTS_LEFT => error.parts_left().into(),
            OSSMPU_ERROR_OBJECT_EXISTS => match error.object_exists() {
                ObjectExists::No => 0,
                ObjectExists::Yes => 1,
                ObjectExists::Unknown => -1,
            },
            OSSMPU_ERROR_UPLOAD_MAY_EXIST => error.upload_may_exist().into(),
            _ => 0,
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
    fn every_field_is_told_apart() {
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
            .with_upload_may_exist(true);
        let object = ErrorObject::new(&error);
        let texts: Vec<_> = (1..=10).map(|field| object.texts.get(field)).collect();
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
        let numbers: Vec<_> = (100..=109).map(|field| object.number(field)).collect();
        assert_eq!(numbers, [503, 7, 0, 3, i64::MAX, 1, -9, 1, -1, 1]);
        assert_eq!([object.number(0), object.number(110), object.number(-1)], [0, 0, 0]);
    }
}
