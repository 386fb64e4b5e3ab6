//! Copies inside OSS.

use std::ffi::{c_char, c_int};

use super::cancel::{self, ossmpu_cancel};
use super::client::ossmpu_client;
use super::error::ossmpu_error;
use super::guard::guard;
use super::options::{self, CallOptions, ossmpu_options};
use super::ptr::{self, Slot};
use super::put::{finish, place};
use super::result::ossmpu_result;
use super::text;
use crate::{BucketName, CopySource, ObjectKey, Result};

/// Copies an object of any size inside OSS, in parts that are copied at once;
/// no byte of it comes here. The source is in the same region. Blocks.
///
/// source_version is NULL for the present version. Content headers and
/// metadata are the source's unless options set any; parts have 64 MiB unless
/// OSSMPU_OPTION_PART_SIZE is set; OSSMPU_OPTION_COPY_IF_* are conditions on
/// the source as it is at the start. options, cancel and out may be NULL.
///
/// The copy has the CRC-64 of the source, or the call fails. OSSMPU_ECHANGED
/// if the source changes meanwhile; OSSMPU_ESERVICE with HTTP status 412 or
/// 304 if it does not meet a condition. On failure as ossmpu_put_file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_copy_object(
    client: *const ossmpu_client,
    bucket: *const c_char,
    key: *const c_char,
    source_bucket: *const c_char,
    source_key: *const c_char,
    source_version: *const c_char,
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
        // SAFETY: NULL or texts that end with NUL (contract of `ffi`).
        let source = unsafe { source(source_bucket, source_key, source_version, &call) }?;
        // SAFETY: NULL or live options (contract of `ffi`).
        let options = unsafe { options::of_call(options) }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        let source = on_conditions(source, &options);
        Ok(finish(client.copy_object(&bucket, &key, &source, &options.upload, cancel)?, out))
    })
}

/// Reads what is to be copied.
///
/// # Safety
///
/// The texts are NULL or end with NUL.
pub(super) unsafe fn source(
    bucket: *const c_char,
    key: *const c_char,
    version: *const c_char,
    call: &(),
) -> Result<CopySource> {
    // SAFETY: the caller promises it.
    let bucket = unsafe { text::required(bucket, call, "source_bucket") }?;
    // SAFETY: the caller promises it.
    let key = unsafe { text::required(key, call, "source_key") }?;
    // SAFETY: the caller promises it.
    let version = unsafe { text::optional(version, call, "source_version") }?;
    let bucket = BucketName::parse(bucket).map_err(|error| error.with_argument("source_bucket"))?;
    let key = ObjectKey::parse(key).map_err(|error| error.with_argument("source_key"))?;
    let source = CopySource::new(&bucket, &key);
    Ok(match version {
        Some(version) => source.with_version(version),
        None => source,
    })
}

/// The source with the conditions of the options.
pub(super) fn on_conditions(mut source: CopySource, options: &CallOptions) -> CopySource {
    if let Some(etag) = &options.copy_if_match {
        source = source.if_match(etag);
    }
    if let Some(etag) = &options.copy_if_none_match {
        source = source.if_none_match(etag);
    }
    if let Some(time) = options.copy_if_modified_since {
        source = source.if_modified_since(time);
    }
    if let Some(time) = options.copy_if_unmodified_since {
        source = source.if_unmodified_since(time);
    }
    source
}
