//! A multipart upload, step by step.

use std::ffi::{CString, c_char, c_int, c_void};
use std::mem::MaybeUninit;

use super::arg_check;
use super::bytes::Bytes;
use super::cancel::{self, ossmpu_cancel};
use super::client::{self, ossmpu_client};
use super::entry_point::{Success, guard};
use super::error::ossmpu_error;
use super::handle::{self, OutParam};
use super::options::{self, ossmpu_options};
use super::panic_boundary::guard_value;
use super::part_iter::{PartIter, ossmpu_part_iter};
use super::result::{ossmpu_result, set_result};
use super::text::Text;
use super::text::{self, EMPTY};
use crate::{FileRange, MultipartUpload, PartNumber, UploadId};

/// A multipart upload. It keeps the parts that are sent through it or added to
/// it, so completing needs no list. Any number of threads may use it at once,
/// so parts can be sent from as many threads as you like.
#[derive(Debug)]
pub struct ossmpu_upload {
    pub(super) upload: MultipartUpload,
    id: CString,
}

const _: () = handle::assert_shared::<ossmpu_upload>();

/// Initiates a multipart upload. Blocks.
///
/// options also apply to the parts and to completing. options and cancel may be
/// NULL; out is required. On failure OSSMPU_ERRINFO_UPLOAD_MAY_EXIST is 1 if
/// the response, and with it the upload ID, may have been lost.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_upload_initiate(
    client: Option<&ossmpu_client>,
    bucket: Text<'_>,
    key: Text<'_>,
    options: Option<&ossmpu_options>,
    cancel: Option<&ossmpu_cancel>,
    out: Option<&mut MaybeUninit<Option<Box<ossmpu_upload>>>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    guard(err, || {
        let out = out.required("out")?;
        let client = client::of_call(client)?;
        let (bucket, key) = arg_check::bucket_and_key(bucket, key)?;
        let options = options::or_default(options)?;
        let cancel = cancel::or_never(cancel);
        let upload = MultipartUpload::initiate(&client, &bucket, &key, &options, cancel)?;
        out.set(ossmpu_upload::new(upload));
        Ok(Success::Ok)
    })
}

/// Flag of ossmpu_upload_attach: get the parts that OSS has with ListParts.
pub const OSSMPU_ATTACH_LIST_PARTS: c_int = 1;

/// Creates a handle for an upload that was initiated elsewhere: by another
/// process, on another machine, or before a crash.
///
/// flags is 0 or OSSMPU_ATTACH_LIST_PARTS. With 0 the call sends nothing, does
/// not block, and the handle knows of no parts. With OSSMPU_ATTACH_LIST_PARTS
/// it blocks, and options apply to the list. They also apply to the parts and
/// to completing; the attributes of the object are those of Initiate, and
/// completing compares them with those that options have, except tags, which
/// HeadObject does not show. options and cancel may be NULL; out is required.
///
/// OSSMPU_ESERVICE with the code "NoSuchUpload" if the upload does not exist. It
/// was completed or aborted, so OSSMPU_ERRINFO_OBJECT_EXISTS is -1. With flags 0
/// only later calls can detect that.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_upload_attach(
    client: Option<&ossmpu_client>,
    bucket: Text<'_>,
    key: Text<'_>,
    upload_id: Text<'_>,
    flags: c_int,
    options: Option<&ossmpu_options>,
    cancel: Option<&ossmpu_cancel>,
    out: Option<&mut MaybeUninit<Option<Box<ossmpu_upload>>>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    guard(err, || {
        let out = out.required("out")?;
        let client = client::of_call(client)?;
        client.check_process()?;
        let (bucket, key) = arg_check::bucket_and_key(bucket, key)?;
        let id = UploadId::parse(upload_id.required("upload_id")?)?;
        let list = match flags {
            0 => false,
            OSSMPU_ATTACH_LIST_PARTS => true,
            _ => return Err(arg_check::no_choice("flags", flags.into())),
        };
        let options = options::or_default(options)?;
        let cancel = cancel::or_never(cancel);
        let upload = if list {
            MultipartUpload::attach_with_parts(&client, &bucket, &key, &id, &options, cancel)?
        } else {
            MultipartUpload::attach(&client, &bucket, &key, &id, &options)?
        };
        out.set(ossmpu_upload::new(upload));
        Ok(Success::Ok)
    })
}

/// Returns the upload ID; "" for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_upload_id(upload: Option<&ossmpu_upload>) -> *const c_char {
    guard_value(EMPTY.as_ptr(), || upload.map_or(EMPTY, |upload| &upload.id).as_ptr())
}

/// Sends a part from memory. Blocks. The bytes are not copied: do not change or
/// free them until the call returns.
///
/// part_number is 1 to 10000; a part with the same number is replaced. Each part
/// but the last must have 100 KiB or more, which completing the upload checks.
/// data may be NULL if len is 0, cancel may be NULL. OSSMPU_ESTATE after the
/// upload was completed or aborted, and while another call sends the same part.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_part(
    upload: Option<&ossmpu_upload>,
    part_number: i32,
    data: *const c_void,
    len: usize,
    cancel: Option<&ossmpu_cancel>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    guard(err, || {
        let upload = handle::required(upload, "upload")?;
        let number = PartNumber::try_from(i64::from(part_number))?;
        // SAFETY: NULL or that many bytes until this function returns (contract of `ffi`);
        // `upload_part` drops the value before it returns.
        let data = unsafe { Bytes::borrow(data, len, "data") }?;
        let cancel = cancel::or_never(cancel);
        upload.upload.upload_part(number, data, cancel)?;
        Ok(Success::Ok)
    })
}

/// Sends a part from a range of a regular file: length bytes from offset, or up
/// to the end of the file if length is -1. Blocks; otherwise as
/// ossmpu_upload_part. OSSMPU_EFILE if the file cannot be read, OSSMPU_EINVAL
/// if it does not contain the range, OSSMPU_ECHANGED if it changes during the
/// call, as for ossmpu_put_range.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_upload_part_file(
    upload: Option<&ossmpu_upload>,
    part_number: i32,
    path: Text<'_>,
    offset: i64,
    length: i64,
    cancel: Option<&ossmpu_cancel>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    guard(err, || {
        let upload = handle::required(upload, "upload")?;
        let number = PartNumber::try_from(i64::from(part_number))?;
        let path = path.required_path("path")?;
        let cancel = cancel::or_never(cancel);
        let range = arg_check::byte_range(offset, length)?;
        let file = FileRange::new(path, range);
        upload.upload.upload_part_file(number, &file, cancel)?;
        Ok(Success::Ok)
    })
}

/// Sends a part from memory, unless the base of a delta upload has the same
/// bytes at base_offset: then OSS copies them, and nothing is sent. Blocks;
/// otherwise as ossmpu_upload_part.
///
/// The base is OSSMPU_OPTION_DELTA_BASE of the options of the handle, otherwise
/// the object that has the key of the upload; it is looked up once for each
/// handle. Whatever it is, the part has the bytes of data. A base that cannot
/// be used, or no longer, is no error: the result of ossmpu_upload_complete
/// says why, and what was reused. OSSMPU_EINVAL in a sequential upload.
///
/// Completing lists the parts then. OSSMPU_EINTEGRITY, before anything is
/// created, if a copy that was delayed has replaced the part that the error
/// names: send it again.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_part_delta(
    upload: Option<&ossmpu_upload>,
    part_number: i32,
    base_offset: i64,
    data: *const c_void,
    len: usize,
    cancel: Option<&ossmpu_cancel>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    guard(err, || {
        let upload = handle::required(upload, "upload")?;
        let number = PartNumber::try_from(i64::from(part_number))?;
        let base_offset = arg_check::number("base_offset", base_offset)?;
        // SAFETY: NULL or that many bytes until this function returns (contract of `ffi`);
        // `upload_part_delta` drops the value before it returns.
        let data = unsafe { Bytes::borrow(data, len, "data") }?;
        let cancel = cancel::or_never(cancel);
        upload.upload.upload_part_delta(number, data, base_offset, cancel)?;
        Ok(Success::Ok)
    })
}

/// Returns the parts that the handle knows of, in the order of their numbers.
/// Sends nothing and does not block. out is required.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_upload_sent_parts(
    upload: Option<&ossmpu_upload>,
    out: Option<&mut MaybeUninit<Option<Box<ossmpu_part_iter>>>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    guard(err, || {
        let out = out.required("out")?;
        let upload = handle::required(upload, "upload")?;
        upload.upload.check_process()?;
        out.set(ossmpu_part_iter(PartIter::known(&upload.upload)));
        Ok(Success::Ok)
    })
}

/// Completes the upload: creates the object from the parts that the handle
/// knows of and returns when OSS has acknowledged it. Blocks.
///
/// If options is NULL, the options that the upload was initiated or attached
/// with apply. cancel and out may be NULL. With OSSMPU_OPTION_COMPLETE_ALL the
/// object is created from all parts that OSS has, including those that the
/// handle does not know of, unless one that it knows of is missing or was
/// replaced. The CRC-64 of the object is verified if that of each part is known.
///
/// On failure the upload usually stays open: complete it again or abort it. The
/// error says if it does not. OSSMPU_ESTATE while a part is being sent and
/// after the upload was completed or aborted; OSSMPU_EINVAL if a part is too
/// small; OSSMPU_EUNKNOWN if the object may have been created;
/// OSSMPU_STORED_CALLBACK_FAILED if the object is stored and its upload
/// callback failed.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_upload_complete(
    upload: Option<&ossmpu_upload>,
    options: Option<&ossmpu_options>,
    cancel: Option<&ossmpu_cancel>,
    out: Option<&mut MaybeUninit<Option<Box<ossmpu_result>>>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    guard(err, || {
        let upload = handle::required(upload, "upload")?;
        let cancel = cancel::or_never(cancel);
        let result = if options.is_none() {
            upload.upload.complete(cancel)?
        } else {
            upload.upload.check_process()?;
            let options = options::or_default(options);
            let options = options.map_err(|error| upload.upload.with_upload(error))?;
            upload.upload.complete_with(&options, cancel)?
        };
        Ok(set_result(result, out))
    })
}

/// Aborts the upload: cancels the calls that are sending parts, then removes
/// the parts from OSS. Blocks for at most OSSMPU_CONFIG_ABORT_TIMEOUT_MS and
/// takes no cancel token. May be called again. OSSMPU_ESTATE after the upload
/// was completed; after any other error parts may be left. Of an attached upload
/// success does not say whether another handle or process had completed it.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_upload_abort(
    upload: Option<&ossmpu_upload>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    guard(err, || {
        handle::required(upload, "upload")?.upload.abort()?;
        Ok(Success::Ok)
    })
}

/// Frees an upload. NULL is a no-op. Does not abort the upload: unless it was
/// completed or aborted, its parts stay on OSS and are billed.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_upload_free(upload: Option<Box<ossmpu_upload>>) {
    guard_value((), || drop(upload));
}

impl ossmpu_upload {
    fn new(upload: MultipartUpload) -> Self {
        let id = text::to_c_string(upload.upload_id().as_str());
        Self { upload, id }
    }
}
