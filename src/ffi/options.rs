//! How one call is to be done: options by number, headers, metadata, tags, progress.

use std::ffi::{c_char, c_int, c_void};
use std::time::Duration;

use super::callback::User;
use super::exclusive::Builder;
use super::guard::{guard_status, guard_value};
use super::progress::{self, ossmpu_progress_fn};
use super::ptr::{self, Handle};
use super::{setting, text};
use crate::{Error, Integrity, Result, UploadOptions};

/// How one call is to be done. NULL, wherever options are taken, means all
/// defaults.
///
/// Setters are as those of ossmpu_config. A call reports their first failure,
/// copies what concerns it and ignores the rest. Any number of threads may
/// give the same options to their calls, as long as none changes them.
pub struct ossmpu_options {
    _opaque: [u8; 0],
}

impl Handle for ossmpu_options {
    type Inner = Builder<UploadOptions>;
}

/// Text: the Content-Type of the object. Unless set, it is guessed from the
/// key.
pub const OSSMPU_OPTION_CONTENT_TYPE: c_int = 1;
/// Number: bytes of a part, 100 KiB to 5 GiB. Raised by itself to stay within
/// 10000 parts. Unless set, 8 MiB or what fits the size of the object.
pub const OSSMPU_OPTION_PART_SIZE: c_int = 100;
/// Number: parts in flight at once, 1 to 256; default 8. The threads of the
/// client are a bound for all its uploads together.
pub const OSSMPU_OPTION_PARALLELISM: c_int = 101;
/// Number: objects of fewer bytes go in one PutObject, at most 5 GiB; default
/// 8 MiB. With 0 only an empty object does.
pub const OSSMPU_OPTION_SINGLE_BELOW: c_int = 102;
/// Number: which check sums guard the upload, OSSMPU_INTEGRITY_* added up;
/// default OSSMPU_INTEGRITY_CRC64.
pub const OSSMPU_OPTION_INTEGRITY: c_int = 103;
/// Number: 1 leaves the parts on OSS when the upload fails; the error then
/// names the upload id. 0 (default) aborts the upload.
pub const OSSMPU_OPTION_KEEP_PARTS: c_int = 104;
/// Number: 1 lets the call fail if there is an object of that key; default 0.
/// Without effect in a bucket with versioning.
pub const OSSMPU_OPTION_FORBID_OVERWRITE: c_int = 105;
/// Number: milliseconds that the call may take, its clean-up aside; then
/// OSSMPU_ETIMEOUT. 0 (default) is no limit but those of its requests.
pub const OSSMPU_OPTION_DEADLINE_MS: c_int = 109;
/// Number: how fast OSS takes the data of each request, 245760 to 838860800
/// bits per second; 0 (default) is no limit.
pub const OSSMPU_OPTION_TRAFFIC_LIMIT: c_int = 111;

/// CRC-64 of every part and of the object, compared with what OSS has computed.
/// Nearly free.
pub const OSSMPU_INTEGRITY_CRC64: c_int = 1;
/// Content-MD5 with every part, so that OSS refuses damaged data, and the ETag
/// compared.
pub const OSSMPU_INTEGRITY_MD5: c_int = 2;

/// Makes options with all defaults. NULL only after a bug (a caught panic).
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_options_new() -> *mut ossmpu_options {
    guard_value(std::ptr::null_mut(), || ptr::give(Builder::default()))
}

/// Sets a text: OSSMPU_OPTION_CONTENT_TYPE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_options_set_str(
    options: *mut ossmpu_options,
    key: c_int,
    value: *const c_char,
) -> c_int {
    guard_status(|| {
        let call = ();
        let set = |options: &mut UploadOptions| {
            // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
            let value = unsafe { text::required(value, &call, "value") }?;
            set_text(options, key, value)
        };
        // SAFETY: NULL or live options of this thread alone (contract of `ffi`).
        unsafe { change(options, set) }
    })
}

/// Sets a number: OSSMPU_OPTION_PART_SIZE to OSSMPU_OPTION_TRAFFIC_LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_options_set_int(
    options: *mut ossmpu_options,
    key: c_int,
    value: i64,
) -> c_int {
    // SAFETY: NULL or live options of this thread alone (contract of `ffi`).
    guard_status(|| unsafe { change(options, |options| set_number(options, key, value)) })
}

/// Sets a standard or an x-oss-* header: ACL, storage class, encryption, payer
/// and so on. It is sent with the requests that take it, and only with those.
/// A header set again replaces the one before; an empty value removes it.
/// OSSMPU_EINVAL for a header that the library sets itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_options_add_header(
    options: *mut ossmpu_options,
    name: *const c_char,
    value: *const c_char,
) -> c_int {
    let set = |options: &mut UploadOptions, name: &str, value: &str| {
        options.headers_mut().header(name, value).map(|_| ())
    };
    // SAFETY: as of this function (contract of `ffi`).
    unsafe { add(options, name, value, set) }
}

/// Adds user metadata: x-oss-meta- and name, which has letters, digits and
/// hyphens. All metadata together has at most 8 KiB.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_options_add_metadata(
    options: *mut ossmpu_options,
    name: *const c_char,
    value: *const c_char,
) -> c_int {
    let set = |options: &mut UploadOptions, name: &str, value: &str| {
        options.headers_mut().metadata(name, value).map(|_| ())
    };
    // SAFETY: as of this function (contract of `ffi`).
    unsafe { add(options, name, value, set) }
}

/// Adds a tag of the object, 10 at most. The value may be empty.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_options_add_tag(
    options: *mut ossmpu_options,
    name: *const c_char,
    value: *const c_char,
) -> c_int {
    let set = |options: &mut UploadOptions, name: &str, value: &str| {
        options.headers_mut().tag(name, value).map(|_| ())
    };
    // SAFETY: as of this function (contract of `ffi`).
    unsafe { add(options, name, value, set) }
}

/// Sets a callback that is told how far the upload is. user has to live as
/// long as every call and upload that was given these options. A call that
/// sends one part reports that part.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_options_set_progress(
    options: *mut ossmpu_options,
    callback: ossmpu_progress_fn,
    user: *mut c_void,
) -> c_int {
    guard_status(|| {
        let set = |options: &mut UploadOptions| {
            let callback = callback.ok_or_else(|| ptr::is_null("callback"))?;
            options.set_progress(progress::reporter(callback, User::borrowed(user)));
            Ok(())
        };
        // SAFETY: NULL or live options of this thread alone (contract of `ffi`).
        unsafe { change(options, set) }
    })
}

/// Frees options. NULL is a no-op. Uploads begun with them go on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_options_free(options: *mut ossmpu_options) {
    // SAFETY: NULL or options that nobody uses any more (contract of `ffi`).
    guard_value((), || drop(unsafe { ptr::take(options) }));
}

/// The options of a call, or the first failure of their setters; NULL is all defaults.
///
/// # Safety
///
/// `options` is NULL or live.
pub(super) unsafe fn or_default(options: *const ossmpu_options) -> Result<UploadOptions> {
    let call = ();
    // SAFETY: the caller promises it.
    match unsafe { ptr::borrow_or_none(options, &call) } {
        Some(options) => options.read().cloned(),
        None => Ok(UploadOptions::new()),
    }
}

/// Adds a value with a name.
///
/// # Safety
///
/// `options` is NULL or live and used by nobody else meanwhile; the texts are NULL or end with NUL.
unsafe fn add(
    options: *mut ossmpu_options,
    name: *const c_char,
    value: *const c_char,
    set: impl FnOnce(&mut UploadOptions, &str, &str) -> Result<()>,
) -> c_int {
    guard_status(|| {
        let call = ();
        let set = |options: &mut UploadOptions| {
            // SAFETY: the caller promises it.
            let name = unsafe { text::required(name, &call, "name") }?;
            // SAFETY: the caller promises it.
            let value = unsafe { text::required(value, &call, "value") }?;
            set(options, name, value)
        };
        // SAFETY: the caller promises it.
        unsafe { change(options, set) }
    })
}

/// Changes options.
///
/// # Safety
///
/// `options` is NULL or live, and nobody else uses it meanwhile.
unsafe fn change(
    options: *mut ossmpu_options,
    set: impl FnOnce(&mut UploadOptions) -> Result<()>,
) -> Result<()> {
    let call = ();
    // SAFETY: the caller promises it.
    unsafe { ptr::borrow_mut(options, &call, "options") }?.set(set)
}

fn set_text(options: &mut UploadOptions, key: c_int, value: &str) -> Result<()> {
    match key {
        OSSMPU_OPTION_CONTENT_TYPE => options.headers_mut().content_type(value).map(|_| ()),
        _ => Err(setting::unknown_text(key)),
    }
}

fn set_number(options: &mut UploadOptions, key: c_int, value: i64) -> Result<()> {
    match key {
        OSSMPU_OPTION_PART_SIZE => {
            options.set_part_size(setting::number("part_size", value)?)?;
        }
        OSSMPU_OPTION_PARALLELISM => {
            options.set_parallelism(setting::number("parallelism", value)?)?;
        }
        OSSMPU_OPTION_SINGLE_BELOW => {
            options.set_single_below(setting::number("single_below", value)?)?;
        }
        OSSMPU_OPTION_INTEGRITY => {
            options.set_integrity(integrity(value)?);
        }
        OSSMPU_OPTION_KEEP_PARTS if setting::switch("keep_parts", value)? => {
            options.keep_parts();
        }
        OSSMPU_OPTION_KEEP_PARTS => {
            options.remove_parts();
        }
        OSSMPU_OPTION_FORBID_OVERWRITE if setting::switch("forbid_overwrite", value)? => {
            options.headers_mut().forbid_overwrite();
        }
        OSSMPU_OPTION_FORBID_OVERWRITE => {
            options.headers_mut().header("x-oss-forbid-overwrite", "")?;
        }
        OSSMPU_OPTION_DEADLINE_MS => {
            let time = setting::milliseconds("deadline_ms", value)?;
            options.set_deadline((time != Duration::ZERO).then_some(time));
        }
        OSSMPU_OPTION_TRAFFIC_LIMIT if value == 0 => {
            options.headers_mut().header("x-oss-traffic-limit", "")?;
        }
        OSSMPU_OPTION_TRAFFIC_LIMIT => {
            let bits: u64 = setting::number("traffic_limit", value)?;
            options
                .headers_mut()
                .traffic_limit(bits)
                .map_err(|error: Error| error.with_argument("traffic_limit"))?;
        }
        _ => return Err(setting::unknown_number(key)),
    }
    Ok(())
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
            (OSSMPU_OPTION_DEADLINE_MS, "deadline_ms", 0, -1),
            (OSSMPU_OPTION_TRAFFIC_LIMIT, "traffic_limit", 245_760, 245_759),
        ] {
            let mut options = UploadOptions::new();
            set_number(&mut options, key, good).unwrap();
            for bad in [bad, i64::MIN] {
                let error = set_number(&mut options, key, bad).unwrap_err();
                assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, name));
            }
        }
    }

    #[test]
    fn what_was_switched_on_can_be_switched_off() {
        let fresh = format!("{:?}", UploadOptions::new());
        for (key, on) in [
            (OSSMPU_OPTION_KEEP_PARTS, 1),
            (OSSMPU_OPTION_FORBID_OVERWRITE, 1),
            (OSSMPU_OPTION_DEADLINE_MS, 1000),
            (OSSMPU_OPTION_TRAFFIC_LIMIT, 245_760),
        ] {
            let mut options = UploadOptions::new();
            set_number(&mut options, key, on).unwrap();
            assert_ne!(format!("{options:?}"), fresh, "{key}");
            set_number(&mut options, key, 0).unwrap();
            assert_eq!(format!("{options:?}"), fresh, "{key}");
        }
    }

    #[test]
    fn keys_are_told_apart() {
        let mut options = UploadOptions::new();
        let kind = |outcome: Result<()>| outcome.unwrap_err().kind();
        assert_eq!(kind(set_text(&mut options, 100, "1")), ErrorKind::Invalid);
        assert_eq!(kind(set_number(&mut options, 1, 1)), ErrorKind::Invalid);
        for unknown in [0, 99, -1, c_int::MAX, c_int::MIN] {
            assert_eq!(kind(set_text(&mut options, unknown, "1")), ErrorKind::Unsupported);
        }
        for unknown in [0, 199, -1, c_int::MAX, c_int::MIN] {
            assert_eq!(kind(set_number(&mut options, unknown, 1)), ErrorKind::Unsupported);
        }
    }
}
