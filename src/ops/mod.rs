//! One file per OSS operation: what is sent, what the answer means, whether it may be sent again.
//!
//! Everything here is a function from plain values to plain values. Who signs, sends and waits is
//! not known; the client asks the trait [`Operation`].

mod abort;
mod bytes;
mod complete;
mod copy_part;
mod copy_source;
mod head_object;
mod initiate;
mod list_parts;
mod list_uploads;
mod part_url;
mod put_object;
mod response;
mod upload_marker;
mod upload_part;

pub use abort::{AbortMultipartUpload, AbortMultipartUploadResult};
pub use complete::{CompleteMultipartUpload, CompleteMultipartUploadResult, CompletedPart};
pub use copy_part::{UploadPartCopy, UploadPartCopyResult};
pub use copy_source::CopySource;
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

/// One operation of the service, with its arguments.
pub(crate) trait Operation {
    /// The name that the OSS manual gives it.
    const NAME: &'static str;
    /// What the request does to the bucket, as far as a failed call has to tell.
    const EFFECT: Effect = Effect::Other;
    type Output;

    /// The request, not signed. It may be made again for each attempt, and is the same each time.
    fn request(&self) -> Result<Request>;

    /// Reads an answer of the class 2xx. Where a callback was asked for, a 203 is one as well: the
    /// object is stored, and the reply says how the callback failed.
    fn parse(&self, response: &Response) -> Result<Self::Output>;

    /// What sending it once more can do.
    fn retry_safety(&self) -> RetrySafety;

    /// A refusal of a repeated request that shows that an earlier attempt had succeeded.
    fn recover_from(&self, _refusal: &ServiceError) -> Option<Self::Output> {
        None
    }

    /// True if the effect of this very request makes the service refuse a second copy of it so.
    fn refused_by_own_effect(&self, _refusal: &ServiceError) -> bool {
        false
    }

    /// Which limit of time its answer has.
    fn response_timeout(&self) -> ResponseTimeout {
        ResponseTimeout::Ordinary
    }

    /// Where it goes without a signature of ours, because its URL has one.
    fn signed_for(&self) -> Option<&Target> {
        None
    }

    /// The part that errors name.
    fn part_number(&self) -> Option<PartNumber> {
        None
    }

    /// The upload that errors name; empty if there is none yet.
    fn upload_id(&self) -> &str {
        ""
    }
}

/// What a request does to the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// PutObject and Complete.
    MakesObject,
    /// Initiate.
    StartsUpload,
    /// Parts, Abort and reads.
    Other,
}

/// Whether a request may be sent again when an earlier attempt may have taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetrySafety {
    /// Another attempt gives the same result, or its side effect is reported: a second Initiate may
    /// leave an orphaned upload; a second Abort gets NoSuchUpload, which [`Operation::recover_from`]
    /// accepts.
    AlwaysSafe,
    /// Complete, and PutObject with forbid-overwrite: after an unreported success another attempt
    /// fails. The outcome has to be resolved instead.
    UnsafeAfterEffect,
}

/// Which limit of time the answer to a request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseTimeout {
    /// `limits::RESPONSE_TIMEOUT`.
    Ordinary,
    /// `limits::COMPLETE_TIMEOUT`: the service works on data it has before it answers.
    Complete,
}

/// A request with the headers of the caller's that it takes.
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

/// The value of `Content-MD5`.
fn md5_text(digest: [u8; 16]) -> String {
    BASE64_STANDARD.encode(digest)
}

/// How many entries a page of a list shall have. More than the service's maximum is refused here,
/// because what the service does with it is not documented.
fn check_page_size(argument: &str, size: Option<u16>) -> Result<Option<String>> {
    match size {
        Some(size) if !(1..=limits::PAGE_SIZE_MAX).contains(&size) => {
            Err(Error::invalid(argument, "a page of a list has 1 to 1000 entries"))
        }
        size => Ok(size.map(|size| size.to_string())),
    }
}

/// The status of an object that was stored and whose callback failed.
const CALLBACK_FAILED: u16 = 203;
const ENCODING_TYPE: &str = "encoding-type";
const URL: &str = "url";
const UPLOAD_ID: &str = "uploadId";
const PART_NUMBER: &str = "partNumber";
const CONTENT_MD5: &str = "content-md5";

#[cfg(test)]
mod tests;
