//! How one call is to be done: options by number, headers, metadata, tags, progress.

mod settings;

use std::ffi::{c_char, c_int, c_void};

use super::callback::User;
use super::exclusive::Builder;
use super::guard::{guard_status, guard_value};
use super::progress::{self, ossmpu_progress_fn};
use super::ptr::{self, Handle};
use super::text;
use crate::{Result, UploadOptions};

pub(super) use settings::CallOptions;

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
    type Inner = Builder<CallOptions>;
}

/// Text: the Content-Type of the object. Unless set, it is guessed from the
/// name of the file or else the key; "application/octet-stream" if that says
/// nothing. Sent with Initiate and PutObject.
pub const OSSMPU_OPTION_CONTENT_TYPE: c_int = 1;
/// Text: the upload callback of OSS, as a JSON object of at most 5 KiB after
/// base64: whom OSS tells of the object before it answers. Unless set, or with
/// "", there is none. Sent with Complete and PutObject.
pub const OSSMPU_OPTION_CALLBACK: c_int = 2;
/// Text: the variables of the upload callback, as a JSON object whose names
/// begin with "x:", at most 5 KiB after base64. Unless set, or with "", there
/// are none. Sent with Complete and PutObject.
pub const OSSMPU_OPTION_CALLBACK_VAR: c_int = 3;
/// Text: an existing directory for checkpoints, which make uploads of files in
/// parts (ossmpu_put_file, ossmpu_put_range) resumable, even after a crash.
/// Parts are kept on failure; the same call again sends only what is missing. A
/// file that has changed is sent afresh. Unless set there are none. Costs a
/// ListParts when an upload is gone on with.
pub const OSSMPU_OPTION_CHECKPOINT_DIR: c_int = 4;
/// Text: goes on with this upload instead of beginning one, without a
/// checkpoint: for ossmpu_put_file, ossmpu_put_range, ossmpu_put_data, and
/// ossmpu_put_fd of a regular file. ListParts says which parts OSS has; those
/// with the same size and bytes are not sent again. Give the part size that it
/// was begun with. Unless set, Initiate begins an upload.
pub const OSSMPU_OPTION_UPLOAD_ID: c_int = 5;
/// Text: the CRC-64 that the whole object must have, as a decimal number from 0
/// to 18446744073709551615. For calls that send a whole object; judged before
/// Complete or PutObject makes it, and OSSMPU_EINTEGRITY if it is another.
/// Unless set, nothing is expected.
pub const OSSMPU_OPTION_EXPECTED_CRC64: c_int = 6;
/// Text: the MD5 that the whole object must have, as 32 hex digits; otherwise
/// as OSSMPU_OPTION_EXPECTED_CRC64. A file is read once more for it.
pub const OSSMPU_OPTION_EXPECTED_MD5: c_int = 7;
/// Text: an ETag. Copies (ossmpu_copy_object, ossmpu_upload_part_copy) only if
/// the source has it. Unless set, any will do. Sent with the HeadObject that
/// asks for the source; each UploadPartCopy then demands the ETag found.
pub const OSSMPU_OPTION_COPY_IF_MATCH: c_int = 8;
/// Text: an ETag. Copies only if the source has another; otherwise as
/// OSSMPU_OPTION_COPY_IF_MATCH.
pub const OSSMPU_OPTION_COPY_IF_NONE_MATCH: c_int = 9;
/// Text: ossmpu_list_uploads begins after this key. Unless set, at the first.
/// Sent with ListMultipartUploads.
pub const OSSMPU_OPTION_KEY_MARKER: c_int = 10;
/// Text: ossmpu_list_uploads begins in the key of OSSMPU_OPTION_KEY_MARKER,
/// after this upload id. Unless set, after all of that key. Sent with
/// ListMultipartUploads.
pub const OSSMPU_OPTION_UPLOAD_ID_MARKER: c_int = 11;
/// Number: bytes of a part, 100 KiB to 5 GiB. Raised by itself to stay within
/// 10000 parts. Unless set, 8 MiB or what fits the size of the object; 64 MiB
/// for a copy. Each UploadPart or UploadPartCopy carries as much.
pub const OSSMPU_OPTION_PART_SIZE: c_int = 100;
/// Number: parts in flight at once, 1 to 256; default 8. The threads of the
/// client are a bound for all its uploads together. So many UploadPart or
/// UploadPartCopy requests run at a time.
pub const OSSMPU_OPTION_PARALLELISM: c_int = 101;
/// Number: objects of fewer bytes go in one PutObject, 0 to 5 GiB (5368709120);
/// default 8 MiB. With 0 only an empty object does.
pub const OSSMPU_OPTION_SINGLE_BELOW: c_int = 102;
/// Number: which check sums guard the data, OSSMPU_INTEGRITY_* added up;
/// default OSSMPU_INTEGRITY_CRC64. For UploadPart, PutObject and Complete.
pub const OSSMPU_OPTION_INTEGRITY: c_int = 103;
/// Number: 1 leaves the parts on OSS when the upload fails; the error then
/// names the upload id. 0 (default) sends Abort.
pub const OSSMPU_OPTION_KEEP_PARTS: c_int = 104;
/// Number: 1 lets the call fail if there is an object of that key; default 0.
/// Without effect in a bucket with versioning. Sent with Initiate, Complete and
/// PutObject.
pub const OSSMPU_OPTION_FORBID_OVERWRITE: c_int = 105;
/// Number: 1 makes the object out of all parts that OSS has, without a list of
/// them; 0 (default) out of those that were sent, added or listed here. Parts
/// that nobody here knows of are then part of the object. Sent with Complete.
pub const OSSMPU_OPTION_COMPLETE_ALL: c_int = 106;
/// Number: 1 begins a sequential upload: parts arrive in order, one at a time
/// and each once, which OSS enforces, and the object gets a Content-MD5. Costs
/// all concurrency; default 0. Sent with Initiate.
pub const OSSMPU_OPTION_SEQUENTIAL: c_int = 107;
/// Number: 1 (default) sends the last slow parts of an object a second time
/// when nothing else is left to send, and takes the copy that arrives first; 0
/// does not. For UploadPart and UploadPartCopy of whole objects.
pub const OSSMPU_OPTION_HEDGE: c_int = 108;
/// Number: milliseconds that the call may take, its clean-up aside; then
/// OSSMPU_ETIMEOUT. 0 (default) is no limit but those of its requests.
pub const OSSMPU_OPTION_DEADLINE_MS: c_int = 109;
/// Number: how many bytes of data the call, or all part calls on an upload
/// together, send in a second; 0 (default) is no limit but that of the client.
/// For UploadPart and PutObject.
pub const OSSMPU_OPTION_BYTES_PER_SEC: c_int = 110;
/// Number: how fast OSS takes the data of each request, 245760 to 838860800
/// bits per second; 0 (default) is no limit. Sent with UploadPart,
/// UploadPartCopy and PutObject.
pub const OSSMPU_OPTION_TRAFFIC_LIMIT: c_int = 111;
/// Number: Unix seconds, 0 or more. Copies only if the source was changed after
/// that; unless set, whenever it was. Sent with the HeadObject that asks for
/// the source.
pub const OSSMPU_OPTION_COPY_IF_MODIFIED_SINCE: c_int = 112;
/// Number: Unix seconds, 0 or more. Copies only if the source was not changed
/// after that; otherwise as OSSMPU_OPTION_COPY_IF_MODIFIED_SINCE.
pub const OSSMPU_OPTION_COPY_IF_UNMODIFIED_SINCE: c_int = 113;
/// Number: how many entries ossmpu_list_parts and ossmpu_list_uploads fetch
/// with each ListParts and ListMultipartUploads, 1 to 1000; default 1000.
pub const OSSMPU_OPTION_PAGE_SIZE: c_int = 114;
/// Number: ossmpu_list_parts begins after the part of this number, 1 to 10000;
/// unless set, at the first. Sent with ListParts.
pub const OSSMPU_OPTION_PART_NUMBER_MARKER: c_int = 115;
/// Number: how the MD5s of a whole object's parts are computed; for tests and
/// measurements. 0 by what is fastest here (default), 1 one part after the
/// other, 2 portable vectors, 3 AVX2, 4 AVX-512. OSSMPU_EUNSUPPORTED if this
/// machine lacks it.
pub const OSSMPU_OPTION_MD5_KERNEL: c_int = 116;

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

/// Sets a text: OSSMPU_OPTION_CONTENT_TYPE to OSSMPU_OPTION_UPLOAD_ID_MARKER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_options_set_str(
    options: *mut ossmpu_options,
    key: c_int,
    value: *const c_char,
) -> c_int {
    guard_status(|| {
        let call = ();
        let set = |options: &mut CallOptions| {
            // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
            let value = unsafe { text::required(value, &call, "value") }?;
            options.set_text(key, value)
        };
        // SAFETY: NULL or live options of this thread alone (contract of `ffi`).
        unsafe { change(options, set) }
    })
}

/// Sets a number: OSSMPU_OPTION_PART_SIZE to OSSMPU_OPTION_MD5_KERNEL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_options_set_int(
    options: *mut ossmpu_options,
    key: c_int,
    value: i64,
) -> c_int {
    // SAFETY: NULL or live options of this thread alone (contract of `ffi`).
    guard_status(|| unsafe { change(options, |options| options.set_number(key, value)) })
}

/// Sets a standard or an x-oss-* header. A header set again replaces the one
/// before; an empty value removes it. Each goes with the requests that take
/// it, and only with those:
///   Initiate, PutObject            Cache-Control, Content-Disposition,
///                                  Content-Encoding, Content-Type, Expires,
///                                  x-oss-storage-class, x-oss-tagging,
///                                  x-oss-server-side-encryption and its
///                                  -data-encryption and -key-id, x-oss-meta-*
///   Complete, PutObject            x-oss-object-acl, x-oss-callback,
///                                  x-oss-callback-var
///   Initiate, Complete, PutObject  x-oss-forbid-overwrite, and any x-oss-*
///                                  that this library does not know
///   UploadPart, UploadPartCopy,    x-oss-traffic-limit
///   PutObject
///   all                            x-oss-request-payer
/// OSSMPU_EINVAL for a value that OSS would not take, and for a header that the
/// library sets itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_options_add_header(
    options: *mut ossmpu_options,
    name: *const c_char,
    value: *const c_char,
) -> c_int {
    let set = |options: &mut UploadOptions, name: &str, value: &str| {
        options.headers_mut().set_header(name, value).map(|_| ())
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
        options.headers_mut().set_metadata(name, value).map(|_| ())
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
        options.headers_mut().set_tag(name, value).map(|_| ())
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
        let set = |options: &mut CallOptions| {
            let callback = callback.ok_or_else(|| ptr::is_null("callback"))?;
            options.upload.set_progress(progress::reporter(callback, User::borrowed(user)));
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
pub(super) unsafe fn of_call(options: *const ossmpu_options) -> Result<CallOptions> {
    let call = ();
    // SAFETY: the caller promises it.
    match unsafe { ptr::borrow_or_none(options, &call) } {
        Some(options) => options.read().cloned(),
        None => Ok(CallOptions::default()),
    }
}

/// The same for a call that neither copies nor lists.
///
/// # Safety
///
/// As for [`of_call`].
pub(super) unsafe fn or_default(options: *const ossmpu_options) -> Result<UploadOptions> {
    // SAFETY: the caller promises it.
    unsafe { of_call(options) }.map(|options| options.upload)
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
        let set = |options: &mut CallOptions| {
            // SAFETY: the caller promises it.
            let name = unsafe { text::required(name, &call, "name") }?;
            // SAFETY: the caller promises it.
            let value = unsafe { text::required(value, &call, "value") }?;
            set(&mut options.upload, name, value)
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
    set: impl FnOnce(&mut CallOptions) -> Result<()>,
) -> Result<()> {
    let call = ();
    // SAFETY: the caller promises it.
    unsafe { ptr::borrow_mut(options, &call, "options") }?.set(set)
}
