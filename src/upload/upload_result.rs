//! The result of an upload that succeeded.

use crate::error::Error;
use crate::model::{ETag, UploadId};
use crate::ops::{HeadObjectResult, PutObjectResult};

/// An object that was uploaded and that OSS has acknowledged.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct UploadResult {
    /// The ETag; `None` if the response is that of the upload callback.
    pub etag: Option<ETag>,
    /// The size of the object in bytes.
    pub size: u64,
    /// The number of parts; 0 if it was uploaded with one PutObject.
    pub parts: u16,
    /// The bytes of parts that an earlier call had sent and that this call did not send again.
    pub bytes_resumed: u64,
    /// The bytes of bodies that this call, or all part calls of the handle, sent; what was sent
    /// twice counts twice.
    pub bytes_sent: u64,
    /// The bytes of parts that OSS copied from the base of a delta upload instead of being sent.
    pub bytes_reused: u64,
    /// The number of these parts.
    pub parts_reused: u64,
    /// How many parts were copied from the base, or were to be, and had to be sent nevertheless.
    pub copies_in_vain: u64,
    /// Why no part, or from some part on no more parts, were copied from the base of a delta upload;
    /// they were sent. `None` if the base was used to the end.
    pub delta_stopped: Option<Error>,
    /// The milliseconds for which OSS delayed the data of the call because of its bandwidth limits
    /// (`x-oss-qos-delay-time`). Delays of concurrent requests add up.
    pub throttled_ms: u64,
    /// The CRC-64 of the object as OSS computed it.
    pub crc64: Option<u64>,
    /// True if that CRC-64 was compared with the one of the bytes sent, or for a copy with the one
    /// of its source. False if either is not known, or [`Integrity::CRC64`] is not set.
    ///
    /// [`Integrity::CRC64`]: crate::Integrity::CRC64
    pub verified: bool,
    /// The version that was created; `None` if the bucket has no versioning.
    pub version_id: Option<String>,
    /// The URL of the object, if OSS returned it.
    pub location: Option<String>,
    /// The `x-oss-request-id` of the request that created the object.
    pub request_id: Option<String>,
    /// True if another upload may exist: a response to Initiate was lost, and with it an upload ID.
    pub upload_may_exist: bool,
    /// The upload that created the object; `None` if it was uploaded with one PutObject.
    pub upload_id: Option<UploadId>,
    /// The response of the server of the upload callback; `None` without a callback. If this and
    /// `callback_error` are `None` although a callback was set, its outcome is unknown: the response
    /// was lost, and HeadObject has shown the object. A warning is logged then.
    pub callback_body: Option<String>,
    /// Why the upload callback failed. The object is stored: do not upload it again because of
    /// this.
    pub callback_error: Option<Error>,
}

impl UploadResult {
    /// An object of `size` bytes that went in one PutObject.
    pub(crate) fn of_put_object(result: PutObjectResult, size: u64) -> Self {
        Self {
            etag: result.etag,
            size,
            crc64: result.crc64,
            version_id: result.version_id,
            request_id: result.request_id,
            callback_body: result.callback_body,
            callback_error: result.callback_error,
            ..Self::default()
        }
    }

    /// An object that HeadObject shows after the response to its creation was lost.
    pub(crate) fn of_found(object: HeadObjectResult) -> Self {
        Self {
            etag: Some(object.etag),
            size: object.size,
            crc64: object.crc64,
            version_id: object.version_id,
            request_id: object.request_id,
            ..Self::default()
        }
    }
}
