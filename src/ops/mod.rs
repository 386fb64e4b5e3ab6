//! The OSS operations, one per file: how the request is created, how the response is parsed, and
//! whether the request may be retried.
//!
//! Everything here maps plain values to plain values. `service/` signs and sends the requests
//! through the trait [`Operation`].

mod abort;
mod complete;
mod copy_object;
mod copy_part;
mod copy_source;
mod get_object_tagging;
mod head_object;
mod initiate;
mod list_parts;
mod list_uploads;
mod memory_body;
mod part_url;
mod put_object;
mod response;
mod upload_marker;
mod upload_part;

pub use abort::{AbortMultipartUpload, AbortMultipartUploadResult};
pub use complete::{CompleteMultipartUpload, CompleteMultipartUploadResult, CompletedPart};
pub(crate) use copy_object::{CopyObject, CopyObjectResult};
pub use copy_part::{UploadPartCopy, UploadPartCopyResult};
pub use copy_source::CopySource;
pub(crate) use copy_source::copy_source_changed;
pub(crate) use get_object_tagging::GetObjectTagging;
pub use head_object::{HeadObject, HeadObjectResult};
pub use initiate::{InitiateMultipartUpload, InitiateMultipartUploadResult};
pub use list_parts::{ListParts, ListPartsResult, ListedPart};
pub use list_uploads::{ListMultipartUploads, ListMultipartUploadsResult, ListedUpload};
pub(crate) use part_url::PartUrl;
pub use put_object::{PutObject, PutObjectResult};
pub use response::ResponseHeaders;
pub use upload_part::{UploadPart, UploadPartResult};

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::error::{Error, Result};
use crate::limits;
use crate::model::{BucketName, ObjectHeaders, ObjectKey, PartNumber, RequestKind, Target};
use crate::wire::{Method, Request, Response, ServiceError};

/// An OSS operation with its arguments.
pub(crate) trait Operation {
    /// The name in the OSS manual.
    const NAME: &'static str;
    /// The effect on the bucket, which the error of a failed call reports.
    const EFFECT: Effect = Effect::Other;
    /// The parsed result of a successful call.
    type Output;

    /// Creates the unsigned request. Called for each attempt, with the same result each time.
    fn request(&self) -> Result<Request>;

    /// Parses a 2xx response. With a callback, a 203 is a success too: the object is stored, and
    /// the body says why the callback failed.
    fn parse(&self, response: &Response) -> Result<Self::Output>;

    /// Returns whether the request may be retried after an attempt that may have taken effect.
    fn retry_safety(&self) -> RetrySafety;

    /// Returns the result if an error response shows that an earlier attempt succeeded: one of this
    /// call if `is_retry`, else of another. May read the body; `check` is called for each step, and
    /// its error ends the reading.
    fn result_of_earlier_attempt(
        &self,
        _refusal: &ServiceError,
        _is_retry: bool,
        _check: &dyn Fn() -> Result<()>,
    ) -> Option<Self::Output> {
        None
    }

    /// Returns true if an earlier attempt that took effect can cause this error response.
    fn refused_by_own_effect(&self, _refusal: &ServiceError) -> bool {
        false
    }

    /// Returns which timeout applies to the response.
    fn response_timeout(&self) -> ResponseTimeout {
        ResponseTimeout::Ordinary
    }

    /// Returns the target of a presigned URL; `None` if the request is to be signed here.
    fn presigned_target(&self) -> Option<&Target> {
        None
    }

    /// Returns the part number for errors.
    fn part_number(&self) -> Option<PartNumber> {
        None
    }

    /// Returns the upload ID for errors; empty if there is none.
    fn upload_id(&self) -> &str {
        ""
    }
}

/// The effect of a request on the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// PutObject, CopyObject and Complete.
    CreatesObject,
    /// Initiate.
    StartsUpload,
    /// Parts, Abort and reads.
    Other,
}

/// Whether a request may be retried when an earlier attempt may have taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetrySafety {
    /// Another attempt gives the same result, or its side effect is reported: a second Initiate may
    /// leave an orphaned upload; a second Abort gets NoSuchUpload, which
    /// [`Operation::result_of_earlier_attempt`] accepts.
    AlwaysSafe,
    /// Complete, and PutObject or CopyObject with forbid-overwrite: after a success whose response was lost, a
    /// retry fails. The outcome has to be determined instead. A 429 or 503 is retried nevertheless,
    /// because OSS throttles a request before it processes it.
    UnsafeAfterEffect,
}

/// Which timeout applies to the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseTimeout {
    /// `limits::RESPONSE_TIMEOUT`.
    Ordinary,
    /// `limits::COMPLETE_TIMEOUT`: OSS processes stored data before it responds.
    Complete,
}

/// Creates a request with those of the caller's headers that apply to its kind.
fn request(
    method: Method,
    bucket: &BucketName,
    key: Option<&ObjectKey>,
    headers: &ObjectHeaders,
    takes: RequestKind,
) -> Result<Request> {
    let mut request = Request::new(method, bucket, key);
    for (name, value) in headers.for_request(takes, key)? {
        request.headers.set(&name, value)?;
    }
    Ok(request)
}

/// Returns the value of `Content-MD5`.
fn md5_text(digest: [u8; 16]) -> String {
    BASE64_STANDARD.encode(digest)
}

/// Checks and formats a page size. More than the maximum of OSS is refused here, because its effect
/// is not documented.
fn check_page_size(argument: &str, size: Option<u16>) -> Result<Option<String>> {
    match size {
        Some(size) if !(1..=limits::PAGE_SIZE_MAX).contains(&size) => {
            Err(Error::invalid(argument, "a page has 1 to 1000 entries"))
        }
        size => Ok(size.map(|size| size.to_string())),
    }
}

/// The status if the object was stored and its callback failed.
const CALLBACK_FAILED: u16 = 203;
const ENCODING_TYPE: &str = "encoding-type";
const URL: &str = "url";
const UPLOAD_ID: &str = "uploadId";
const PART_NUMBER: &str = "partNumber";
const CONTENT_MD5: &str = "content-md5";

#[cfg(test)]
mod tests;
