//! A stream that the caller writes to.

use std::ffi::{c_char, c_int, c_void};
use std::io::Write;

use super::cancel::{self, ossmpu_cancel};
use super::client::ossmpu_client;
use super::error::ossmpu_error;
use super::exclusive::Exclusive;
use super::guard::{Success, guard, guard_value};
use super::options::{self, ossmpu_options};
use super::ptr::{self, Bytes, Handle, Slot};
use super::put::{finish, place};
use super::result::ossmpu_result;
use crate::{Error, ErrorKind, Result, Writer};

/// An object that is written piece by piece, of a length that nobody knows
/// beforehand. One thread at a time may use it.
pub struct ossmpu_writer {
    _opaque: [u8; 0],
}

impl Handle for ossmpu_writer {
    /// `None` once it is finished or aborted.
    type Inner = Exclusive<Option<Writer>>;
}

/// Opens a writer. Sends nothing yet and does not block.
///
/// options and cancel, which go for all calls on the writer, may be NULL; out
/// is required. OSSMPU_EINVAL if two parts of OSSMPU_OPTION_PART_SIZE are more
/// than OSSMPU_CONFIG_MEMORY_LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_writer_open(
    client: *const ossmpu_client,
    bucket: *const c_char,
    key: *const c_char,
    options: *const ossmpu_options,
    cancel: *const ossmpu_cancel,
    out: *mut *mut ossmpu_writer,
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
        // SAFETY: NULL or live options (contract of `ffi`).
        let options = unsafe { options::or_default(options) }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        let writer = client.open_writer(&bucket, &key, &options, cancel)?;
        out.fill(Exclusive::new(Some(writer)));
        Ok(Success::Ok)
    })
}

/// Appends bytes. Copies them, and blocks while the buffers are full. data may
/// be NULL if len is 0.
///
/// An error is the first failure of the upload, which is cleaned up by then;
/// after it only ossmpu_writer_free is of use, and all else is OSSMPU_ESTATE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_writer_write(
    writer: *mut ossmpu_writer,
    data: *const c_void,
    len: usize,
    err: *mut *mut ossmpu_error,
) -> c_int {
    let call = ();
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let err = unsafe { Slot::open(err, &call) };
    guard(err, || {
        // SAFETY: NULL or a live writer of this thread alone (contract of `ffi`).
        let writer = unsafe { ptr::borrow_mut(writer, &call, "writer") }?;
        // SAFETY: NULL or so many bytes (contract of `ffi`), which are copied.
        let data = unsafe { Bytes::lend(data, len, "data") }?;
        writer.change(|writer| {
            let written = writer.as_mut().ok_or_else(over)?.write_all(data.as_ref());
            written.map_err(Error::from)
        })?;
        Ok(Success::Ok)
    })
}

/// Sends the rest, makes the object, and returns when OSS has acknowledged it.
/// Blocks. out may be NULL.
///
/// On failure as ossmpu_put_file; the writer is then over. OSSMPU_ESTATE after
/// a write that failed, and after finish or abort.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_writer_finish(
    writer: *mut ossmpu_writer,
    out: *mut *mut ossmpu_result,
    err: *mut *mut ossmpu_error,
) -> c_int {
    let call = ();
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let err = unsafe { Slot::open(err, &call) };
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let out = unsafe { Slot::open(out, &call) };
    guard(err, || {
        // SAFETY: NULL or a live writer of this thread alone (contract of `ffi`).
        let writer = unsafe { ptr::borrow_mut(writer, &call, "writer") }?;
        Ok(finish(writer.change(|writer| end(writer)?.finish())?, out))
    })
}

/// Gives the object up: it does not appear, and what OSS has of it is removed.
/// Blocks, at most OSSMPU_CONFIG_ABORT_MS, and takes no notice of the cancel
/// token.
///
/// OSSMPU_ECANCELED with OSSMPU_ERROR_PARTS_LEFT if parts may be left.
/// OSSMPU_ESTATE after a write that failed, and after finish or abort.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_writer_abort(
    writer: *mut ossmpu_writer,
    err: *mut *mut ossmpu_error,
) -> c_int {
    let call = ();
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let err = unsafe { Slot::open(err, &call) };
    guard(err, || {
        // SAFETY: NULL or a live writer of this thread alone (contract of `ffi`).
        let writer = unsafe { ptr::borrow_mut(writer, &call, "writer") }?;
        writer.change(|writer| end(writer)?.abort())?;
        Ok(Success::Ok)
    })
}

/// Frees a writer. NULL is a no-op. Unless it was finished or aborted it is
/// cancelled: the object never appears, nothing is sent any more, and parts
/// that OSS has already stay there, where they are billed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_writer_free(writer: *mut ossmpu_writer) {
    // SAFETY: NULL or a writer that nobody uses any more (contract of `ffi`).
    guard_value((), || drop(unsafe { ptr::take(writer) }));
}

fn end(writer: &mut Option<Writer>) -> Result<Writer> {
    writer.as_ref().map_or(Ok(()), Writer::check_process)?;
    writer.take().ok_or_else(over)
}

fn over() -> Error {
    Error::new(ErrorKind::State, "the writer is finished or aborted")
}
