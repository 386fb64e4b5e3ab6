//! Uploads of whole objects.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;

use super::arg_check;
use super::bytes::Bytes;
use super::cancel::{self, ossmpu_cancel};
use super::client::{self, ossmpu_client};
use super::entry_point::{Success, guard};
use super::error::ossmpu_error;
use super::handle::OutParam;
use super::options::{self, ossmpu_options};
use super::result::{ossmpu_result, set_result};
use super::text::Text;
use crate::{
    BorrowedDescriptor, Error, ErrorKind, FdRange, FileRange, Result, descriptor_of_number,
};

/// Uploads the regular file at path as one object and returns when OSS has
/// acknowledged it: with one PutObject if it is small, else as a multipart
/// upload with several parts at a time. Blocks.
///
/// options, cancel and out may be NULL. On failure the upload is aborted,
/// unless OSSMPU_OPTION_KEEP_PARTS is set. What may be left on OSS is in the
/// error: OSSMPU_ERRINFO_PARTS_LEFT, OSSMPU_ERRINFO_OBJECT_EXISTS and
/// OSSMPU_ERRINFO_UPLOAD_MAY_EXIST.
///
/// OSSMPU_EFILE if the file cannot be read. OSSMPU_ECHANGED if its size or
/// modification time changes during the call, or its content, which is read
/// once more if the file was modified in the last 60 seconds before the call
/// or is renamed or the like during it; docs/reliability.md has the limits. A
/// file whose content does not end at its size, as in /proc, is uploaded as by
/// ossmpu_put_stream. OSSMPU_STORED_CALLBACK_FAILED if the object is stored and
/// its upload callback failed.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_put_file(
    client: Option<&ossmpu_client>,
    bucket: Text<'_>,
    key: Text<'_>,
    path: Text<'_>,
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
        let path = path.required_path("path")?;
        let options = options::or_default(options)?;
        let cancel = cancel::or_never(cancel);
        Ok(set_result(client.put_file(&bucket, &key, path, &options, cancel)?, out))
    })
}

/// Uploads a range of the regular file at path as one object: length bytes from
/// offset, or up to the end of the file if length is -1. Otherwise as
/// ossmpu_put_file. OSSMPU_EINVAL if the file does not contain the range. If
/// length is not -1, only the bytes of the range must not change: others may be
/// appended to the file.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_put_range(
    client: Option<&ossmpu_client>,
    bucket: Text<'_>,
    key: Text<'_>,
    path: Text<'_>,
    offset: i64,
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
        let path = path.required_path("path")?;
        let range = arg_check::byte_range(offset, length)?;
        let options = options::or_default(options)?;
        let cancel = cancel::or_never(cancel);
        let file = FileRange::new(path, range);
        Ok(set_result(client.put_range(&bucket, &key, &file, &options, cancel)?, out))
    })
}

/// Uploads from an open file descriptor as one object: length bytes from
/// offset, or up to the end if length is -1. Otherwise as ossmpu_put_range, but
/// without a checkpoint.
///
/// A regular file is read with pread: the offset of the descriptor is neither
/// used nor changed. A pipe, socket or terminal is read as a stream: offset
/// must be 0, and OSSMPU_CONFIG_MEMORY_LIMIT bounds the buffers. The library
/// neither duplicates nor closes the descriptor, which must stay open until the
/// call returns.
/// OSSMPU_EFILE if it is not open for reading. On Windows always
/// OSSMPU_EUNSUPPORTED: use ossmpu_put_handle.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_put_fd(
    client: Option<&ossmpu_client>,
    bucket: Text<'_>,
    key: Text<'_>,
    fd: c_int,
    offset: i64,
    length: i64,
    options: Option<&ossmpu_options>,
    cancel: Option<&ossmpu_cancel>,
    out: Option<&mut MaybeUninit<Option<Box<ossmpu_result>>>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    let descriptor = || {
        if fd < 0 {
            return Err(Error::invalid("fd", "a descriptor must not be negative"));
        }
        // SAFETY: it is not negative, and stays open until the call returns (contract of `ffi`).
        unsafe { descriptor_of_number(fd) }.ok_or_else(|| {
            let text = "descriptors of a C runtime are not supported; use ossmpu_put_handle";
            Error::new(ErrorKind::Unsupported, text)
        })
    };
    let (object, range) = ((bucket, key), (offset, length));
    guard(err, || put_descriptor(client, object, descriptor, range, options, cancel, out))
}

/// Uploads from an open handle (HANDLE) as one object: length bytes from offset,
/// or up to the end if length is -1. Otherwise as ossmpu_put_range, but without
/// a checkpoint.
///
/// A file is opened once more with ReOpenFile: the position of the handle is
/// neither used nor changed. If that fails, for example because the handle was
/// opened without FILE_SHARE_READ, the file is read through the handle, and its
/// position is the same again when the call returns: until then the program must
/// not use it. A pipe or console is read as a stream: offset must be 0, and
/// OSSMPU_CONFIG_MEMORY_LIMIT bounds the buffers; a cancellation does not end a
/// wait for a console. Sockets are not supported: use ossmpu_put_stream. The
/// library does not close the handle, which must stay open until the call
/// returns. Of a descriptor of the C runtime, _get_osfhandle has the handle.
#[cfg(windows)]
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_put_handle(
    client: Option<&ossmpu_client>,
    bucket: Text<'_>,
    key: Text<'_>,
    handle: *mut c_void,
    offset: i64,
    length: i64,
    options: Option<&ossmpu_options>,
    cancel: Option<&ossmpu_cancel>,
    out: Option<&mut MaybeUninit<Option<Box<ossmpu_result>>>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    let descriptor = || {
        if handle.is_null() {
            return Err(Error::invalid("handle", "is NULL"));
        }
        // SAFETY: it stays open until the call returns (contract of `ffi`). The first system call
        // reports one that is not open.
        Ok(unsafe { BorrowedDescriptor::borrow_raw(handle) })
    };
    let (object, range) = ((bucket, key), (offset, length));
    guard(err, || put_descriptor(client, object, descriptor, range, options, cancel, out))
}

/// The body of the functions that upload from an open file, pipe or the like of the caller: a range,
/// which is an offset and a length, as an object, which is a bucket and a key.
fn put_descriptor<'fd>(
    client: Option<&ossmpu_client>,
    object: (Text<'_>, Text<'_>),
    descriptor: impl FnOnce() -> Result<BorrowedDescriptor<'fd>>,
    range: (i64, i64),
    options: Option<&ossmpu_options>,
    cancel: Option<&ossmpu_cancel>,
    out: OutParam<'_, Option<Box<ossmpu_result>>>,
) -> Result<Success> {
    let client = client::of_call(client)?;
    let (bucket, key) = arg_check::bucket_and_key(object.0, object.1)?;
    let source = FdRange::new(descriptor()?, arg_check::byte_range(range.0, range.1)?);
    let options = options::or_default(options)?;
    let cancel = cancel::or_never(cancel);
    Ok(set_result(client.put_fd(&bucket, &key, source, &options, cancel)?, out))
}

/// Uploads len bytes of memory as one object; otherwise as ossmpu_put_file. The
/// bytes are not copied: do not change or free them until the call returns.
/// data may be NULL if len is 0. options, cancel and out may be NULL.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_put_data(
    client: Option<&ossmpu_client>,
    bucket: Text<'_>,
    key: Text<'_>,
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
        let client = client::of_call(client)?;
        let (bucket, key) = arg_check::bucket_and_key(bucket, key)?;
        // SAFETY: NULL or that many bytes until this function returns (contract of `ffi`);
        // `put_data` drops the value before it returns.
        let data = unsafe { Bytes::borrow(data, len, "data") }?;
        let options = options::or_default(options)?;
        let cancel = cancel::or_never(cancel);
        Ok(set_result(client.put_data(&bucket, &key, data, &options, cancel)?, out))
    })
}
