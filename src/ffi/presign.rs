//! Presigned URLs: who has credentials makes one, who has none sends a part to it.

use std::ffi::{c_char, c_int, c_void};
use std::time::Duration;

use super::cancel::{self, ossmpu_cancel};
use super::client::ossmpu_client;
use super::error::ossmpu_error;
use super::guard::{Success, guard};
use super::options::{self, ossmpu_options};
use super::ptr::{self, Bytes, Slot};
use super::put::place;
use super::result::{ResultObject, ossmpu_result};
use super::{setting, text};
use crate::{
    AbortMultipartUpload, BucketName, CompleteMultipartUpload, Error, InitiateMultipartUpload,
    ObjectHeaders, ObjectKey, PartNumber, PresignRequest, PutObject, Result, UploadId, UploadPart,
};

/// The URL is for POST: it begins an upload. Without upload id and part number.
pub const OSSMPU_PRESIGN_INITIATE: c_int = 1;
/// The URL is for PUT: it sends a part, also by ossmpu_put_part_url. Needs
/// upload id and part number.
pub const OSSMPU_PRESIGN_UPLOAD_PART: c_int = 2;
/// The URL is for POST: it completes an upload; the list of parts is the body
/// of the request. Needs the upload id.
pub const OSSMPU_PRESIGN_COMPLETE: c_int = 3;
/// The URL is for DELETE: it aborts an upload. Needs the upload id.
pub const OSSMPU_PRESIGN_ABORT: c_int = 4;
/// The URL is for PUT: it makes an object in one request. Without upload id and
/// part number.
pub const OSSMPU_PRESIGN_PUT_OBJECT: c_int = 5;

/// Signs a URL, so that whoever has it can make one request of a kind,
/// OSSMPU_PRESIGN_*, without an access key: gives OSSMPU_RESULT_URL and
/// OSSMPU_RESULT_HEADERS. Asks OSS nothing, but may ask the source of the
/// credentials, which takes a minute at the most unless it is a callback.
///
/// upload_id is NULL and part_number 0 where the operation has none.
/// expires_seconds is 1 to 604800 (7 days); what an access key with a token
/// signs ends with the token. Headers in options that go with the request are
/// signed, and have to be sent with the URL. options and cancel may be NULL;
/// out is required.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_presign(
    client: *const ossmpu_client,
    operation: c_int,
    bucket: *const c_char,
    key: *const c_char,
    upload_id: *const c_char,
    part_number: i32,
    expires_seconds: i64,
    options: *const ossmpu_options,
    cancel: *const ossmpu_cancel,
    out: *mut *mut ossmpu_result,
    err: *mut *mut ossmpu_error,
) -> c_int {
    let call = ();
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let err = unsafe { Slot::open(err, &call) };
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let out = unsafe { Slot::open(out, &call) };
    guard(err, || {
        let out = out.required("out")?;
        // SAFETY: NULL or a live client (contract of `ffi`).
        let client = unsafe { ptr::borrow(client, &call, "client") }?;
        // SAFETY: NULL or texts that end with NUL (contract of `ffi`).
        let (bucket, key) = unsafe { place(bucket, key, &call) }?;
        // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
        let upload_id = unsafe { text::optional(upload_id, &call, "upload_id") }?;
        let expires = Duration::from_secs(setting::number("expires", expires_seconds)?);
        // SAFETY: NULL or live options (contract of `ffi`).
        let mut options = unsafe { options::or_default(options) }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        let what = What { bucket, key, upload_id, part_number };
        let request = what.request(operation, options.headers_mut())?;
        cancel.check_process()?;
        if cancel.is_triggered() {
            return Err(Error::canceled());
        }
        out.fill(ResultObject::of_url(&client.presign(&request, expires)?));
        Ok(Success::Ok)
    })
}

/// Sends a part from memory to its presigned URL, and gives
/// OSSMPU_RESULT_ETAG, OSSMPU_RESULT_SIZE and OSSMPU_RESULT_CRC64, which
/// whoever completes the upload needs for ossmpu_upload_add_part. The URL says
/// which part it is. Blocks; the bytes are not copied: leave them alone until
/// the call returns.
///
/// The client's access key, region and endpoint are not used: one made with
/// OSSMPU_CONFIG_CREDENTIALS "anonymous" and nothing else will do. Of options
/// only OSSMPU_OPTION_INTEGRITY, OSSMPU_OPTION_DEADLINE_MS and
/// OSSMPU_OPTION_BYTES_PER_SEC matter. options and cancel may be NULL, data if
/// len is 0; out is required. OSSMPU_EINVAL if url is not for a part.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_put_part_url(
    client: *const ossmpu_client,
    url: *const c_char,
    data: *const c_void,
    len: usize,
    options: *const ossmpu_options,
    cancel: *const ossmpu_cancel,
    out: *mut *mut ossmpu_result,
    err: *mut *mut ossmpu_error,
) -> c_int {
    let call = ();
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let err = unsafe { Slot::open(err, &call) };
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let out = unsafe { Slot::open(out, &call) };
    guard(err, || {
        let out = out.required("out")?;
        // SAFETY: NULL or a live client (contract of `ffi`).
        let client = unsafe { ptr::borrow(client, &call, "client") }?;
        // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
        let url = unsafe { text::required(url, &call, "url") }?;
        // SAFETY: NULL or so many bytes (contract of `ffi`). The Rust call promises to drop what it
        // is given before it returns, and the bytes stay until this function does.
        let data = unsafe { Bytes::lend(data, len, "data") }?;
        // SAFETY: NULL or live options (contract of `ffi`).
        let options = unsafe { options::or_default(options) }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        out.fill(ResultObject::of_part(&client.put_part_url(url, data, &options, cancel)?));
        Ok(Success::Ok)
    })
}

/// What a URL is for.
struct What<'call> {
    bucket: BucketName,
    key: ObjectKey,
    upload_id: Option<&'call str>,
    part_number: i32,
}

impl What<'_> {
    fn request(&self, operation: c_int, headers: &ObjectHeaders) -> Result<PresignRequest> {
        let (bucket, key) = (&self.bucket, &self.key);
        if operation != OSSMPU_PRESIGN_UPLOAD_PART && self.part_number != 0 {
            return Err(Error::invalid("part_number", "this operation is not about a part"));
        }
        Ok(match operation {
            OSSMPU_PRESIGN_INITIATE => {
                self.check_no_upload()?;
                let request = InitiateMultipartUpload::new(bucket, key);
                PresignRequest::InitiateMultipartUpload(request.with_headers(headers))
            }
            OSSMPU_PRESIGN_UPLOAD_PART => {
                let number = PartNumber::try_from(i64::from(self.part_number))?;
                let request = UploadPart::new(bucket, key, &self.upload()?, number);
                PresignRequest::UploadPart(request.with_headers(headers))
            }
            OSSMPU_PRESIGN_COMPLETE => {
                let request = CompleteMultipartUpload::new(bucket, key, &self.upload()?, vec![]);
                PresignRequest::CompleteMultipartUpload(request.with_headers(headers))
            }
            OSSMPU_PRESIGN_ABORT => {
                let request = AbortMultipartUpload::new(bucket, key, &self.upload()?);
                PresignRequest::AbortMultipartUpload(request.with_headers(headers))
            }
            OSSMPU_PRESIGN_PUT_OBJECT => {
                self.check_no_upload()?;
                PresignRequest::PutObject(PutObject::new(bucket, key).with_headers(headers))
            }
            _ => return Err(setting::no_choice("operation", operation.into())),
        })
    }

    fn upload(&self) -> Result<UploadId> {
        UploadId::parse(self.upload_id.ok_or_else(|| ptr::is_null("upload_id"))?)
    }

    fn check_no_upload(&self) -> Result<()> {
        match self.upload_id {
            None => Ok(()),
            Some(_) => Err(Error::invalid("upload_id", "this operation is not about an upload")),
        }
    }
}
