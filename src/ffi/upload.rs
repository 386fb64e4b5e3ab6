//! One multipart upload, step by step.

use std::ffi::{CString, c_char, c_int, c_void};

use super::cancel::{self, ossmpu_cancel};
use super::client::ossmpu_client;
use super::error::ossmpu_error;
use super::guard::{Success, guard, guard_value};
use super::options::{self, ossmpu_options};
use super::part_iter::{PartIter, ossmpu_part_iter};
use super::ptr::{self, Bytes, Handle, Slot};
use super::put::{finish, place};
use super::result::ossmpu_result;
use super::setting;
use super::text::{self, EMPTY};
use crate::{ByteRange, FileRange, ListParts, MultipartUpload, PartNumber, UploadId};

/// One multipart upload, step by step. It remembers the parts that were sent
/// through it or added to it, so completing needs no list. Any number of
/// threads may use it at once: send parts from as many as you like.
pub struct ossmpu_upload {
    _opaque: [u8; 0],
}

impl Handle for ossmpu_upload {
    type Inner = UploadObject;
}

/// Begins a multipart upload. Blocks.
///
/// options, which go for the parts and for completing as well, and cancel may
/// be NULL; out is required. OSSMPU_ERROR_UPLOAD_MAY_EXIST says that the
/// answer, and with it the upload id, was lost.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_initiate(
    client: *const ossmpu_client,
    bucket: *const c_char,
    key: *const c_char,
    options: *const ossmpu_options,
    cancel: *const ossmpu_cancel,
    out: *mut *mut ossmpu_upload,
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
        let upload = client.start_upload(&bucket, &key, &options, cancel)?;
        out.fill(UploadObject::new(upload));
        Ok(Success::Ok)
    })
}

/// For ossmpu_upload_attach: ask OSS which parts it has, so that the handle
/// knows of them.
pub const OSSMPU_ATTACH_LIST_PARTS: c_int = 1;

/// Takes up an upload that was begun elsewhere: by another process, on another
/// machine, or before a crash. Blocks only with OSSMPU_ATTACH_LIST_PARTS,
/// which is all that flags may have; with flags 0 nothing is sent, and the
/// handle knows of no part yet.
///
/// options, which go for the parts and for completing, and cancel may be NULL;
/// out is required. OSSMPU_ESERVICE with "NoSuchUpload" if OSS does not have
/// the upload, which is noticed only when something is sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_attach(
    client: *const ossmpu_client,
    bucket: *const c_char,
    key: *const c_char,
    upload_id: *const c_char,
    flags: c_int,
    options: *const ossmpu_options,
    cancel: *const ossmpu_cancel,
    out: *mut *mut ossmpu_upload,
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
        client.check_process()?;
        // SAFETY: NULL or texts that end with NUL (contract of `ffi`).
        let (bucket, key) = unsafe { place(bucket, key, &call) }?;
        // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
        let id = UploadId::parse(unsafe { text::required(upload_id, &call, "upload_id") }?)?;
        let list = match flags {
            0 => false,
            OSSMPU_ATTACH_LIST_PARTS => true,
            _ => return Err(setting::no_choice("flags", flags.into())),
        };
        // SAFETY: NULL or live options (contract of `ffi`).
        let mut options = unsafe { options::or_default(options) }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        let upload = client.attach_upload(&bucket, &key, &id, &options);
        if list {
            let request = ListParts::new(&bucket, &key, &id).with_headers(options.headers_mut());
            for part in client.parts_iter(request, cancel) {
                upload.add_part(part?.into())?;
            }
        }
        out.fill(UploadObject::new(upload));
        Ok(Success::Ok)
    })
}

/// Gives the upload id; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_id(upload: *const ossmpu_upload) -> *const c_char {
    guard_value(EMPTY.as_ptr(), || {
        let call = ();
        // SAFETY: NULL or a live upload (contract of `ffi`).
        let upload = unsafe { ptr::borrow_or_none(upload, &call) };
        upload.map_or(EMPTY, |upload| &upload.id).as_ptr()
    })
}

/// Sends a part from memory. Blocks; the bytes are not copied: leave them alone
/// until the call returns.
///
/// number is 1 to 10000. A part that was sent with the same number is
/// replaced. All parts but the last need 100 KiB or more, which is checked
/// when the upload is completed. data may be NULL if len is 0, cancel may be
/// NULL. OSSMPU_ESTATE after the upload was completed or aborted, and while
/// another call sends the same part.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_part(
    upload: *const ossmpu_upload,
    number: i32,
    data: *const c_void,
    len: usize,
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
        // SAFETY: NULL or so many bytes (contract of `ffi`). The Rust call promises to drop what it
        // is given before it returns, and the bytes stay until this function does.
        let data = unsafe { Bytes::lend(data, len, "data") }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        upload.upload.upload_part(number, data, cancel)?;
        Ok(Success::Ok)
    })
}

/// Sends a part from a range of a regular file: length bytes from offset, or
/// with length -1 all from there to its end. Blocks; otherwise as
/// ossmpu_upload_part. OSSMPU_EFILE if the file cannot be read,
/// OSSMPU_EINVAL if it does not have the range, OSSMPU_ECHANGED if it changes
/// meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_part_file(
    upload: *const ossmpu_upload,
    number: i32,
    path: *const c_char,
    offset: i64,
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
        // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
        let path = unsafe { text::required(path, &call, "path") }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        let (offset, length) = (setting::number("offset", offset)?, setting::length(length)?);
        let file = FileRange::new(path, ByteRange::new(offset, length));
        upload.upload.upload_part_file(number, &file, cancel)?;
        Ok(Success::Ok)
    })
}

/// Gives the parts that this handle knows of, in the order of their numbers.
/// Asks nobody and does not block. out is required.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_parts(
    upload: *const ossmpu_upload,
    out: *mut *mut ossmpu_part_iter,
    err: *mut *mut ossmpu_error,
) -> c_int {
    let call = ();
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let err = unsafe { Slot::open(err, &call) };
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let out = unsafe { Slot::open(out, &call) };
    guard(err, || {
        let out = out.required("out")?;
        // SAFETY: NULL or a live upload (contract of `ffi`).
        let upload = unsafe { ptr::borrow(upload, &call, "upload") }?;
        upload.upload.check_process()?;
        out.fill(PartIter::known(upload.upload.sent_parts()));
        Ok(Success::Ok)
    })
}

/// Makes the object out of the parts that this handle knows of, and returns
/// when OSS has acknowledged it. Blocks.
///
/// options NULL are those that the upload was begun or taken up with; cancel
/// and out may be NULL. With OSSMPU_OPTION_COMPLETE_ALL the object is made out
/// of all parts that OSS has, also of those that this handle does not know of.
/// The CRC-64 of the object is compared if that of each part is known.
///
/// On failure the upload stays open, unless the error says otherwise:
/// complete it again or abort it. OSSMPU_ESTATE while a part is being sent and
/// after the upload was completed or aborted; OSSMPU_EINVAL names a part that
/// is too small; OSSMPU_EUNKNOWN if it could not be learned whether the object
/// was made; OSSMPU_STORED_CALLBACK_FAILED if it was made all the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_complete(
    upload: *const ossmpu_upload,
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
        // SAFETY: NULL or a live upload (contract of `ffi`).
        let upload = unsafe { ptr::borrow(upload, &call, "upload") }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        let uploaded = if options.is_null() {
            upload.upload.complete(cancel)?
        } else {
            // SAFETY: NULL or live options (contract of `ffi`).
            let options = unsafe { options::or_default(options) }?;
            upload.upload.complete_with(&options, cancel)?
        };
        Ok(finish(uploaded, out))
    })
}

/// Gives the upload up: ends the calls that are still sending parts, then
/// removes what OSS has of them. Blocks, at most OSSMPU_CONFIG_ABORT_MS, and
/// takes no cancel token. May be called again. OSSMPU_ESTATE after the upload
/// was completed; any other error says that parts may be left.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_abort(
    upload: *const ossmpu_upload,
    err: *mut *mut ossmpu_error,
) -> c_int {
    let call = ();
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let err = unsafe { Slot::open(err, &call) };
    guard(err, || {
        // SAFETY: NULL or a live upload (contract of `ffi`).
        unsafe { ptr::borrow(upload, &call, "upload") }?.upload.abort()?;
        Ok(Success::Ok)
    })
}

/// Frees an upload. NULL is a no-op. Sends nothing and aborts nothing: without
/// complete or abort its parts stay on OSS, where they are billed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_upload_free(upload: *mut ossmpu_upload) {
    // SAFETY: NULL or an upload that nobody uses any more (contract of `ffi`).
    guard_value((), || drop(unsafe { ptr::take(upload) }));
}

/// An upload, with its ID as C wants it.
#[derive(Debug)]
pub(super) struct UploadObject {
    pub(super) upload: MultipartUpload,
    id: CString,
}

impl UploadObject {
    fn new(upload: MultipartUpload) -> Self {
        let id = text::owned(upload.upload_id().as_str());
        Self { upload, id }
    }
}
