//! What an upload that succeeded has made.

use crate::error::Error;
use crate::model::{ETag, UploadId};

/// An object that OSS has acknowledged.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct UploadResult {
    /// The ETag; `None` when an upload callback's answer took its place.
    pub etag: Option<ETag>,
    /// The bytes of the object.
    pub size: u64,
    /// The parts it was made of; 0 if it went in one PutObject.
    pub parts: u16,
    /// Bytes that an earlier try had sent and that were not sent again.
    pub bytes_resumed: u64,
    /// OSS's own CRC-64 of the object, which was compared with ours if that is asked for.
    pub crc64: Option<u64>,
    /// The version that was made; `None` if the bucket has no versioning.
    pub version_id: Option<String>,
    /// The URL of the object; `None` if OSS did not return it.
    pub location: Option<String>,
    /// `x-oss-request-id` of the request that made the object.
    pub request_id: Option<String>,
    /// The upload that made the object; `None` if it went in one PutObject.
    pub upload_id: Option<UploadId>,
    /// What the server of the upload callback answered.
    pub callback_body: Option<String>,
    /// Why the upload callback failed, if it did. The object is stored all the same: it must not
    /// be sent again because of this.
    pub callback_error: Option<Error>,
}
