//! What OSS says of an object.

use std::ffi::{CString, c_char, c_int};

use super::cancel::{self, ossmpu_cancel};
use super::client::ossmpu_client;
use super::error::ossmpu_error;
use super::guard::{Success, guard, guard_value};
use super::options::{self, ossmpu_options};
use super::ptr::{self, Handle, Slot};
use super::put::place;
use super::setting;
use super::text::{self, EMPTY, Texts};
use crate::{HeadObject, HeadObjectResult, rfc3339};

/// What OSS says of an object. It never changes, so any number of threads may
/// read it.
pub struct ossmpu_object {
    _opaque: [u8; 0],
}

impl Handle for ossmpu_object {
    type Inner = ObjectInfo;
}

/// Text: the ETag, with its quotes.
pub const OSSMPU_OBJECT_ETAG: c_int = 1;
/// Text: the Content-Type.
pub const OSSMPU_OBJECT_CONTENT_TYPE: c_int = 2;
/// Text: "Normal", "Multipart" and so on.
pub const OSSMPU_OBJECT_TYPE: c_int = 3;
/// Text: the version, in a bucket with versioning.
pub const OSSMPU_OBJECT_VERSION_ID: c_int = 4;
/// Text: "Standard" and so on.
pub const OSSMPU_OBJECT_STORAGE_CLASS: c_int = 5;
/// Text: when it was last changed, as in "2025-01-15T10:30:00Z" (RFC 3339).
pub const OSSMPU_OBJECT_LAST_MODIFIED: c_int = 6;
/// Number: bytes of the object.
pub const OSSMPU_OBJECT_SIZE: c_int = 100;
/// Unsigned: the CRC-64 of the object; very old objects have none.
pub const OSSMPU_OBJECT_CRC64: c_int = 200;

/// Asks OSS for size, ETag, CRC-64, metadata and the rest of an object, but
/// not for its bytes. Blocks.
///
/// version is NULL for the present one. options, of which only the payer
/// matters, and cancel may be NULL; out is required. OSSMPU_ESERVICE with HTTP
/// status 404 if there is no such object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_head_object(
    client: *const ossmpu_client,
    bucket: *const c_char,
    key: *const c_char,
    version: *const c_char,
    options: *const ossmpu_options,
    cancel: *const ossmpu_cancel,
    out: *mut *mut ossmpu_object,
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
        // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
        let version = unsafe { text::optional(version, &call, "version") }?;
        // SAFETY: NULL or live options (contract of `ffi`).
        let mut options = unsafe { options::or_default(options) }?;
        // SAFETY: NULL or a live token (contract of `ffi`).
        let cancel = unsafe { cancel::or_never(cancel, &call) };
        let request = HeadObject::new(&bucket, &key).with_headers(options.headers_mut());
        let request = match version {
            Some(version) => request.with_version(version),
            None => request,
        };
        out.fill(ObjectInfo::new(&client.head_object(&request, cancel)?));
        Ok(Success::Ok)
    })
}

/// Gives a text of an object: OSSMPU_OBJECT_ETAG to
/// OSSMPU_OBJECT_LAST_MODIFIED. "" if it is not known, if there is no such
/// text, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_object_str(
    object: *const ossmpu_object,
    field: c_int,
) -> *const c_char {
    guard_value(EMPTY.as_ptr(), || {
        let call = ();
        // SAFETY: NULL or a live object (contract of `ffi`).
        let object = unsafe { ptr::borrow_or_none(object, &call) };
        object.map_or(EMPTY, |object| object.texts.get(field)).as_ptr()
    })
}

/// Gives a number of an object: OSSMPU_OBJECT_SIZE. -1 if there is no such
/// number; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_object_int(object: *const ossmpu_object, field: c_int) -> i64 {
    guard_value(0, || {
        let call = ();
        // SAFETY: NULL or a live object (contract of `ffi`).
        let object = unsafe { ptr::borrow_or_none(object, &call) };
        object.map_or(0, |object| match field {
            OSSMPU_OBJECT_SIZE => i64::try_from(object.size).unwrap_or(i64::MAX),
            _ => -1,
        })
    })
}

/// Gives an unsigned number of an object: OSSMPU_OBJECT_CRC64. Returns
/// OSSMPU_OK; OSSMPU_ABSENT if it is not known, and then out is left alone;
/// OSSMPU_EUNSUPPORTED if there is no such number; OSSMPU_EINVAL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_object_u64(
    object: *const ossmpu_object,
    field: c_int,
    out: *mut u64,
) -> c_int {
    guard(Slot::unwanted(), || {
        let call = ();
        // SAFETY: NULL or a live object (contract of `ffi`).
        let object = unsafe { ptr::borrow(object, &call, "object") }?;
        let number = match field {
            OSSMPU_OBJECT_CRC64 => object.crc64,
            _ => return Err(setting::unknown_field(field)),
        };
        // SAFETY: NULL or a place for a number (contract of `ffi`).
        unsafe { ptr::write_number(out, number) }
    })
}

/// Gives the user metadata of that name, without its x-oss-meta- and in either
/// case. "" if there is none, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_object_metadata(
    object: *const ossmpu_object,
    name: *const c_char,
) -> *const c_char {
    guard_value(EMPTY.as_ptr(), || {
        let call = ();
        // SAFETY: NULL or a live object (contract of `ffi`).
        let object = unsafe { ptr::borrow_or_none(object, &call) };
        // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
        let name = unsafe { text::optional(name, &call, "name") };
        match (object, name) {
            (Some(object), Ok(Some(name))) => object.metadata(name).as_ptr(),
            _ => EMPTY.as_ptr(),
        }
    })
}

/// Frees an object and every text got from it. NULL is a no-op. Nothing
/// happens to the object on OSS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_object_free(object: *mut ossmpu_object) {
    // SAFETY: NULL or an object that nobody uses any more (contract of `ffi`).
    guard_value((), || drop(unsafe { ptr::take(object) }));
}

/// What OSS said, with its texts as C wants them.
#[derive(Debug)]
pub(super) struct ObjectInfo {
    texts: Texts,
    size: u64,
    crc64: Option<u64>,
    metadata: Vec<(String, CString)>,
}

impl ObjectInfo {
    fn new(object: &HeadObjectResult) -> Self {
        let last_modified = object.last_modified.map(rfc3339).unwrap_or_default();
        let texts = Texts::new([
            (OSSMPU_OBJECT_ETAG, object.etag.as_str()),
            (OSSMPU_OBJECT_CONTENT_TYPE, object.content_type.as_deref().unwrap_or_default()),
            (OSSMPU_OBJECT_TYPE, object.object_type.as_deref().unwrap_or_default()),
            (OSSMPU_OBJECT_VERSION_ID, object.version_id.as_deref().unwrap_or_default()),
            (OSSMPU_OBJECT_STORAGE_CLASS, object.storage_class.as_deref().unwrap_or_default()),
            (OSSMPU_OBJECT_LAST_MODIFIED, &last_modified),
        ]);
        let metadata = object.metadata.iter();
        let metadata = metadata.map(|(name, value)| (name.clone(), text::owned(value))).collect();
        Self { texts, size: object.size, crc64: object.crc64, metadata }
    }

    fn metadata(&self, name: &str) -> &std::ffi::CStr {
        let mut named = self.metadata.iter();
        let found = named.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or(EMPTY, |(_, value)| value)
    }
}
