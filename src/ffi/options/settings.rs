//! What the numbers of the options mean.

use std::ffi::c_int;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::ffi::setting;
use crate::{ETag, Error, Integrity, Md5Kernel, PartNumber, UploadId, limits};

/// The options of an upload, and besides them those of copies and lists.
#[derive(Debug, Clone, Default)]
pub(in crate::ffi) struct CallOptions {
    pub(in crate::ffi) upload: UploadOptions,
    pub(in crate::ffi) copy_if_match: Option<ETag>,
    pub(in crate::ffi) copy_if_none_match: Option<ETag>,
    pub(in crate::ffi) copy_if_modified_since: Option<SystemTime>,
    pub(in crate::ffi) copy_if_unmodified_since: Option<SystemTime>,
    pub(in crate::ffi) key_marker: String,
    pub(in crate::ffi) upload_id_marker: String,
    pub(in crate::ffi) part_number_marker: Option<PartNumber>,
    pub(in crate::ffi) page_size: Option<u16>,
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
            OSSMPU_OPTION_CHECKPOINT_DIR if value.is_empty() => {
                return Err(Error::invalid("checkpoint_dir", "the directory has no name"));
            }
            OSSMPU_OPTION_CHECKPOINT_DIR => {
                upload.set_checkpoint_dir(value);
            }
            OSSMPU_OPTION_UPLOAD_ID => {
                upload.set_upload_id(UploadId::parse(value)?);
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
            _ => return Err(setting::unknown_text(key)),
        }
        Ok(())
    }

    pub(super) fn set_number(&mut self, key: c_int, value: i64) -> Result<()> {
        match key {
            OSSMPU_OPTION_KEEP_PARTS
            | OSSMPU_OPTION_FORBID_OVERWRITE
            | OSSMPU_OPTION_COMPLETE_ALL
            | OSSMPU_OPTION_SEQUENTIAL
            | OSSMPU_OPTION_HEDGE => self.switch(key, value)?,
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
            _ => return self.set_number_of_upload(key, value),
        }
        Ok(())
    }

    fn set_number_of_upload(&mut self, key: c_int, value: i64) -> Result<()> {
        let upload = &mut self.upload;
        match key {
            OSSMPU_OPTION_PART_SIZE => {
                upload.set_part_size(setting::number("part_size", value)?)?;
            }
            OSSMPU_OPTION_PARALLELISM => {
                upload.set_parallelism(setting::number("parallelism", value)?)?;
            }
            OSSMPU_OPTION_SINGLE_BELOW => {
                upload.set_single_below(setting::number("single_below", value)?)?;
            }
            OSSMPU_OPTION_INTEGRITY => {
                upload.set_integrity(integrity(value)?);
            }
            OSSMPU_OPTION_DEADLINE_MS => {
                let time = setting::milliseconds("timeout", value)?;
                upload.set_timeout((time != Duration::ZERO).then_some(time));
            }
            OSSMPU_OPTION_BYTES_PER_SEC => {
                upload.set_bytes_per_sec(setting::number("bytes_per_sec", value)?);
            }
            OSSMPU_OPTION_TRAFFIC_LIMIT if value == 0 => {
                upload.headers_mut().set_header("x-oss-traffic-limit", "")?;
            }
            OSSMPU_OPTION_TRAFFIC_LIMIT => {
                let bits: u64 = setting::number("traffic_limit", value)?;
                let set = upload.headers_mut().set_traffic_limit(bits);
                set.map_err(|error: Error| error.with_argument("traffic_limit"))?;
            }
            OSSMPU_OPTION_MD5_KERNEL => {
                upload.set_md5_kernel(md5_kernel(value)?)?;
            }
            _ => return Err(setting::unknown_number(key)),
        }
        Ok(())
    }

    /// What is on or off.
    fn switch(&mut self, key: c_int, value: i64) -> Result<()> {
        let name = match key {
            OSSMPU_OPTION_KEEP_PARTS => "keep_parts",
            OSSMPU_OPTION_FORBID_OVERWRITE => "forbid_overwrite",
            OSSMPU_OPTION_COMPLETE_ALL => "complete_all",
            OSSMPU_OPTION_SEQUENTIAL => "sequential",
            _ => "hedge",
        };
        let upload = &mut self.upload;
        match (key, setting::switch(name, value)?) {
            (OSSMPU_OPTION_KEEP_PARTS, on) => upload.set_keep_parts(on),
            (OSSMPU_OPTION_FORBID_OVERWRITE, on) => {
                upload.headers_mut().set_forbid_overwrite(on);
                upload
            }
            (OSSMPU_OPTION_COMPLETE_ALL, on) => upload.set_complete_all(on),
            (OSSMPU_OPTION_SEQUENTIAL, on) => upload.set_sequential(on),
            (_, on) => upload.set_hedging(on),
        };
        Ok(())
    }
}

fn decimal(name: &str, text: &str) -> Result<u64> {
    // `parse` would take a sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| {
        Error::invalid(name, "this is no decimal number from 0 to 18446744073709551615")
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
    let seconds = setting::number(name, unix_seconds)?;
    if seconds > LAST_SECOND {
        return Err(Error::invalid(name, "a date has a year up to 9999"));
    }
    Ok(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn page_size(value: i64) -> Result<u16> {
    let count = setting::number("page_size", value)?;
    if !(1..=limits::PAGE_SIZE_MAX).contains(&count) {
        return Err(Error::invalid("page_size", "a page has 1 to 1000 entries"));
    }
    Ok(count)
}

fn md5_kernel(number: i64) -> Result<Md5Kernel> {
    match number {
        0 => Ok(Md5Kernel::best()),
        1 => Ok(Md5Kernel::Scalar),
        2 => Ok(Md5Kernel::Portable),
        3 => Ok(Md5Kernel::Avx2),
        4 => Ok(Md5Kernel::Avx512),
        _ => Err(setting::no_choice("md5_kernel", number)),
    }
}

fn integrity(bits: i64) -> Result<Integrity> {
    let sums = [
        (i64::from(OSSMPU_INTEGRITY_CRC64), Integrity::CRC64),
        (i64::from(OSSMPU_INTEGRITY_MD5), Integrity::MD5),
    ];
    let known = sums.iter().fold(0, |known, (bit, _)| known | bit);
    if bits & !known != 0 {
        return Err(setting::no_choice("integrity", bits));
    }
    let wanted = sums.iter().filter(|(bit, _)| bits & bit != 0);
    Ok(wanted.fold(Integrity::NONE, |wanted, (_, sum)| wanted | *sum))
}

/// 9999-12-31T23:59:59Z, the last that an HTTP date can say.
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
            (OSSMPU_OPTION_HEDGE, "hedge", 0, 2),
            (OSSMPU_OPTION_DEADLINE_MS, "timeout", 0, -1),
            (OSSMPU_OPTION_BYTES_PER_SEC, "bytes_per_sec", i64::MAX, -1),
            (OSSMPU_OPTION_TRAFFIC_LIMIT, "traffic_limit", 245_760, 245_759),
            (OSSMPU_OPTION_COPY_IF_MODIFIED_SINCE, "copy_if_modified_since", 0, i64::MAX),
            (OSSMPU_OPTION_COPY_IF_UNMODIFIED_SINCE, "copy_if_unmodified_since", 0, -1),
            (OSSMPU_OPTION_PAGE_SIZE, "page_size", 1000, 1001),
            (OSSMPU_OPTION_PART_NUMBER_MARKER, "part_number_marker", 10_000, 0),
            (OSSMPU_OPTION_MD5_KERNEL, "md5_kernel", 2, 5),
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
            (OSSMPU_OPTION_CHECKPOINT_DIR, "checkpoint_dir", "/tmp", ""),
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
    fn what_was_switched_on_can_be_switched_off() {
        let fresh = format!("{:?}", CallOptions::default());
        for (key, on, off) in [
            (OSSMPU_OPTION_KEEP_PARTS, 1, 0),
            (OSSMPU_OPTION_FORBID_OVERWRITE, 1, 0),
            (OSSMPU_OPTION_COMPLETE_ALL, 1, 0),
            (OSSMPU_OPTION_SEQUENTIAL, 1, 0),
            (OSSMPU_OPTION_HEDGE, 0, 1),
            (OSSMPU_OPTION_DEADLINE_MS, 1000, 0),
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
    fn keys_are_told_apart() {
        let mut options = CallOptions::default();
        let kind = |outcome: Result<()>| outcome.unwrap_err().kind();
        assert_eq!(kind(options.set_text(100, "1")), ErrorKind::Invalid);
        assert_eq!(kind(options.set_number(1, 1)), ErrorKind::Invalid);
        for unknown in [0, 12, 99, -1, c_int::MAX, c_int::MIN] {
            assert_eq!(kind(options.set_text(unknown, "1")), ErrorKind::Unsupported);
        }
        for unknown in [0, 117, 199, -1, c_int::MAX, c_int::MIN] {
            assert_eq!(kind(options.set_number(unknown, 1)), ErrorKind::Unsupported);
        }
    }
}
