//! Uploads of what a callback gives.

use std::ffi::{c_char, c_int, c_void};

use super::cancel::{self, ossmpu_cancel};
use super::client::ossmpu_client;
use super::error::ossmpu_error;
use super::guard::guard;
use super::options::{self, ossmpu_options};
use super::ptr::{self, Slot};
use super::put::{finish, place};
use super::reader::{Reader, ossmpu_read_fn};
use super::result::ossmpu_result;
use super::setting;
use crate::ReaderSource;

/// Uploads what a callback gives as one object: length bytes, or with length
/// -1 all up to its end. Otherwise as ossmpu_put_file.
///
/// The callback runs on the calling thread, while parts that it has given are
/// sent by others. Parts are sent again from their buffers, which
/// OSSMPU_CONFIG_MEMORY_LIMIT bounds, so it never has to rewind. A cancel does
/// not end a callback that blocks. options, cancel and out may be NULL.
///
/// OSSMPU_ESTOPPED if the callback asked to stop, OSSMPU_EFILE if it ended
/// before length, OSSMPU_ENOMEM if there is no room for a part. Without a
/// length 10000 parts bound the object: far more than 1 TiB with the defaults,
/// and OSSMPU_EINVAL beyond.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_put_stream(
    client: *const ossmpu_client,
    bucket: *const c_char,
    key: *const c_char,
    callback: ossmpu_read_fn,
    user: *mut c_void,
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
        let reader = Reader::new(callback, user)?;
        let source = ReaderSource::new(reader).with_length(setting::length(length)?);
        // SAFETY: NULL or live options (contract of `ffi`).
        let options = unsafe { options::or_default(options) }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        Ok(finish(client.put_reader(&bucket, &key, source, &options, cancel)?, out))
    })
}
