//! The result of an upload that succeeded.

use crate::error::Error;
use crate::model::{ETag, UploadId};

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
    /// The CRC-64 of the object as OSS computed it. With [`Integrity::CRC64`] it was compared.
    ///
    /// [`Integrity::CRC64`]: crate::Integrity::CRC64
    pub crc64: Option<u64>,
    /// The version that was made; `None` if the bucket has no versioning.
    pub version_id: Option<String>,
    /// The URL of the object, if OSS returned it.
    pub location: Option<String>,
    /// The `x-oss-request-id` of the request that made the object.
    pub request_id: Option<String>,
    /// The upload that made the object; `None` if it was uploaded with one PutObject.
    pub upload_id: Option<UploadId>,
    /// The response of the server of the upload callback; `None` without a callback.
    pub callback_body: Option<String>,
    /// Why the upload callback failed. The object is stored: do not upload it again because of this.
    pub callback_error: Option<Error>,
}
