//! Uploads from a callback.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;

use super::arg_check;
use super::callback::Callback;
use super::cancel::{self, ossmpu_cancel};
use super::client::{self, ossmpu_client};
use super::entry_point::guard;
use super::error::ossmpu_error;
use super::handle::OutParam;
use super::options::{self, ossmpu_options};
use super::reader::{CallbackReader, ossmpu_read_fn};
use super::result::{ossmpu_result, set_result};
use super::text::Text;
use crate::ReaderSource;

/// Uploads the data that a callback returns as one object: length bytes, or up
/// to the end if length is -1. Otherwise as ossmpu_put_file.
///
/// The callback runs on the calling thread while worker threads send parts.
/// Parts are retried from their buffers, which OSSMPU_CONFIG_MEMORY_LIMIT
/// bounds, so the callback never has to rewind. Canceling does not interrupt a
/// callback that blocks. options, cancel and out may be NULL.
///
/// OSSMPU_ECALLBACK if the callback canceled the upload, OSSMPU_EFILE if it
/// ended before length bytes, OSSMPU_ENOMEM if there is no memory for a part.
/// OSSMPU_EINVAL beyond the size of 10000 parts, of which two must fit into
/// OSSMPU_CONFIG_MEMORY_LIMIT: with the defaults 626 GiB if length is -1, and
/// 1.2 TiB if it is known, since then all parts can have the largest size.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_put_stream(
    client: Option<&ossmpu_client>,
    bucket: Text<'_>,
    key: Text<'_>,
    callback: ossmpu_read_fn,
    user: *mut c_void,
    length: i64,
    options: Option<&ossmpu_options>,
    cancel: Option<&ossmpu_cancel>,
    out: Option<&mut MaybeUninit<Option<Box<ossmpu_result>>>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    guard(err, || {
        let client = client::of_call(client)?;
        let (bucket, key) = arg_check::bucket_and_key(bucket, key)?;
        // SAFETY: the function can be called with `user` on this thread (contract of `ffi`).
        let reader = CallbackReader(unsafe { Callback::new(callback, user, None) }?);
        let source = ReaderSource::new(reader).with_length(arg_check::length(length)?);
        let options = options::or_default(options)?;
        let cancel = cancel::or_never(cancel);
        Ok(set_result(client.put_stream(&bucket, &key, source, &options, cancel)?, out))
    })
}
