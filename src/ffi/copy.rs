//! Copies within OSS.

use std::ffi::c_int;
use std::mem::MaybeUninit;

use super::arg_check;
use super::cancel::{self, ossmpu_cancel};
use super::client::{self, ossmpu_client};
use super::entry_point::guard;
use super::error::ossmpu_error;
use super::handle::OutParam;
use super::option_keys::CallOptions;
use super::options::{self, ossmpu_options};
use super::result::{ossmpu_result, set_result};
use super::text::Text;
use crate::{BucketName, CopySource, ObjectKey, Result};

/// Copies an object of any size within OSS: with one CopyObject if it is small
/// (OSSMPU_OPTION_SINGLE_BELOW) and no callback is set, else in parts, several
/// at a time. Its data does not pass through this machine. The source must be
/// in the same region. Blocks.
///
/// source_version is NULL for the current version. Content headers and
/// metadata are those of the source unless options set any, and tags are
/// unless options set tags or OSSMPU_OPTION_COPY_TAGS is 0. ACL, storage class
/// and encryption are not copied. Parts are 64 MiB unless
/// OSSMPU_OPTION_PART_SIZE is set. OSSMPU_OPTION_COPY_IF_* are conditions on
/// the source at the start of the call; each request after it requires the
/// ETag that the source had then. options, cancel and out may be NULL.
///
/// The size of the copy is that of the source. OSS need not report a CRC-64
/// for it, and old sources have none: OSSMPU_RESULT_VERIFIED says whether the
/// two were compared. OSSMPU_ECHANGED if the source changes during the call;
/// OSSMPU_ESERVICE with HTTP status 412 or 304 if it does not meet a condition.
/// On failure as ossmpu_put_file.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_copy_object(
    client: Option<&ossmpu_client>,
    bucket: Text<'_>,
    key: Text<'_>,
    source_bucket: Text<'_>,
    source_key: Text<'_>,
    source_version: Text<'_>,
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
        let source = parse_source(source_bucket, source_key, source_version)?;
        let options = options::of_call(options)?;
        let cancel = cancel::or_never(cancel);
        let source = with_conditions(source, &options);
        Ok(set_result(client.copy_object(&bucket, &key, &source, &options.upload, cancel)?, out))
    })
}

/// Parses the source of a copy.
pub(super) fn parse_source(
    bucket: Text<'_>,
    key: Text<'_>,
    version: Text<'_>,
) -> Result<CopySource> {
    let bucket = bucket.required("source_bucket")?;
    let key = key.required("source_key")?;
    let version = version.optional("source_version")?;
    let bucket = BucketName::parse(bucket).map_err(|error| error.with_argument("source_bucket"))?;
    let key = ObjectKey::parse(key).map_err(|error| error.with_argument("source_key"))?;
    let source = CopySource::new(&bucket, &key);
    Ok(match version {
        Some(version) => source.with_version(version),
        None => source,
    })
}

/// Adds the conditions of the options to the source.
pub(super) fn with_conditions(mut source: CopySource, options: &CallOptions) -> CopySource {
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
