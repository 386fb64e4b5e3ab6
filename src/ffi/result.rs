//! The result of a finished call.

use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;

use super::entry_point::{Success, guard, write_number};
use super::handle::{self, OutParam};
use super::key_group::{KeyGroup, ValueType};
use super::panic_boundary::guard_value;
use super::text::{EMPTY, Texts};
use crate::{ETag, PresignedUrl, SentPart, UploadResult};

/// The result of a finished call. It never changes, so any number of threads
/// may read it.
#[derive(Debug)]
pub struct ossmpu_result {
    texts: Texts,
    size: Option<u64>,
    parts: Option<u16>,
    bytes_resumed: Option<u64>,
    bytes_sent: Option<u64>,
    bytes_reused: Option<u64>,
    parts_reused: Option<u64>,
    copies_in_vain: Option<u64>,
    throttled_ms: Option<u64>,
    upload_may_exist: bool,
    verified: Option<bool>,
    crc64: Option<u64>,
}

const _: () = handle::assert_shared::<ossmpu_result>();

/// Text: the ETag of the object, with its quotes.
pub const OSSMPU_RESULT_ETAG: c_int = 3001;
/// Text: x-oss-request-id of the request that created the object.
pub const OSSMPU_RESULT_REQUEST_ID: c_int = 3002;
/// Text: the version ID of the object, in a bucket with versioning.
pub const OSSMPU_RESULT_VERSION_ID: c_int = 3003;
/// Text: the URL of the object, if OSS returned one.
pub const OSSMPU_RESULT_LOCATION: c_int = 3004;
/// Text: the response body of the upload callback. If it is empty after
/// OSSMPU_OK although a callback was set, its outcome is unknown: the response
/// was lost, and HeadObject has shown the object. A warning is logged then.
pub const OSSMPU_RESULT_CALLBACK_BODY: c_int = 3005;
/// Text: the presigned URL, only from ossmpu_presign. Keep it secret while it
/// is valid.
pub const OSSMPU_RESULT_URL: c_int = 3006;
/// Text: the headers that were signed with the URL and must be sent with the
/// same values, one "name: value" per line; often none.
pub const OSSMPU_RESULT_HEADERS: c_int = 3007;
/// Text: why no part, or from some part on no more parts, of a delta upload
/// (OSSMPU_OPTION_DELTA) were copied from the base. The object is as it should
/// be: they were sent. "" if the base was used to the end.
pub const OSSMPU_RESULT_DELTA_STOPPED: c_int = 3008;
/// Number: bytes of the object, or of the part that was sent to a URL.
pub const OSSMPU_RESULT_SIZE: c_int = 3100;
/// Number: parts of the object; 0 if it went in one PutObject.
pub const OSSMPU_RESULT_PARTS: c_int = 3101;
/// Number: bytes that an earlier call had sent and that were not sent again.
pub const OSSMPU_RESULT_BYTES_RESUMED: c_int = 3102;
/// Number: 1 if another upload may exist, because a response to Initiate was
/// lost and with it an upload ID; otherwise 0. A lifecycle rule of the bucket
/// removes it.
pub const OSSMPU_RESULT_UPLOAD_MAY_EXIST: c_int = 3103;
/// Number: milliseconds for which OSS delayed the data of the call because of
/// its bandwidth limits (x-oss-qos-delay-time). Delays of concurrent requests
/// add up.
pub const OSSMPU_RESULT_THROTTLED_MS: c_int = 3104;
/// Number: 1 if the CRC-64 of the object at OSS was compared with that of the
/// bytes sent, or for a copy with that of its source, and is the same; 0 if it
/// could not be compared, because OSS returned none even with HeadObject, or
/// because OSSMPU_INTEGRITY_CRC64 is not set. -1 for a part that was sent to a
/// URL.
pub const OSSMPU_RESULT_VERIFIED: c_int = 3105;
/// Number: bytes of bodies that the call sent, or all calls on the handle of an
/// upload; retries and hedged requests count again.
pub const OSSMPU_RESULT_BYTES_SENT: c_int = 3106;
/// Number: bytes of parts that were not sent because OSS copied them from the
/// base of a delta upload (OSSMPU_OPTION_DELTA).
pub const OSSMPU_RESULT_BYTES_REUSED: c_int = 3107;
/// Number: parts that were not sent because OSS copied them from the base.
pub const OSSMPU_RESULT_PARTS_REUSED: c_int = 3108;
/// Number: parts that OSS copied from the base, or was asked to copy, and that
/// were sent nevertheless, because their bytes differ or the copy failed.
pub const OSSMPU_RESULT_COPIES_IN_VAIN: c_int = 3109;
/// Unsigned: the CRC-64 of the object as OSS computed it.
pub const OSSMPU_RESULT_CRC64: c_int = 3200;

/// Returns a text of a result: OSSMPU_RESULT_ETAG to
/// OSSMPU_RESULT_DELTA_STOPPED. "" if it is unknown, for any other field, and
/// for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_result_str(result: Option<&ossmpu_result>, field: c_int) -> *const c_char {
    guard_value(EMPTY.as_ptr(), || result.map_or(EMPTY, |result| result.texts.get(field)).as_ptr())
}

/// Returns a number of a result: OSSMPU_RESULT_SIZE to
/// OSSMPU_RESULT_COPIES_IN_VAIN. -1 if it is unknown and for any other
/// field, 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_result_int(result: Option<&ossmpu_result>, field: c_int) -> i64 {
    guard_value(0, || result.map_or(0, |result| result.number(field)))
}

/// Writes an unsigned number of a result to out: OSSMPU_RESULT_CRC64. Returns
/// OSSMPU_OK; OSSMPU_ABSENT if it is unknown, without writing to out (0 is a
/// valid CRC-64); OSSMPU_EUNSUPPORTED for any other field; OSSMPU_EINVAL for a
/// text, a number or NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_result_u64(
    result: Option<&ossmpu_result>,
    field: c_int,
    out: Option<&mut MaybeUninit<u64>>,
) -> c_int {
    guard(OutParam::discard(), || {
        let result = handle::required(result, "result")?;
        let number = match field {
            OSSMPU_RESULT_CRC64 => result.crc64,
            _ => return Err(KeyGroup::Result.unknown(ValueType::Unsigned, field)),
        };
        write_number(out, number)
    })
}

/// Frees a result and all texts returned from it. NULL is a no-op.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_result_free(result: Option<Box<ossmpu_result>>) {
    guard_value((), || drop(result));
}

impl ossmpu_result {
    pub(super) fn new(result: &UploadResult) -> Self {
        let delta_stopped = result.delta_stopped.as_ref().map(ToString::to_string);
        let texts = Texts::new([
            (OSSMPU_RESULT_DELTA_STOPPED, delta_stopped.as_deref().unwrap_or_default()),
            (OSSMPU_RESULT_ETAG, result.etag.as_ref().map_or("", ETag::as_str)),
            (OSSMPU_RESULT_REQUEST_ID, result.request_id.as_deref().unwrap_or_default()),
            (OSSMPU_RESULT_VERSION_ID, result.version_id.as_deref().unwrap_or_default()),
            (OSSMPU_RESULT_LOCATION, result.location.as_deref().unwrap_or_default()),
            (OSSMPU_RESULT_CALLBACK_BODY, result.callback_body.as_deref().unwrap_or_default()),
        ]);
        Self {
            texts,
            size: Some(result.size),
            parts: Some(result.parts),
            bytes_resumed: Some(result.bytes_resumed),
            bytes_sent: Some(result.bytes_sent),
            bytes_reused: Some(result.bytes_reused),
            parts_reused: Some(result.parts_reused),
            copies_in_vain: Some(result.copies_in_vain),
            throttled_ms: Some(result.throttled_ms),
            upload_may_exist: result.upload_may_exist,
            verified: Some(result.verified),
            crc64: result.crc64,
        }
    }

    /// The result of sending a part to a presigned URL.
    pub(super) fn of_part(part: &SentPart) -> Self {
        let texts = Texts::new([(OSSMPU_RESULT_ETAG, part.etag.as_str())]);
        let size = Some(part.size);
        Self {
            texts,
            size,
            parts: None,
            bytes_resumed: None,
            bytes_sent: None,
            bytes_reused: None,
            parts_reused: None,
            copies_in_vain: None,
            throttled_ms: None,
            upload_may_exist: false,
            verified: None,
            crc64: part.crc64,
        }
    }

    /// The result of presigning.
    pub(super) fn of_url(signed: &PresignedUrl) -> Self {
        let headers = signed.headers.iter();
        let headers: String = headers.map(|(name, value)| format!("{name}: {value}\n")).collect();
        let texts =
            Texts::new([(OSSMPU_RESULT_URL, &*signed.url), (OSSMPU_RESULT_HEADERS, &*headers)]);
        Self {
            texts,
            size: None,
            parts: None,
            bytes_resumed: None,
            bytes_sent: None,
            bytes_reused: None,
            parts_reused: None,
            copies_in_vain: None,
            throttled_ms: None,
            upload_may_exist: false,
            verified: None,
            crc64: None,
        }
    }

    fn number(&self, field: c_int) -> i64 {
        match field {
            OSSMPU_RESULT_SIZE => bytes(self.size),
            OSSMPU_RESULT_PARTS => self.parts.map_or(-1, i64::from),
            OSSMPU_RESULT_BYTES_RESUMED => bytes(self.bytes_resumed),
            OSSMPU_RESULT_BYTES_SENT => bytes(self.bytes_sent),
            OSSMPU_RESULT_BYTES_REUSED => bytes(self.bytes_reused),
            OSSMPU_RESULT_PARTS_REUSED => bytes(self.parts_reused),
            OSSMPU_RESULT_COPIES_IN_VAIN => bytes(self.copies_in_vain),
            OSSMPU_RESULT_THROTTLED_MS => bytes(self.throttled_ms),
            OSSMPU_RESULT_UPLOAD_MAY_EXIST => i64::from(self.upload_may_exist),
            OSSMPU_RESULT_VERIFIED => self.verified.map_or(-1, i64::from),
            _ => -1,
        }
    }
}

/// Sets `out` to the result of an upload; the error of its upload callback becomes the status.
pub(super) fn set_result(
    mut result: UploadResult,
    out: OutParam<'_, Option<Box<ossmpu_result>>>,
) -> Success {
    let callback_error = result.callback_error.take();
    out.set(ossmpu_result::new(&result));
    callback_error.map_or(Success::Ok, Success::StoredCallbackFailed)
}

fn bytes(number: Option<u64>) -> i64 {
    number.map_or(-1, |number| i64::try_from(number).unwrap_or(i64::MAX))
}
