//! The keys of the options and what they set.

use std::ffi::c_int;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::arg_check;
use super::key_group::{KeyGroup, ValueType};
use crate::{
    CopySource, ETag, Error, Integrity, PartNumber, Result, UploadId, UploadOptions, limits,
};

/// Text: the Content-Type of the object. Default: guessed from the name of the
/// file, else from the key; "application/octet-stream" if neither is known.
/// Sent with InitiateMultipartUpload and PutObject, without spaces and tabs at
/// both ends.
pub const OSSMPU_OPTION_CONTENT_TYPE: c_int = 2001;
/// Text: the upload callback, which OSS calls when it has stored the object,
/// as a JSON object of at most 5 KiB in base64. Default, and with "": none.
/// Sent with CompleteMultipartUpload and PutObject.
pub const OSSMPU_OPTION_CALLBACK: c_int = 2002;
/// Text: the variables of the upload callback, as a JSON object whose names
/// begin with "x:", at most 5 KiB in base64. Default, and with "": none. Sent
/// with CompleteMultipartUpload and PutObject.
pub const OSSMPU_OPTION_CALLBACK_VAR: c_int = 2003;
/// Text: an existing directory for checkpoints, which make multipart uploads of
/// files (ossmpu_put_file, ossmpu_put_range) resumable, even after a crash.
/// Parts are kept on failure; the same call again sends only those that are
/// missing. A file that has changed is uploaded from the beginning, and the
/// earlier upload is aborted. Resuming costs one ListParts request. A second
/// upload with the same checkpoint returns OSSMPU_EBUSY until the first upload,
/// or its process, ends. The files are readable by this user only; OSSMPU_EFILE
/// if anything but a regular file of this user is in their place. Other calls
/// that send or initiate an upload, and OSSMPU_OPTION_UPLOAD_ID together with
/// it, return OSSMPU_EINVAL. Default: no checkpoints.
pub const OSSMPU_OPTION_CHECKPOINT_DIR: c_int = 2004;
/// Text: the ID of an upload to resume without a checkpoint, for
/// ossmpu_put_file, ossmpu_put_range, ossmpu_put_data, and ossmpu_put_fd of a
/// regular file; other calls that initiate an upload return OSSMPU_EINVAL.
/// Parts that ListParts reports with the same size and content are not sent
/// again. Set the part size that the upload was initiated with. Default: a new
/// upload.
pub const OSSMPU_OPTION_UPLOAD_ID: c_int = 2005;
/// Text: the CRC-64 that the whole object must have, as a decimal number from 0
/// to 18446744073709551615, for calls that send a whole object. It is checked
/// before CompleteMultipartUpload or PutObject creates the object;
/// OSSMPU_EINTEGRITY if it differs, and for a copy if OSS shows neither that of
/// the source nor those of its parts. ossmpu_upload_initiate,
/// ossmpu_upload_attach and ossmpu_upload_complete return OSSMPU_EINVAL.
/// Default: not checked.
pub const OSSMPU_OPTION_EXPECTED_CRC64: c_int = 2006;
/// Text: the MD5 that the whole object must have, as 32 hex digits; otherwise
/// as OSSMPU_OPTION_EXPECTED_CRC64. Files are read twice. ossmpu_copy_object
/// returns OSSMPU_EINVAL, too.
pub const OSSMPU_OPTION_EXPECTED_MD5: c_int = 2007;
/// Text: an ETag. A copy (ossmpu_copy_object, ossmpu_upload_part_copy) fails
/// unless the source has it. Default: no condition. Sent with HeadObject for
/// the source; each UploadPartCopy or CopyObject then requires the ETag found.
pub const OSSMPU_OPTION_COPY_IF_MATCH: c_int = 2008;
/// Text: an ETag. A copy fails if the source has it; otherwise as
/// OSSMPU_OPTION_COPY_IF_MATCH.
pub const OSSMPU_OPTION_COPY_IF_NONE_MATCH: c_int = 2009;
/// Text: ossmpu_list_uploads begins after this key. Default: with the first
/// key. Sent with ListMultipartUploads.
pub const OSSMPU_OPTION_KEY_MARKER: c_int = 2010;
/// Text: ossmpu_list_uploads begins after this upload ID of the key
/// OSSMPU_OPTION_KEY_MARKER. Default: after all uploads of that key. Sent with
/// ListMultipartUploads.
pub const OSSMPU_OPTION_UPLOAD_ID_MARKER: c_int = 2011;
/// Text: another object as the base of a delta upload (OSSMPU_OPTION_DELTA,
/// which this turns on), in the same region: "BUCKET/KEY" for its current
/// version or "BUCKET/KEY?versionId=ID", as the header x-oss-copy-source has
/// it; the slash before the bucket may be missing. In KEY and ID "%XX" is a
/// byte of the UTF-8; "%" and "?" must be written like that ("%25", "%3F"),
/// all else may be. Default, and with "": the object that has the key. Sent
/// with HeadObject for the base and UploadPartCopy.
pub const OSSMPU_OPTION_DELTA_BASE: c_int = 2012;
/// Number: bytes per part, 102400 (100 KiB) to 5368709120 (5 GiB). Raised
/// automatically to stay within 10000 parts. Default: 8 MiB or what the size
/// of the object requires; 4 MiB, and more later, for a stream with
/// OSSMPU_INTEGRITY_MD5; 64 MiB for a copy; 1 MiB for a delta upload. For
/// UploadPart and UploadPartCopy.
pub const OSSMPU_OPTION_PART_SIZE: c_int = 2100;
/// Number: UploadPart or UploadPartCopy requests in flight at a time, 1 to 256;
/// default 8. OSSMPU_CONFIG_THREADS limits all uploads of a client together.
pub const OSSMPU_OPTION_PARALLELISM: c_int = 2101;
/// Number: objects of fewer bytes are sent with one PutObject, or copied with
/// one CopyObject if they have less than 1 GiB, 0 to 5368709120 (5 GiB);
/// default 8 MiB. With 0 only empty objects are.
pub const OSSMPU_OPTION_SINGLE_BELOW: c_int = 2102;
/// Number: the checksums that protect the data, a sum of OSSMPU_INTEGRITY_*;
/// default OSSMPU_INTEGRITY_CRC64. For UploadPart, PutObject and
/// CompleteMultipartUpload.
pub const OSSMPU_OPTION_INTEGRITY: c_int = 2103;
/// Number: 1 keeps the parts on OSS when the upload fails, and the error has
/// the upload ID. 0 (default) aborts the upload.
pub const OSSMPU_OPTION_KEEP_PARTS: c_int = 2104;
/// Number: 1 fails the call if the object exists; default 0. No effect in a
/// bucket with versioning. Sent with InitiateMultipartUpload,
/// CompleteMultipartUpload and PutObject.
pub const OSSMPU_OPTION_FORBID_OVERWRITE: c_int = 2105;
/// Number: 1 completes the upload with all parts that OSS has, including parts
/// that this process does not know of; 0 (default) with those that were sent,
/// added or listed through the handle. OSSMPU_EINTEGRITY, before anything is
/// created, if OSS does not have a part that the handle knows of, or has other
/// bytes in its place. Sent with CompleteMultipartUpload.
pub const OSSMPU_OPTION_COMPLETE_ALL: c_int = 2106;
/// Number: 1 initiates a sequential upload: OSS accepts parts only in order,
/// one at a time and each once, and gives the object a Content-MD5. There is
/// no concurrency then. Default 0. Sent with InitiateMultipartUpload.
pub const OSSMPU_OPTION_SEQUENTIAL: c_int = 2107;
/// Number: 1 (default) sends a second copy of the slowest parts of an object
/// when no other part is left to send, and uses the copy that succeeds first; 0
/// does not. For UploadPart and UploadPartCopy of whole objects.
pub const OSSMPU_OPTION_HEDGING: c_int = 2108;
/// Number: the timeout of the whole call in milliseconds, without aborting the
/// upload; OSSMPU_ETIMEOUT when it expires. That of a writer begins with
/// ossmpu_writer_open. 0 (default): only the timeouts of the requests apply.
pub const OSSMPU_OPTION_TIMEOUT_MS: c_int = 2109;
/// Number: the rate limit for the data of the call, or of all part calls on an
/// upload together, in bytes per second; 0 (default): only the limit of the
/// client applies. For UploadPart and PutObject.
pub const OSSMPU_OPTION_BYTES_PER_SEC: c_int = 2110;
/// Number: the rate at which OSS accepts the data of each request, 245760 to
/// 838860800 bits per second; 0 (default) is no limit. Sent with UploadPart,
/// UploadPartCopy and PutObject.
pub const OSSMPU_OPTION_TRAFFIC_LIMIT: c_int = 2111;
/// Number: seconds since 1970, 0 or more. A copy fails unless the source was
/// modified after that time. Default: no condition. Sent with HeadObject for
/// the source.
pub const OSSMPU_OPTION_COPY_IF_MODIFIED_SINCE: c_int = 2112;
/// Number: seconds since 1970, 0 or more. A copy fails if the source was
/// modified after that time; otherwise as OSSMPU_OPTION_COPY_IF_MODIFIED_SINCE.
pub const OSSMPU_OPTION_COPY_IF_UNMODIFIED_SINCE: c_int = 2113;
/// Number: entries that ossmpu_list_parts and ossmpu_list_uploads fetch with
/// one ListParts or ListMultipartUploads request, 1 to 1000; default 1000.
pub const OSSMPU_OPTION_PAGE_SIZE: c_int = 2114;
/// Number: ossmpu_list_parts begins after the part with this number, 1 to
/// 10000. Default: with the first part. Sent with ListParts.
pub const OSSMPU_OPTION_PART_NUMBER_MARKER: c_int = 2115;
/// Number: 1 fails the call with OSSMPU_EINTEGRITY if OSSMPU_RESULT_VERIFIED
/// would be 0; the object exists then. It implies OSSMPU_INTEGRITY_CRC64.
/// Default 0. For CompleteMultipartUpload, PutObject and copies.
pub const OSSMPU_OPTION_REQUIRE_VERIFIED: c_int = 2116;
/// Number: 1 (default) gives a copy (ossmpu_copy_object) the tags of its source
/// unless the options have tags, for which the permission oss:GetObjectTagging
/// may be necessary; 0 does not. A copy in parts reads the tags with
/// GetObjectTagging and fails without the permission, also if the source has no
/// tags. Sent with InitiateMultipartUpload or CopyObject.
pub const OSSMPU_OPTION_COPY_TAGS: c_int = 2117;
/// Number: 1 leaves what is read of a file in the page cache of the system; 0
/// (default) removes the pages of a part when OSS has acknowledged it, and all
/// of them when the call ends. Pages that were cached when the call began stay,
/// and so do pages that a process has mapped; other pages of the file that
/// programs read meanwhile may be removed as well. For files on Linux that
/// this user owns or may write to; others stay in the cache, because the
/// system does not tell what was cached before. No effect on other sources.
pub const OSSMPU_OPTION_KEEP_CACHE: c_int = 2118;
/// Number: 1 makes a delta upload: only parts that differ from an earlier
/// object, the base, are sent. For each part whose range the base has in full,
/// OSS is asked to copy that range into the part. If the ETag of the copy is
/// the MD5 of the local bytes, nothing is sent; otherwise the part is
/// uploaded. Whatever the base is, the object has the bytes of the source. The
/// base is the object that has the key, or OSSMPU_OPTION_DELTA_BASE. 0
/// (default): all parts are sent.
///
/// A base that is missing, not readable, archived, appendable, in another
/// region or encrypted so that ETags are no MD5s, or that changes during the
/// call, is no error: the rest is sent as usual, and
/// OSSMPU_RESULT_DELTA_STOPPED says why. OSSMPU_RESULT_BYTES_SENT,
/// OSSMPU_RESULT_BYTES_REUSED, OSSMPU_RESULT_PARTS_REUSED and
/// OSSMPU_RESULT_COPIES_IN_VAIN say what came of it.
///
/// Ranges are compared at their offset: after an insertion, all that follows
/// differs. Objects below OSSMPU_OPTION_SINGLE_BELOW are sent whole. With
/// OSSMPU_OPTION_CHECKPOINT_DIR a manifest of the parts stays there, so that
/// the next delta upload does not copy what is known to differ.
/// CompleteMultipartUpload lists the parts, also with
/// OSSMPU_OPTION_COMPLETE_ALL; ListParts before it confirms those that were
/// copied, where their CRC-64s are not known yet.
///
/// For files, ranges and memory. Streams (ossmpu_put_stream, ossmpu_put_fd of
/// a pipe, ossmpu_writer_open), ossmpu_copy_object and OSSMPU_OPTION_SEQUENTIAL
/// return OSSMPU_EINVAL. Step by step: ossmpu_upload_part_delta. Sent with
/// HeadObject for the base, UploadPartCopy and ListParts.
pub const OSSMPU_OPTION_DELTA: c_int = 2119;

/// CRC-64 of each part and of the object, compared with the one that OSS
/// computes, where it is known: OSSMPU_RESULT_VERIFIED. Costs almost nothing.
pub const OSSMPU_INTEGRITY_CRC64: c_int = 1;
/// Content-MD5 with each part, so that OSS refuses corrupted data, and the ETag
/// compared.
pub const OSSMPU_INTEGRITY_MD5: c_int = 2;

/// The options of an upload, and those of copies and lists.
#[derive(Debug, Clone, Default)]
pub(super) struct CallOptions {
    pub(super) upload: UploadOptions,
    pub(super) copy_if_match: Option<ETag>,
    pub(super) copy_if_none_match: Option<ETag>,
    pub(super) copy_if_modified_since: Option<SystemTime>,
    pub(super) copy_if_unmodified_since: Option<SystemTime>,
    pub(super) key_marker: String,
    pub(super) upload_id_marker: String,
    pub(super) part_number_marker: Option<PartNumber>,
    pub(super) page_size: Option<u16>,
}

impl CallOptions {
    pub(super) fn set_text(&mut self, key: c_int, value: &str) -> Result<()> {
        let upload = &mut self.upload;
        match key {
            OSSMPU_OPTION_CONTENT_TYPE => {
                upload.headers_mut().set_content_type(value)?;
            }
            OSSMPU_OPTION_CALLBACK if value.is_empty() => {
                upload.headers_mut().set_header("x-oss-callback", "")?;
            }
            OSSMPU_OPTION_CALLBACK => {
                upload.headers_mut().set_callback(value)?;
            }
            OSSMPU_OPTION_CALLBACK_VAR if value.is_empty() => {
                upload.headers_mut().set_header("x-oss-callback-var", "")?;
            }
            OSSMPU_OPTION_CALLBACK_VAR => {
                upload.headers_mut().set_callback_var(value)?;
            }
            OSSMPU_OPTION_UPLOAD_ID => {
                upload.set_upload_id(UploadId::parse(value)?);
            }
            OSSMPU_OPTION_DELTA_BASE if value.is_empty() => {
                upload.set_delta_base(None);
            }
            OSSMPU_OPTION_DELTA_BASE => {
                let base = CopySource::parse(value);
                upload.set_delta_base(Some(base.map_err(|e| e.with_argument("delta_base"))?));
            }
            OSSMPU_OPTION_EXPECTED_CRC64 => {
                upload.set_expected_crc64(decimal("expected_crc64", value)?);
            }
            OSSMPU_OPTION_EXPECTED_MD5 => {
                upload.set_expected_md5(md5("expected_md5", value)?);
            }
            OSSMPU_OPTION_COPY_IF_MATCH => {
                self.copy_if_match = Some(etag("copy_if_match", value)?);
            }
            OSSMPU_OPTION_COPY_IF_NONE_MATCH => {
                self.copy_if_none_match = Some(etag("copy_if_none_match", value)?);
            }
            OSSMPU_OPTION_KEY_MARKER => value.clone_into(&mut self.key_marker),
            OSSMPU_OPTION_UPLOAD_ID_MARKER => value.clone_into(&mut self.upload_id_marker),
            _ => return Err(KeyGroup::Option.unknown(ValueType::Text, key)),
        }
        Ok(())
    }

    /// True for the texts that are paths, whose bytes need not be UTF-8.
    pub(super) fn is_path(key: c_int) -> bool {
        key == OSSMPU_OPTION_CHECKPOINT_DIR
    }

    pub(super) fn set_path(&mut self, key: c_int, path: &Path) -> Result<()> {
        match key {
            OSSMPU_OPTION_CHECKPOINT_DIR if path.as_os_str().is_empty() => {
                Err(Error::invalid("checkpoint_dir", "the name of the directory is empty"))
            }
            OSSMPU_OPTION_CHECKPOINT_DIR => {
                self.upload.set_checkpoint_dir(path);
                Ok(())
            }
            _ => Err(KeyGroup::Option.unknown(ValueType::Text, key)),
        }
    }

    pub(super) fn set_number(&mut self, key: c_int, value: i64) -> Result<()> {
        match key {
            OSSMPU_OPTION_KEEP_PARTS
            | OSSMPU_OPTION_FORBID_OVERWRITE
            | OSSMPU_OPTION_COMPLETE_ALL
            | OSSMPU_OPTION_SEQUENTIAL
            | OSSMPU_OPTION_HEDGING
            | OSSMPU_OPTION_REQUIRE_VERIFIED
            | OSSMPU_OPTION_COPY_TAGS
            | OSSMPU_OPTION_KEEP_CACHE
            | OSSMPU_OPTION_DELTA => self.set_switch(key, value)?,
            OSSMPU_OPTION_COPY_IF_MODIFIED_SINCE => {
                self.copy_if_modified_since = Some(time("copy_if_modified_since", value)?);
            }
            OSSMPU_OPTION_COPY_IF_UNMODIFIED_SINCE => {
                self.copy_if_unmodified_since = Some(time("copy_if_unmodified_since", value)?);
            }
            OSSMPU_OPTION_PAGE_SIZE => self.page_size = Some(page_size(value)?),
            OSSMPU_OPTION_PART_NUMBER_MARKER => {
                let number = PartNumber::try_from(value);
                let number = number.map_err(|error| error.with_argument("part_number_marker"))?;
                self.part_number_marker = Some(number);
            }
            _ => return self.set_upload_number(key, value),
        }
        Ok(())
    }

    fn set_upload_number(&mut self, key: c_int, value: i64) -> Result<()> {
        let upload = &mut self.upload;
        match key {
            OSSMPU_OPTION_PART_SIZE => {
                upload.set_part_size(arg_check::number("part_size", value)?)?;
            }
            OSSMPU_OPTION_PARALLELISM => {
                upload.set_parallelism(arg_check::number("parallelism", value)?)?;
            }
            OSSMPU_OPTION_SINGLE_BELOW => {
                upload.set_single_below(arg_check::number("single_below", value)?)?;
            }
            OSSMPU_OPTION_INTEGRITY => {
                upload.set_integrity(integrity(value)?);
            }
            OSSMPU_OPTION_TIMEOUT_MS => {
                let time = arg_check::milliseconds("timeout", value)?;
                upload.set_timeout((time != Duration::ZERO).then_some(time));
            }
            OSSMPU_OPTION_BYTES_PER_SEC => {
                upload.set_bytes_per_sec(arg_check::number("bytes_per_sec", value)?);
            }
            OSSMPU_OPTION_TRAFFIC_LIMIT if value == 0 => {
                upload.headers_mut().set_header("x-oss-traffic-limit", "")?;
            }
            OSSMPU_OPTION_TRAFFIC_LIMIT => {
                let bits: u64 = arg_check::number("traffic_limit", value)?;
                let set = upload.headers_mut().set_traffic_limit(bits);
                set.map_err(|error: Error| error.with_argument("traffic_limit"))?;
            }
            _ => return Err(KeyGroup::Option.unknown(ValueType::Number, key)),
        }
        Ok(())
    }

    fn set_switch(&mut self, key: c_int, value: i64) -> Result<()> {
        let upload = &mut self.upload;
        match key {
            OSSMPU_OPTION_KEEP_PARTS => {
                upload.set_keep_parts(arg_check::switch("keep_parts", value)?);
            }
            OSSMPU_OPTION_FORBID_OVERWRITE => {
                let forbid = arg_check::switch("forbid_overwrite", value)?;
                upload.headers_mut().set_forbid_overwrite(forbid);
            }
            OSSMPU_OPTION_COMPLETE_ALL => {
                upload.set_complete_all(arg_check::switch("complete_all", value)?);
            }
            OSSMPU_OPTION_SEQUENTIAL => {
                upload.set_sequential(arg_check::switch("sequential", value)?);
            }
            OSSMPU_OPTION_HEDGING => {
                upload.set_hedging(arg_check::switch("hedging", value)?);
            }
            OSSMPU_OPTION_REQUIRE_VERIFIED => {
                upload.set_require_verified(arg_check::switch("require_verified", value)?);
            }
            OSSMPU_OPTION_COPY_TAGS => {
                upload.set_copy_tags(arg_check::switch("copy_tags", value)?);
            }
            OSSMPU_OPTION_KEEP_CACHE => {
                upload.set_keep_cache(arg_check::switch("keep_cache", value)?);
            }
            OSSMPU_OPTION_DELTA => {
                upload.set_delta(arg_check::switch("delta", value)?);
            }
            _ => return Err(KeyGroup::Option.unknown(ValueType::Number, key)),
        }
        Ok(())
    }
}

fn decimal(name: &str, text: &str) -> Result<u64> {
    // `parse` would take a sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| {
        Error::invalid(name, "expected a decimal number from 0 to 18446744073709551615")
    })
}

fn md5(name: &str, text: &str) -> Result<[u8; 16]> {
    let refuse = || Error::invalid(name, "an MD5 has 32 hex digits");
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(text, 16).ok().filter(|_| digits && text.len() == 32);
    number.map(u128::to_be_bytes).ok_or_else(refuse)
}

fn etag(name: &str, text: &str) -> Result<ETag> {
    ETag::parse(text).map_err(|error| error.with_argument(name))
}

fn time(name: &str, unix_seconds: i64) -> Result<SystemTime> {
    let seconds = arg_check::number(name, unix_seconds)?;
    if seconds > LAST_SECOND {
        return Err(Error::invalid(name, "the year must not be after 9999"));
    }
    Ok(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn page_size(value: i64) -> Result<u16> {
    let count = arg_check::number("page_size", value)?;
    if !(1..=limits::PAGE_SIZE_MAX).contains(&count) {
        return Err(Error::invalid("page_size", "the page size is 1 to 1000"));
    }
    Ok(count)
}

fn integrity(bits: i64) -> Result<Integrity> {
    Integrity::from_bits(bits).ok_or_else(|| arg_check::no_choice("integrity", bits))
}

// The bits of `Integrity::from_bits`.
const _: () = assert!(OSSMPU_INTEGRITY_CRC64 == 1 && OSSMPU_INTEGRITY_MD5 == 2);

/// 9999-12-31T23:59:59Z, the last second that an HTTP date can express.
const LAST_SECOND: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn every_number_has_its_bounds_and_names_itself() {
        for (key, name, good, bad) in [
            (OSSMPU_OPTION_PART_SIZE, "part_size", 102_400, 102_399),
            (OSSMPU_OPTION_PARALLELISM, "parallelism", 256, 257),
            (OSSMPU_OPTION_SINGLE_BELOW, "single_below", 0, -1),
            (OSSMPU_OPTION_INTEGRITY, "integrity", 3, 4),
            (OSSMPU_OPTION_KEEP_PARTS, "keep_parts", 1, 2),
            (OSSMPU_OPTION_FORBID_OVERWRITE, "forbid_overwrite", 1, 2),
            (OSSMPU_OPTION_COMPLETE_ALL, "complete_all", 1, 2),
            (OSSMPU_OPTION_SEQUENTIAL, "sequential", 1, -1),
            (OSSMPU_OPTION_HEDGING, "hedging", 0, 2),
            (OSSMPU_OPTION_REQUIRE_VERIFIED, "require_verified", 1, 2),
            (OSSMPU_OPTION_COPY_TAGS, "copy_tags", 0, 2),
            (OSSMPU_OPTION_KEEP_CACHE, "keep_cache", 1, 2),
            (OSSMPU_OPTION_TIMEOUT_MS, "timeout", 0, -1),
            (OSSMPU_OPTION_BYTES_PER_SEC, "bytes_per_sec", i64::MAX, -1),
            (OSSMPU_OPTION_TRAFFIC_LIMIT, "traffic_limit", 245_760, 245_759),
            (OSSMPU_OPTION_COPY_IF_MODIFIED_SINCE, "copy_if_modified_since", 0, i64::MAX),
            (OSSMPU_OPTION_COPY_IF_UNMODIFIED_SINCE, "copy_if_unmodified_since", 0, -1),
            (OSSMPU_OPTION_PAGE_SIZE, "page_size", 1000, 1001),
            (OSSMPU_OPTION_PART_NUMBER_MARKER, "part_number_marker", 10_000, 0),
        ] {
            let mut options = CallOptions::default();
            options.set_number(key, good).unwrap();
            for bad in [bad, i64::MIN] {
                let error = options.set_number(key, bad).unwrap_err();
                assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some(name)));
            }
        }
    }

    #[test]
    fn every_text_is_checked_and_names_itself() {
        let md5 = "d41d8cd98f00b204e9800998ECF8427E";
        for (key, name, good, bad) in [
            (OSSMPU_OPTION_UPLOAD_ID, "upload_id", "AB", ""),
            (OSSMPU_OPTION_EXPECTED_CRC64, "expected_crc64", "18446744073709551615", "+1"),
            (OSSMPU_OPTION_EXPECTED_CRC64, "expected_crc64", "0", "18446744073709551616"),
            (OSSMPU_OPTION_EXPECTED_MD5, "expected_md5", md5, "d41d8cd98f00b204e9800998ecf8427"),
            (OSSMPU_OPTION_EXPECTED_MD5, "expected_md5", md5, "+41d8cd98f00b204e9800998ecf8427e"),
            (OSSMPU_OPTION_COPY_IF_MATCH, "copy_if_match", "\"AB\"", ""),
            (OSSMPU_OPTION_COPY_IF_NONE_MATCH, "copy_if_none_match", "AB", "\n"),
        ] {
            let mut options = CallOptions::default();
            options.set_text(key, good).unwrap();
            let error = options.set_text(key, bad).unwrap_err();
            assert_eq!(
                (error.kind(), error.argument()),
                (ErrorKind::Invalid, Some(name)),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn a_path_is_set_as_a_path_only() {
        let mut options = CallOptions::default();
        options.set_path(OSSMPU_OPTION_CHECKPOINT_DIR, Path::new("/tmp")).unwrap();
        let error = options.set_path(OSSMPU_OPTION_CHECKPOINT_DIR, Path::new("")).unwrap_err();
        assert_eq!(error.argument(), Some("checkpoint_dir"));
        assert!(options.set_text(OSSMPU_OPTION_CHECKPOINT_DIR, "/tmp").is_err());
        assert!(options.set_path(OSSMPU_OPTION_UPLOAD_ID, Path::new("AB")).is_err());
    }

    #[test]
    fn what_was_switched_on_can_be_switched_off() {
        let fresh = format!("{:?}", CallOptions::default());
        for (key, on, off) in [
            (OSSMPU_OPTION_KEEP_PARTS, 1, 0),
            (OSSMPU_OPTION_FORBID_OVERWRITE, 1, 0),
            (OSSMPU_OPTION_COMPLETE_ALL, 1, 0),
            (OSSMPU_OPTION_SEQUENTIAL, 1, 0),
            (OSSMPU_OPTION_HEDGING, 0, 1),
            (OSSMPU_OPTION_REQUIRE_VERIFIED, 1, 0),
            (OSSMPU_OPTION_COPY_TAGS, 0, 1),
            (OSSMPU_OPTION_KEEP_CACHE, 1, 0),
            (OSSMPU_OPTION_DELTA, 1, 0),
            (OSSMPU_OPTION_TIMEOUT_MS, 1000, 0),
            (OSSMPU_OPTION_BYTES_PER_SEC, 1000, 0),
            (OSSMPU_OPTION_TRAFFIC_LIMIT, 245_760, 0),
        ] {
            let mut options = CallOptions::default();
            options.set_number(key, on).unwrap();
            assert_ne!(format!("{options:?}"), fresh, "{key}");
            options.set_number(key, off).unwrap();
            assert_eq!(format!("{options:?}"), fresh, "{key}");
        }
        for key in [OSSMPU_OPTION_CALLBACK, OSSMPU_OPTION_CALLBACK_VAR] {
            let mut options = CallOptions::default();
            options.set_text(key, "{}").unwrap();
            assert_ne!(format!("{options:?}"), fresh, "{key}");
            options.set_text(key, "").unwrap();
            assert_eq!(format!("{options:?}"), fresh, "{key}");
        }
    }

    #[test]
    fn the_bits_of_integrity_are_those_of_rust() {
        for (bits, expected) in
            [(OSSMPU_INTEGRITY_CRC64, Integrity::CRC64), (OSSMPU_INTEGRITY_MD5, Integrity::MD5)]
        {
            assert_eq!(integrity(bits.into()).unwrap(), expected);
        }
    }

    #[test]
    fn keys_are_told_apart() {
        let mut options = CallOptions::default();
        let kind = |outcome: Result<()>| outcome.unwrap_err().kind();
        assert_eq!(kind(options.set_text(OSSMPU_OPTION_PART_SIZE, "1")), ErrorKind::Invalid);
        assert_eq!(kind(options.set_number(OSSMPU_OPTION_CONTENT_TYPE, 1)), ErrorKind::Invalid);
        for unknown in [0, 2000, 2013, 2099, -1, c_int::MAX, c_int::MIN] {
            assert_eq!(kind(options.set_text(unknown, "1")), ErrorKind::Unsupported);
        }
        for unknown in [0, 2120, 2199, -1, c_int::MAX, c_int::MIN] {
            assert_eq!(kind(options.set_number(unknown, 1)), ErrorKind::Unsupported);
        }
    }
}
