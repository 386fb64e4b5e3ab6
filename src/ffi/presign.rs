//! Presigned URLs: signing one, and sending a part to one.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::time::Duration;

use super::bytes::Bytes;
use super::cancel::{self, ossmpu_cancel};
use super::client::{self, ossmpu_client};
use super::entry_point::{Success, guard};
use super::error::ossmpu_error;
use super::handle::{self, OutParam};
use super::options::{self, ossmpu_options};

use super::arg_check;
use super::result::ossmpu_result;
use super::text::Text;
use crate::{
    AbortMultipartUpload, BucketName, CompleteMultipartUpload, Error, InitiateMultipartUpload,
    ObjectHeaders, ObjectKey, PartNumber, PresignRequest, PutObject, Result, UploadId, UploadPart,
};

/// POST: initiates an upload. No upload ID, no part number.
pub const OSSMPU_PRESIGN_INITIATE: c_int = 1;
/// PUT: sends a part, also with ossmpu_put_part_url. Requires upload ID and
/// part number.
pub const OSSMPU_PRESIGN_UPLOAD_PART: c_int = 2;
/// POST: completes an upload; the body of the request is the list of parts.
/// Requires the upload ID.
pub const OSSMPU_PRESIGN_COMPLETE: c_int = 3;
/// DELETE: aborts an upload. Requires the upload ID.
pub const OSSMPU_PRESIGN_ABORT: c_int = 4;
/// PUT: creates an object with one request. No upload ID, no part number.
pub const OSSMPU_PRESIGN_PUT_OBJECT: c_int = 5;

/// Presigns a URL for one kind of request, OSSMPU_PRESIGN_*, which can then be
/// sent without an access key. The result has OSSMPU_RESULT_URL and
/// OSSMPU_RESULT_HEADERS. Sends nothing to OSS, but blocks while credentials are
/// fetched, for at most a minute unless a credentials callback that it calls
/// takes longer.
///
/// upload_id is NULL and part_number 0 for operations without them.
/// expires_seconds is 1 or more, and with V4 at most 604800 (7 days); a URL
/// signed with temporary credentials expires with them. Headers in options that
/// belong to the request are signed and must be sent with it. The Content-Type
/// is not guessed: if OSSMPU_OPTION_CONTENT_TYPE is not set, the request must
/// be sent without one. OSSMPU_EINVAL for headers that a V1 signature does not
/// cover, such as Cache-Control. options and cancel may be NULL; out is
/// required.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_presign(
    client: Option<&ossmpu_client>,
    operation: c_int,
    bucket: Text<'_>,
    key: Text<'_>,
    upload_id: Text<'_>,
    part_number: i32,
    expires_seconds: i64,
    options: Option<&ossmpu_options>,
    cancel: Option<&ossmpu_cancel>,
    out: Option<&mut MaybeUninit<Option<Box<ossmpu_result>>>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    guard(err, || {
        let out = out.required("out")?;
        let client = client::of_call(client)?;
        let (bucket, key) = arg_check::bucket_and_key(bucket, key)?;
        let upload_id = upload_id.optional("upload_id")?;
        let expires = Duration::from_secs(arg_check::number("expires_seconds", expires_seconds)?);
        let mut options = options::or_default(options)?;
        let cancel = cancel::or_never(cancel);
        let target = PresignTarget { bucket, key, upload_id, part_number };
        let request = target.request(operation, options.headers_mut())?;
        let url = client.presign(&request, expires, cancel);
        out.set(ossmpu_result::of_url(
            &url.map_err(|error| with_c_argument(error, options.headers_mut()))?,
        ));
        Ok(Success::Ok)
    })
}

/// Sends a part from memory to its presigned URL. The result has
/// OSSMPU_RESULT_ETAG, OSSMPU_RESULT_SIZE and OSSMPU_RESULT_CRC64, which
/// ossmpu_upload_add_part takes on the machine that completes the upload.
/// Blocks. The bytes are not copied: do not change or free them until the call
/// returns.
///
/// Access key, region and endpoint of the client are not used: a client that
/// has only OSSMPU_CONFIG_CREDENTIALS set, to "anonymous", is sufficient. Of
/// options only OSSMPU_OPTION_INTEGRITY, OSSMPU_OPTION_REQUIRE_VERIFIED (for
/// OSSMPU_INTEGRITY_CRC64), OSSMPU_OPTION_TIMEOUT_MS,
/// OSSMPU_OPTION_BYTES_PER_SEC and the progress callback are used.
/// OSSMPU_OPTION_CHECKPOINT_DIR, OSSMPU_OPTION_UPLOAD_ID, OSSMPU_OPTION_DELTA,
/// OSSMPU_OPTION_EXPECTED_CRC64 and OSSMPU_OPTION_EXPECTED_MD5 return
/// OSSMPU_EINVAL. options and cancel may be NULL, and data if len is 0; out is
/// required. OSSMPU_EINVAL if url is not for a part.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_put_part_url(
    client: Option<&ossmpu_client>,
    url: Text<'_>,
    data: *const c_void,
    len: usize,
    options: Option<&ossmpu_options>,
    cancel: Option<&ossmpu_cancel>,
    out: Option<&mut MaybeUninit<Option<Box<ossmpu_result>>>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    guard(err, || {
        let out = out.required("out")?;
        let client = client::of_call(client)?;
        let url = url.required("url")?;
        // SAFETY: NULL or that many bytes until this function returns (contract of `ffi`);
        // `put_part_url` drops the value before it returns.
        let data = unsafe { Bytes::borrow(data, len, "data") }?;
        let options = options::or_default(options)?;
        let cancel = cancel::or_never(cancel);
        out.set(ossmpu_result::of_part(&client.put_part_url(url, data, &options, cancel)?));
        Ok(Success::Ok)
    })
}

/// Gives the time the name that it has in C, unless the error names the header Expires.
fn with_c_argument(error: Error, headers: &ObjectHeaders) -> Error {
    let is_header = headers.set_fields().any(|(name, _)| name == "expires");
    if error.argument() == Some("expires") && !is_header {
        return error.with_argument("expires_seconds");
    }
    error
}

/// The arguments that name the target of a URL.
struct PresignTarget<'call> {
    bucket: BucketName,
    key: ObjectKey,
    upload_id: Option<&'call str>,
    part_number: i32,
}

impl PresignTarget<'_> {
    fn request(&self, operation: c_int, headers: &ObjectHeaders) -> Result<PresignRequest> {
        let (bucket, key) = (&self.bucket, &self.key);
        if operation != OSSMPU_PRESIGN_UPLOAD_PART && self.part_number != 0 {
            return Err(Error::invalid(
                "part_number",
                "must be 0: this operation has no part number",
            ));
        }
        Ok(match operation {
            OSSMPU_PRESIGN_INITIATE => {
                self.check_no_upload()?;
                let request = InitiateMultipartUpload::new(bucket, key);
                PresignRequest::InitiateMultipartUpload(request.with_headers(headers))
            }
            OSSMPU_PRESIGN_UPLOAD_PART => {
                let number = PartNumber::try_from(i64::from(self.part_number))?;
                let request = UploadPart::new(bucket, key, &self.upload_id()?, number);
                PresignRequest::UploadPart(request.with_headers(headers))
            }
            OSSMPU_PRESIGN_COMPLETE => {
                let request = CompleteMultipartUpload::new(bucket, key, &self.upload_id()?, vec![]);
                PresignRequest::CompleteMultipartUpload(request.with_headers(headers))
            }
            OSSMPU_PRESIGN_ABORT => {
                let request = AbortMultipartUpload::new(bucket, key, &self.upload_id()?);
                PresignRequest::AbortMultipartUpload(request.with_headers(headers))
            }
            OSSMPU_PRESIGN_PUT_OBJECT => {
                self.check_no_upload()?;
                PresignRequest::PutObject(PutObject::new(bucket, key).with_headers(headers))
            }
            _ => return Err(arg_check::no_choice("operation", operation.into())),
        })
    }

    fn upload_id(&self) -> Result<UploadId> {
        UploadId::parse(self.upload_id.ok_or_else(|| handle::null_error("upload_id"))?)
    }

    fn check_no_upload(&self) -> Result<()> {
        match self.upload_id {
            None => Ok(()),
            Some(_) => {
                Err(Error::invalid("upload_id", "must be NULL: this operation has no upload ID"))
            }
        }
    }
}
