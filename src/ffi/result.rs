//! What a call has made.

use std::ffi::{c_char, c_int};

use super::guard::{guard, guard_value};
use super::ptr::{self, Handle, Slot};
use super::setting;
use super::text::{EMPTY, Texts};
use crate::{ETag, PresignedUrl, SentPart, UploadResult};

/// What a finished call has made. It never changes, so any number of threads
/// may read it.
pub struct ossmpu_result {
    _opaque: [u8; 0],
}

impl Handle for ossmpu_result {
    type Inner = ResultObject;
}

/// Text: the ETag of the object, with its quotes.
pub const OSSMPU_RESULT_ETAG: c_int = 1;
/// Text: x-oss-request-id of the request that made the object.
pub const OSSMPU_RESULT_REQUEST_ID: c_int = 2;
/// Text: the version that was made, in a bucket with versioning.
pub const OSSMPU_RESULT_VERSION_ID: c_int = 3;
/// Text: the URL of the object, if OSS gave one.
pub const OSSMPU_RESULT_LOCATION: c_int = 4;
/// Text: what the server of the upload callback answered.
pub const OSSMPU_RESULT_CALLBACK: c_int = 5;
/// Text: the presigned URL. Treat it as a secret while it is valid. Only
/// ossmpu_presign gives one.
pub const OSSMPU_RESULT_URL: c_int = 6;
/// Text: the headers that were signed with the URL and have to be sent with
/// the same values, one "name: value" on each line; often none.
pub const OSSMPU_RESULT_HEADERS: c_int = 7;
/// Number: bytes of the object, or of the part that was sent by URL.
pub const OSSMPU_RESULT_SIZE: c_int = 100;
/// Number: the parts it was made of; 0 if it went in one PutObject.
pub const OSSMPU_RESULT_PARTS: c_int = 101;
/// Number: bytes that an earlier try had sent and that were not sent again.
pub const OSSMPU_RESULT_BYTES_RESUMED: c_int = 102;
/// Unsigned: OSS's own CRC-64 of the object, compared with ours if
/// OSSMPU_INTEGRITY_CRC64 is set.
pub const OSSMPU_RESULT_CRC64: c_int = 200;

/// Gives a text of a result: OSSMPU_RESULT_ETAG to OSSMPU_RESULT_HEADERS. "" if
/// it is not known, if there is no such text, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_result_str(
    result: *const ossmpu_result,
    field: c_int,
) -> *const c_char {
    guard_value(EMPTY.as_ptr(), || {
        let call = ();
        // SAFETY: NULL or a live result (contract of `ffi`).
        let result = unsafe { ptr::borrow_or_none(result, &call) };
        result.map_or(EMPTY, |result| result.texts.get(field)).as_ptr()
    })
}

/// Gives a number of a result: OSSMPU_RESULT_SIZE to
/// OSSMPU_RESULT_BYTES_RESUMED. -1 if it is not known or there is no such
/// number; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_result_int(result: *const ossmpu_result, field: c_int) -> i64 {
    guard_value(0, || {
        let call = ();
        // SAFETY: NULL or a live result (contract of `ffi`).
        unsafe { ptr::borrow_or_none(result, &call) }.map_or(0, |result| result.number(field))
    })
}

/// Gives an unsigned number of a result: OSSMPU_RESULT_CRC64. Returns
/// OSSMPU_OK; OSSMPU_ABSENT if it is not known, and then out is left alone (0
/// is a CRC like any other); OSSMPU_EUNSUPPORTED if there is no such number;
/// OSSMPU_EINVAL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_result_u64(
    result: *const ossmpu_result,
    field: c_int,
    out: *mut u64,
) -> c_int {
    guard(Slot::unwanted(), || {
        let call = ();
        // SAFETY: NULL or a live result (contract of `ffi`).
        let result = unsafe { ptr::borrow(result, &call, "result") }?;
        let number = match field {
            OSSMPU_RESULT_CRC64 => result.crc64,
            _ => return Err(setting::unknown_field(field)),
        };
        // SAFETY: NULL or a place for a number (contract of `ffi`).
        unsafe { ptr::write_number(out, number) }
    })
}

/// Frees a result and every text got from it. NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_result_free(result: *mut ossmpu_result) {
    // SAFETY: NULL or a result that nobody uses any more (contract of `ffi`).
    guard_value((), || drop(unsafe { ptr::take(result) }));
}

/// What was made, with its texts as C wants them.
#[derive(Debug)]
pub(super) struct ResultObject {
    texts: Texts,
    size: Option<u64>,
    parts: Option<u16>,
    bytes_resumed: Option<u64>,
    crc64: Option<u64>,
}

impl ResultObject {
    pub(super) fn new(uploaded: &UploadResult) -> Self {
        let texts = Texts::new([
            (OSSMPU_RESULT_ETAG, uploaded.etag.as_ref().map_or("", ETag::as_str)),
            (OSSMPU_RESULT_REQUEST_ID, uploaded.request_id.as_deref().unwrap_or_default()),
            (OSSMPU_RESULT_VERSION_ID, uploaded.version_id.as_deref().unwrap_or_default()),
            (OSSMPU_RESULT_LOCATION, uploaded.location.as_deref().unwrap_or_default()),
            (OSSMPU_RESULT_CALLBACK, uploaded.callback_body.as_deref().unwrap_or_default()),
        ]);
        Self {
            texts,
            size: Some(uploaded.size),
            parts: Some(uploaded.parts),
            bytes_resumed: Some(uploaded.bytes_resumed),
            crc64: uploaded.crc64,
        }
    }

    /// A part that was sent by its URL.
    pub(super) fn of_part(part: &SentPart) -> Self {
        let texts = Texts::new([(OSSMPU_RESULT_ETAG, part.etag.as_str())]);
        let size = Some(part.size);
        Self { texts, size, parts: None, bytes_resumed: None, crc64: part.crc64 }
    }

    /// A URL that was signed.
    pub(super) fn of_url(signed: &PresignedUrl) -> Self {
        let headers = signed.headers.iter();
        let headers: String = headers.map(|(name, value)| format!("{name}: {value}\n")).collect();
        let texts =
            Texts::new([(OSSMPU_RESULT_URL, &*signed.url), (OSSMPU_RESULT_HEADERS, &*headers)]);
        Self { texts, size: None, parts: None, bytes_resumed: None, crc64: None }
    }

    fn number(&self, field: c_int) -> i64 {
        match field {
            OSSMPU_RESULT_SIZE => bytes(self.size),
            OSSMPU_RESULT_PARTS => self.parts.map_or(-1, i64::from),
            OSSMPU_RESULT_BYTES_RESUMED => bytes(self.bytes_resumed),
            _ => -1,
        }
    }
}

fn bytes(number: Option<u64>) -> i64 {
    number.map_or(-1, |number| i64::try_from(number).unwrap_or(i64::MAX))
}
