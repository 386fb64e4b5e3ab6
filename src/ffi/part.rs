//! Parts of an upload from a callback, from another object, or sent elsewhere.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;

use super::arg_check;
use super::callback::Callback;
use super::cancel::{self, ossmpu_cancel};
use super::copy::{parse_source, with_conditions};
use super::entry_point::{Success, guard};
use super::error::ossmpu_error;
use super::handle::{self, OutParam};
use super::options::{self, ossmpu_options};
use super::reader::{CallbackReader, ossmpu_read_fn};
use super::text::Text;
use super::upload::ossmpu_upload;
use crate::{ETag, PartNumber, SentPart};

/// Sends a part of length bytes that a callback returns on the calling thread.
/// Blocks; otherwise as ossmpu_upload_part.
///
/// The part is read into memory first, so that it can be retried. The buffer
/// counts against OSSMPU_CONFIG_MEMORY_LIMIT: the call waits while other calls
/// use the memory, and fails with OSSMPU_ENOMEM if the part exceeds the limit.
/// Canceling does not interrupt a callback that blocks. OSSMPU_ECALLBACK if the
/// callback canceled the call, OSSMPU_EFILE if it ended before length bytes.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_part_from(
    upload: Option<&ossmpu_upload>,
    part_number: i32,
    callback: ossmpu_read_fn,
    user: *mut c_void,
    length: i64,
    cancel: Option<&ossmpu_cancel>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    guard(err, || {
        let upload = handle::required(upload, "upload")?;
        let number = PartNumber::try_from(i64::from(part_number))?;
        // SAFETY: the function can be called with `user` on this thread (contract of `ffi`).
        let reader = CallbackReader(unsafe { Callback::new(callback, user, None) }?);
        let length = arg_check::number("length", length)?;
        let cancel = cancel::or_never(cancel);
        upload.upload.upload_part_from(number, reader, length, cancel)?;
        Ok(Success::Ok)
    })
}

/// Copies a range of an object into a part within OSS: length bytes from
/// offset, or up to the end if length is -1. The source must be in the same
/// region. Blocks; otherwise as ossmpu_upload_part.
///
/// source_version is NULL for the current version. Of options only
/// OSSMPU_OPTION_COPY_IF_* are used. options and cancel may be NULL. The CRC-64
/// of the part is known only if OSS returns it.
///
/// OSSMPU_EINVAL if the source does not contain the range, OSSMPU_ECHANGED if
/// it changes during the call, OSSMPU_ESERVICE with HTTP status 412 or 304 if
/// it does not meet a condition.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_upload_part_copy(
    upload: Option<&ossmpu_upload>,
    part_number: i32,
    source_bucket: Text<'_>,
    source_key: Text<'_>,
    source_version: Text<'_>,
    offset: i64,
    length: i64,
    options: Option<&ossmpu_options>,
    cancel: Option<&ossmpu_cancel>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    guard(err, || {
        let upload = handle::required(upload, "upload")?;
        let number = PartNumber::try_from(i64::from(part_number))?;
        let source = parse_source(source_bucket, source_key, source_version)?;
        let range = arg_check::byte_range(offset, length)?;
        let options = options::of_call(options)?;
        let cancel = cancel::or_never(cancel);
        let source = with_conditions(source, &options);
        upload.upload.upload_part_copy(number, &source, range, cancel)?;
        Ok(Success::Ok)
    })
}

/// Adds a part that was sent elsewhere: by another machine, or to a presigned
/// URL. Replaces a known part with the same number. Sends nothing and does not
/// block.
///
/// etag is with or without its quotes. crc64 is NULL if it is unknown; then the
/// CRC-64 of the object is not verified. OSSMPU_EINVAL if size exceeds 5 GiB,
/// OSSMPU_ESTATE after the upload was completed or aborted.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_upload_add_part(
    upload: Option<&ossmpu_upload>,
    part_number: i32,
    size: i64,
    etag: Text<'_>,
    crc64: Option<&u64>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    guard(err, || {
        let upload = handle::required(upload, "upload")?;
        let number = PartNumber::try_from(i64::from(part_number))?;
        let size = arg_check::number("size", size)?;
        let etag = etag.required("etag")?;
        let etag = ETag::parse(etag).map_err(|error| error.with_argument("etag"))?;
        let crc64 = crc64.copied();
        upload.upload.add_part(SentPart { number, size, etag, crc64 })?;
        Ok(Success::Ok)
    })
}
