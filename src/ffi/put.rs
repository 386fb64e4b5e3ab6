//! Uploads of whole objects.

use std::ffi::{c_char, c_int, c_void};
use std::os::fd::BorrowedFd;

use super::cancel::{self, ossmpu_cancel};
use super::client::ossmpu_client;
use super::error::ossmpu_error;
use super::guard::{Success, guard};
use super::options::{self, ossmpu_options};
use super::ptr::{self, Bytes, Slot};
use super::result::{ResultObject, ossmpu_result};
use super::{setting, text};
use crate::{BucketName, ByteRange, Error, FdRange, FileRange, ObjectKey, Result, UploadResult};

/// Uploads the regular file at path as one object, and returns when OSS has
/// acknowledged it: in one PutObject if it is small, else in parts, several at
/// a time. Blocks.
///
/// options, cancel and out may be NULL. On failure nothing is left in the
/// bucket, unless OSSMPU_OPTION_KEEP_PARTS is set or the error says so:
/// OSSMPU_ERROR_PARTS_LEFT, OSSMPU_ERROR_OBJECT_EXISTS and
/// OSSMPU_ERROR_UPLOAD_MAY_EXIST.
///
/// OSSMPU_EFILE if the file cannot be read, OSSMPU_ECHANGED if it changes
/// meanwhile, OSSMPU_STORED_CALLBACK_FAILED if the object is stored all the
/// same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_put_file(
    client: *const ossmpu_client,
    bucket: *const c_char,
    key: *const c_char,
    path: *const c_char,
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
        // SAFETY: NULL or a live client (contract of `ffi`).
        let client = unsafe { ptr::borrow(client, &call, "client") }?;
        // SAFETY: NULL or texts that end with NUL (contract of `ffi`).
        let (bucket, key) = unsafe { place(bucket, key, &call) }?;
        // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
        let path = unsafe { text::required(path, &call, "path") }?;
        // SAFETY: NULL or live options (contract of `ffi`).
        let options = unsafe { options::or_default(options) }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        Ok(finish(client.put_file(&bucket, &key, path, &options, cancel)?, out))
    })
}

/// Uploads a range of the regular file at path as one object: length bytes
/// from offset, or with length -1 all from there to its end. Otherwise as
/// ossmpu_put_file. OSSMPU_EINVAL if the file does not have the range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_put_range(
    client: *const ossmpu_client,
    bucket: *const c_char,
    key: *const c_char,
    path: *const c_char,
    offset: i64,
    length: i64,
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
        // SAFETY: NULL or a live client (contract of `ffi`).
        let client = unsafe { ptr::borrow(client, &call, "client") }?;
        // SAFETY: NULL or texts that end with NUL (contract of `ffi`).
        let (bucket, key) = unsafe { place(bucket, key, &call) }?;
        // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
        let path = unsafe { text::required(path, &call, "path") }?;
        let (offset, length) = (setting::number("offset", offset)?, setting::length(length)?);
        let file = FileRange::new(path, ByteRange::new(offset, length));
        // SAFETY: NULL or live options (contract of `ffi`).
        let options = unsafe { options::or_default(options) }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        let uploaded = client.put_file_range(&bucket, &key, &file, &options, cancel)?;
        Ok(finish(uploaded, out))
    })
}

/// Uploads from an open file descriptor as one object: length bytes from
/// offset, or with length -1 all from there to its end. Otherwise as
/// ossmpu_put_file, but without a checkpoint.
///
/// A regular file is read by position: the descriptor's own offset is neither
/// used nor moved. A pipe, socket or terminal is read as a stream: offset has
/// to be 0, length -1 reads to its end, and OSSMPU_CONFIG_MEMORY_LIMIT bounds
/// the buffers. The descriptor is never closed, and must stay open until the
/// call returns. OSSMPU_EFILE if it is not open or not for reading.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_put_fd(
    client: *const ossmpu_client,
    bucket: *const c_char,
    key: *const c_char,
    fd: c_int,
    offset: i64,
    length: i64,
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
        // SAFETY: NULL or a live client (contract of `ffi`).
        let client = unsafe { ptr::borrow(client, &call, "client") }?;
        // SAFETY: NULL or texts that end with NUL (contract of `ffi`).
        let (bucket, key) = unsafe { place(bucket, key, &call) }?;
        if fd < 0 {
            return Err(Error::invalid("fd", "a descriptor is not negative"));
        }
        // SAFETY: the caller leaves the descriptor open until the call returns. One that never was
        // open is not negative either, and is told by the first thing that is done with it.
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        let (offset, length) = (setting::number("offset", offset)?, setting::length(length)?);
        let source = FdRange::new(fd, ByteRange::new(offset, length));
        // SAFETY: NULL or live options (contract of `ffi`).
        let options = unsafe { options::or_default(options) }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        Ok(finish(client.put_fd(&bucket, &key, source, &options, cancel)?, out))
    })
}

/// Uploads len bytes of memory as one object; otherwise as ossmpu_put_file.
/// The bytes are not copied: leave them alone until the call returns. data may
/// be NULL if len is 0. options, cancel and out may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_put_data(
    client: *const ossmpu_client,
    bucket: *const c_char,
    key: *const c_char,
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
        // SAFETY: NULL or a live client (contract of `ffi`).
        let client = unsafe { ptr::borrow(client, &call, "client") }?;
        // SAFETY: NULL or texts that end with NUL (contract of `ffi`).
        let (bucket, key) = unsafe { place(bucket, key, &call) }?;
        // SAFETY: NULL or so many bytes (contract of `ffi`). The Rust call promises to drop what it
        // is given before it returns, and the bytes stay until this function does.
        let data = unsafe { Bytes::lend(data, len, "data") }?;
        // SAFETY: NULL or live options (contract of `ffi`).
        let options = unsafe { options::or_default(options) }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        Ok(finish(client.put_data(&bucket, &key, data, &options, cancel)?, out))
    })
}

/// Hands over what was made.
pub(super) fn finish(mut uploaded: UploadResult, out: Slot<'_, *mut ossmpu_result>) -> Success {
    let callback_error = uploaded.callback_error.take();
    out.fill(ResultObject::new(&uploaded));
    callback_error.map_or(Success::Ok, Success::StoredCallbackFailed)
}

/// Reads where an object is.
///
/// # Safety
///
/// Both texts are NULL or end with NUL.
pub(super) unsafe fn place(
    bucket: *const c_char,
    key: *const c_char,
    call: &(),
) -> Result<(BucketName, ObjectKey)> {
    // SAFETY: the caller promises it.
    let bucket = unsafe { text::required(bucket, call, "bucket") }?;
    // SAFETY: the caller promises it.
    let key = unsafe { text::required(key, call, "key") }?;
    Ok((BucketName::parse(bucket)?, ObjectKey::parse(key)?))
}
