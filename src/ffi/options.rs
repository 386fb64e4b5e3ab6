//! The options of a call.

use std::ffi::{c_int, c_void};

use super::builder::Builder;
use super::callback::Callback;
use super::entry_point::guard_status;
use super::handle;
use super::option_keys::CallOptions;
use super::panic_boundary::guard_value;
use super::progress::{self, ossmpu_progress_fn};
use super::text::Text;
use crate::{Result, UploadOptions};

/// The options of a call. NULL means all defaults wherever options are taken.
///
/// Setters work as those of ossmpu_config. A call that is given the options
/// returns their first error, copies the options that it uses and ignores the
/// others. Any number of threads may pass the same options to their calls
/// while no thread changes them.
#[derive(Debug)]
pub struct ossmpu_options(pub(super) Builder<CallOptions>);

const _: () = handle::assert_shared::<ossmpu_options>();

/// `ossmpu_options *` in C; the same rule as for `ConfigMut`.
///
/// cbindgen:ignore
pub type OptionsMut<'call> = Option<&'call ossmpu_options>;

/// Creates options with all defaults. NULL only after a bug in the library.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_options_new() -> Option<Box<ossmpu_options>> {
    guard_value(None, || Some(Box::new(ossmpu_options(Builder::default()))))
}

/// Sets a text: OSSMPU_OPTION_CONTENT_TYPE to OSSMPU_OPTION_DELTA_BASE. A
/// path is any bytes, other texts are UTF-8.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_options_set_str(
    options: OptionsMut<'_>,
    key: c_int,
    value: Text<'_>,
) -> c_int {
    guard_status(|| {
        let set = |options: &mut CallOptions| {
            if CallOptions::is_path(key) {
                return options.set_path(key, value.path_of_key(key)?);
            }
            options.set_text(key, value.of_key(key)?)
        };
        change(options, set)
    })
}

/// Sets a number: OSSMPU_OPTION_PART_SIZE to OSSMPU_OPTION_DELTA.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_options_set_int(options: OptionsMut<'_>, key: c_int, value: i64) -> c_int {
    guard_status(|| change(options, |options| options.set_number(key, value)))
}

/// Adds a standard header or an x-oss-* header. Adding a header again replaces
/// its value; an empty value removes it. Spaces and tabs at both ends of the
/// value are removed, as HTTP does. Each header is sent with the requests that
/// accept it, and with no others:
///   Initiate, PutObject            Cache-Control, Content-Disposition,
///                                  Content-Encoding, Content-Language,
///                                  Content-Type, Expires,
///                                  x-oss-storage-class, x-oss-tagging,
///                                  x-oss-server-side-encryption and its
///                                  -data-encryption and -key-id, x-oss-meta-*
///   Complete, PutObject            x-oss-object-acl, x-oss-callback,
///                                  x-oss-callback-var
///   Initiate, Complete, PutObject  x-oss-forbid-overwrite, and any x-oss-*
///                                  not listed here
///   UploadPart, UploadPartCopy,    x-oss-traffic-limit
///   PutObject
///   all                            x-oss-request-payer
/// where Initiate and Complete are short for InitiateMultipartUpload and
/// CompleteMultipartUpload. CopyObject, which copies small objects, gets those
/// of PutObject, but no callback. OSSMPU_EINVAL for a value that OSS would
/// refuse, and for a header that the library sets itself.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_options_add_header(
    options: OptionsMut<'_>,
    name: Text<'_>,
    value: Text<'_>,
) -> c_int {
    let set = |options: &mut UploadOptions, name: &str, value: &str| {
        options.headers_mut().set_header(name, value).map(|_| ())
    };
    add(options, name, value, set)
}

/// Adds user metadata: the header x-oss-meta-NAME. name consists of letters,
/// digits and hyphens. Spaces and tabs at both ends of the value are removed,
/// as HTTP does. All metadata together is at most 8 KiB.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_options_add_metadata(
    options: OptionsMut<'_>,
    name: Text<'_>,
    value: Text<'_>,
) -> c_int {
    let set = |options: &mut UploadOptions, name: &str, value: &str| {
        options.headers_mut().set_metadata(name, value).map(|_| ())
    };
    add(options, name, value, set)
}

/// Adds a tag to the object, at most 10. value may be "".
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_options_add_tag(
    options: OptionsMut<'_>,
    name: Text<'_>,
    value: Text<'_>,
) -> c_int {
    let set = |options: &mut UploadOptions, name: &str, value: &str| {
        options.headers_mut().set_tag(name, value).map(|_| ())
    };
    add(options, name, value, set)
}

/// Sets a callback that receives the progress of the call. user must stay valid
/// for all calls and uploads that are given these options. A call that sends
/// one part reports the progress of that part.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_options_set_progress(
    options: OptionsMut<'_>,
    callback: ossmpu_progress_fn,
    user: *mut c_void,
) -> c_int {
    guard_status(|| {
        // SAFETY: the function can be called with `user` on the threads of the calls (contract of
        // `ffi`).
        let callback = unsafe { Callback::new(callback, user, None) };
        let set = |options: &mut CallOptions| {
            options.upload.set_progress(progress::progress_callback(callback?));
            Ok(())
        };
        change(options, set)
    })
}

/// Frees options. NULL is a no-op. Uploads that use them stay valid.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_options_free(options: Option<Box<ossmpu_options>>) {
    guard_value((), || drop(options));
}

/// Returns the options of a call, or the first error of their setters; NULL is all defaults.
pub(super) fn of_call(options: Option<&ossmpu_options>) -> Result<CallOptions> {
    match options {
        Some(options) => options.0.read(|options| Ok(options.clone())),
        None => Ok(CallOptions::default()),
    }
}

/// Returns the options of a call that neither copies nor lists.
pub(super) fn or_default(options: Option<&ossmpu_options>) -> Result<UploadOptions> {
    of_call(options).map(|options| options.upload)
}

fn add(
    options: OptionsMut<'_>,
    name: Text<'_>,
    value: Text<'_>,
    set: impl FnOnce(&mut UploadOptions, &str, &str) -> Result<()>,
) -> c_int {
    guard_status(|| {
        let set = |options: &mut CallOptions| {
            let name = name.required("name")?;
            let value = value.required("value")?;
            set(&mut options.upload, name, value)
        };
        change(options, set)
    })
}

fn change(options: OptionsMut<'_>, set: impl FnOnce(&mut CallOptions) -> Result<()>) -> Result<()> {
    handle::required(options, "options")?.0.set(set)
}
