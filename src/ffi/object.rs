//! The properties of an object.

use std::ffi::{CString, c_char, c_int};
use std::mem::MaybeUninit;

use super::arg_check;
use super::cancel::{self, ossmpu_cancel};
use super::client::{self, ossmpu_client};
use super::entry_point::{Success, guard, write_number};
use super::error::ossmpu_error;
use super::handle::{self, OutParam};
use super::key_group::{KeyGroup, ValueType};
use super::options::{self, ossmpu_options};
use super::panic_boundary::guard_value;
use super::text::{self, EMPTY, Text, Texts};
use crate::{HeadObject, HeadObjectResult, rfc3339};

/// The properties of an object. It never changes, so any number of threads may
/// read it.
#[derive(Debug)]
pub struct ossmpu_object {
    texts: Texts,
    size: u64,
    crc64: Option<u64>,
    metadata: Vec<(String, CString)>,
}

const _: () = handle::assert_shared::<ossmpu_object>();

/// Text: the ETag, with its quotes.
pub const OSSMPU_OBJECT_ETAG: c_int = 4001;
/// Text: the Content-Type.
pub const OSSMPU_OBJECT_CONTENT_TYPE: c_int = 4002;
/// Text: the object type, such as "Normal" or "Multipart".
pub const OSSMPU_OBJECT_TYPE: c_int = 4003;
/// Text: the version ID, in a bucket with versioning.
pub const OSSMPU_OBJECT_VERSION_ID: c_int = 4004;
/// Text: the storage class, such as "Standard".
pub const OSSMPU_OBJECT_STORAGE_CLASS: c_int = 4005;
/// Text: the time of the last modification, such as "2025-01-15T10:30:00Z"
/// (RFC 3339).
pub const OSSMPU_OBJECT_LAST_MODIFIED: c_int = 4006;
/// Number: bytes of the object.
pub const OSSMPU_OBJECT_SIZE: c_int = 4100;
/// Unsigned: the CRC-64 of the object; very old objects have none.
pub const OSSMPU_OBJECT_CRC64: c_int = 4200;

/// Gets size, ETag, CRC-64, metadata and the other properties of an object, but
/// not its content. Blocks.
///
/// version is NULL for the current version. Of options only the header
/// x-oss-request-payer is used. options and cancel may be NULL; out is
/// required. OSSMPU_ESERVICE with HTTP status 404 if the object does not exist.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_head_object(
    client: Option<&ossmpu_client>,
    bucket: Text<'_>,
    key: Text<'_>,
    version: Text<'_>,
    options: Option<&ossmpu_options>,
    cancel: Option<&ossmpu_cancel>,
    out: Option<&mut MaybeUninit<Option<Box<ossmpu_object>>>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    guard(err, || {
        let out = out.required("out")?;
        let client = client::of_call(client)?;
        let (bucket, key) = arg_check::bucket_and_key(bucket, key)?;
        let version = version.optional("version")?;
        let mut options = options::or_default(options)?;
        let cancel = cancel::or_never(cancel);
        let request = HeadObject::new(&bucket, &key).with_headers(options.headers_mut());
        let request = match version {
            Some(version) => request.with_version(version),
            None => request,
        };
        out.set(ossmpu_object::new(&client.head_object(&request, cancel)?));
        Ok(Success::Ok)
    })
}

/// Returns a text of an object: OSSMPU_OBJECT_ETAG to
/// OSSMPU_OBJECT_LAST_MODIFIED. "" if it is unknown, for any other field, and
/// for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_object_str(object: Option<&ossmpu_object>, field: c_int) -> *const c_char {
    guard_value(EMPTY.as_ptr(), || object.map_or(EMPTY, |object| object.texts.get(field)).as_ptr())
}

/// Returns a number of an object: OSSMPU_OBJECT_SIZE. -1 for any other field, 0
/// for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_object_int(object: Option<&ossmpu_object>, field: c_int) -> i64 {
    guard_value(0, || {
        object.map_or(0, |object| match field {
            OSSMPU_OBJECT_SIZE => i64::try_from(object.size).unwrap_or(i64::MAX),
            _ => -1,
        })
    })
}

/// Writes an unsigned number of an object to out: OSSMPU_OBJECT_CRC64. Returns
/// OSSMPU_OK; OSSMPU_ABSENT if it is unknown, without writing to out;
/// OSSMPU_EUNSUPPORTED for any other field; OSSMPU_EINVAL for a text, a number
/// or NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_object_u64(
    object: Option<&ossmpu_object>,
    field: c_int,
    out: Option<&mut MaybeUninit<u64>>,
) -> c_int {
    guard(OutParam::discard(), || {
        let object = handle::required(object, "object")?;
        let number = match field {
            OSSMPU_OBJECT_CRC64 => object.crc64,
            _ => return Err(KeyGroup::Object.unknown(ValueType::Unsigned, field)),
        };
        write_number(out, number)
    })
}

/// Returns the user metadata with a name, which is without x-oss-meta- and
/// case-insensitive. "" if there is none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_object_metadata(
    object: Option<&ossmpu_object>,
    name: Text<'_>,
) -> *const c_char {
    guard_value(EMPTY.as_ptr(), || {
        let name = name.optional("name");
        match (object, name) {
            (Some(object), Ok(Some(name))) => object.metadata(name).as_ptr(),
            _ => EMPTY.as_ptr(),
        }
    })
}

/// Frees an object and all texts returned from it. NULL is a no-op. Does not
/// touch the object on OSS.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_object_free(object: Option<Box<ossmpu_object>>) {
    guard_value((), || drop(object));
}

impl ossmpu_object {
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
        let metadata =
            metadata.map(|(name, value)| (name.clone(), text::to_c_string(value))).collect();
        Self { texts, size: object.size, crc64: object.crc64, metadata }
    }

    fn metadata(&self, name: &str) -> &std::ffi::CStr {
        let mut named = self.metadata.iter();
        let found = named.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or(EMPTY, |(_, value)| value)
    }
}
