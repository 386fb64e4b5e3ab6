//! Parts of an upload that do not come from memory or a file.

use std::ffi::{c_char, c_int, c_void};

use super::cancel::{self, ossmpu_cancel};
use super::copy::{on_conditions, source};
use super::error::ossmpu_error;
use super::guard::{Success, guard};
use super::options::{self, ossmpu_options};
use super::ptr::{self, Slot};
use super::reader::{Reader, ossmpu_read_fn};
use super::upload::ossmpu_upload;
use super::{setting, text};
use crate::{ByteRange, ETag, PartNumber, SentPart};

/// Sends a part of length bytes that a callback gives, on the calling thread.
/// Blocks; otherwise as ossmpu_upload_part.
///
/// The part is read into memory first, so that it can be sent again. That
/// counts against OSSMPU_CONFIG_MEMORY_LIMIT: the call waits while others use
/// it up, and is OSSMPU_ENOMEM if waiting cannot help. A cancel does not end a
/// callback that blocks. OSSMPU_ESTOPPED if the callback asked to stop,
/// OSSMPU_EFILE if it ended before length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_part_from(
    upload: *const ossmpu_upload,
    number: i32,
    callback: ossmpu_read_fn,
    user: *mut c_void,
    length: i64,
    cancel: *const ossmpu_cancel,
    err: *mut *mut ossmpu_error,
) -> c_int {
    let call = ();
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let err = unsafe { Slot::open(err, &call) };
    guard(err, || {
        // SAFETY: NULL or a live upload (contract of `ffi`).
        let upload = unsafe { ptr::borrow(upload, &call, "upload") }?;
        let number = PartNumber::try_from(i64::from(number))?;
        let reader = Reader::new(callback, user)?;
        let length = setting::number("length", length)?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        upload.upload.upload_part_reader(number, reader, length, cancel)?;
        Ok(Success::Ok)
    })
}

/// Copies a range of an object inside OSS into a part: length bytes from
/// offset, or with length -1 all from there to its end. No byte of it comes
/// here. The source is in the same region. Blocks; otherwise as
/// ossmpu_upload_part.
///
/// source_version is NULL for the present version. options, of which only
/// OSSMPU_OPTION_COPY_IF_* matter here, and cancel may be NULL. The CRC-64 of
/// the part is known only if OSS says it.
///
/// OSSMPU_EINVAL if the source does not have the range, OSSMPU_ECHANGED if it
/// changes meanwhile, OSSMPU_ESERVICE with HTTP status 412 or 304 if it does
/// not meet a condition.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_part_copy(
    upload: *const ossmpu_upload,
    number: i32,
    source_bucket: *const c_char,
    source_key: *const c_char,
    source_version: *const c_char,
    offset: i64,
    length: i64,
    options: *const ossmpu_options,
    cancel: *const ossmpu_cancel,
    err: *mut *mut ossmpu_error,
) -> c_int {
    let call = ();
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let err = unsafe { Slot::open(err, &call) };
    guard(err, || {
        // SAFETY: NULL or a live upload (contract of `ffi`).
        let upload = unsafe { ptr::borrow(upload, &call, "upload") }?;
        let number = PartNumber::try_from(i64::from(number))?;
        // SAFETY: NULL or texts that end with NUL (contract of `ffi`).
        let source = unsafe { source(source_bucket, source_key, source_version, &call) }?;
        let (offset, length) = (setting::number("offset", offset)?, setting::length(length)?);
        // SAFETY: NULL or live options (contract of `ffi`).
        let options = unsafe { options::of_call(options) }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        let source = on_conditions(source, &options);
        upload.upload.copy_part(number, &source, ByteRange::new(offset, length), cancel)?;
        Ok(Success::Ok)
    })
}

/// Adds a part that was sent elsewhere: by another machine, or by its presigned
/// URL. Asks nobody and does not block. A part that this handle knows with the
/// same number is replaced.
///
/// etag is with or without its quotes. crc64 is NULL if it is not known; then
/// that of the object cannot be compared. OSSMPU_ESTATE after the upload was
/// completed or aborted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_add_part(
    upload: *const ossmpu_upload,
    number: i32,
    size: i64,
    etag: *const c_char,
    crc64: *const u64,
    err: *mut *mut ossmpu_error,
) -> c_int {
    let call = ();
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let err = unsafe { Slot::open(err, &call) };
    guard(err, || {
        // SAFETY: NULL or a live upload (contract of `ffi`).
        let upload = unsafe { ptr::borrow(upload, &call, "upload") }?;
        let number = PartNumber::try_from(i64::from(number))?;
        let size = setting::number("size", size)?;
        // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
        let etag = unsafe { text::required(etag, &call, "etag") }?;
        let etag = ETag::parse(etag).map_err(|error| error.with_argument("etag"))?;
        // SAFETY: NULL or a number (contract of `ffi`).
        let crc64 = unsafe { ptr::read_number(crc64) };
        upload.upload.add_part(SentPart { number, size, etag, crc64 })?;
        Ok(Success::Ok)
    })
}
