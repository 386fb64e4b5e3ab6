//! Every setter of the C interface with any key and value, then a client and a presigned URL made
//! of what was set.
//!
//! One setting a line: a word that names the function, the key in decimal or a first text up to a
//! tab, and the value, which may be any bytes but NUL.
#![no_main]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut};

// The functions are called as C calls them, so only their symbols are known here.
use ossmpu as _;

type Handle = *mut c_void;

unsafe extern "C" {
    fn ossmpu_config_new() -> Handle;
    fn ossmpu_config_set_str(config: Handle, key: c_int, value: *const c_char) -> c_int;
    fn ossmpu_config_set_int(config: Handle, key: c_int, value: i64) -> c_int;
    fn ossmpu_config_set_keys(
        config: Handle,
        id: *const c_char,
        secret: *const c_char,
        token: *const c_char,
    ) -> c_int;
    fn ossmpu_config_free(config: Handle);
    fn ossmpu_options_new() -> Handle;
    fn ossmpu_options_set_str(options: Handle, key: c_int, value: *const c_char) -> c_int;
    fn ossmpu_options_set_int(options: Handle, key: c_int, value: i64) -> c_int;
    fn ossmpu_options_add_header(o: Handle, name: *const c_char, value: *const c_char) -> c_int;
    fn ossmpu_options_add_metadata(o: Handle, name: *const c_char, value: *const c_char) -> c_int;
    fn ossmpu_options_add_tag(o: Handle, name: *const c_char, value: *const c_char) -> c_int;
    fn ossmpu_options_free(options: Handle);
    fn ossmpu_client_new(config: Handle, out: *mut Handle, err: *mut Handle) -> c_int;
    fn ossmpu_client_free(client: Handle);
    fn ossmpu_presign(
        client: Handle,
        operation: c_int,
        bucket: *const c_char,
        key: *const c_char,
        upload_id: *const c_char,
        part_number: i32,
        expires_seconds: i64,
        options: Handle,
        cancel: Handle,
        out: *mut Handle,
        err: *mut Handle,
    ) -> c_int;
    fn ossmpu_result_free(result: Handle);
    fn ossmpu_error_code(error: Handle) -> c_int;
    fn ossmpu_error_message(error: Handle) -> *const c_char;
    fn ossmpu_error_free(error: Handle);
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // SAFETY: each handle is used by this thread alone, and freed once, below.
    let (config, options) = unsafe { (ossmpu_config_new(), ossmpu_options_new()) };
    for line in bytes.split(|byte| *byte == b'\n') {
        set(config, options, line);
    }
    make_use(config, options, bytes.len());
    // SAFETY: nothing uses them any more.
    unsafe {
        ossmpu_options_free(options);
        ossmpu_config_free(config);
    }
});

fn set(config: Handle, options: Handle, line: &[u8]) {
    let mut fields = line.splitn(3, |byte| matches!(byte, b' ' | b'\t'));
    let mut field = || fields.next().unwrap_or_default();
    let (function, first, value) = (field(), field(), field());
    let key = std::str::from_utf8(first).ok().and_then(|key| key.parse().ok()).unwrap_or(0);
    let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()).unwrap_or(-1);
    let (Ok(first), Ok(value)) = (CString::new(first), CString::new(value)) else { return };
    let (name, text) = (first.as_ptr(), value.as_ptr());
    // SAFETY: the handles are live, and the texts end with NUL and outlive the call.
    let status = unsafe {
        match function {
            // These name files, and a device or a pipe would be read until the end of time.
            b"cs" if FILES.contains(&key) && value.as_bytes().contains(&b'/') => 0,
            b"cs" if key == SOURCE => read_source(config, text),
            b"cs" => ossmpu_config_set_str(config, key, text),
            b"ci" => ossmpu_config_set_int(config, key, number),
            b"ck" => ossmpu_config_set_keys(config, name, text, null()),
            b"ct" => ossmpu_config_set_keys(config, name, name, text),
            b"os" => ossmpu_options_set_str(options, key, text),
            b"oi" => ossmpu_options_set_int(options, key, number),
            b"oh" => ossmpu_options_add_header(options, name, text),
            b"om" => ossmpu_options_add_metadata(options, name, text),
            b"ot" => ossmpu_options_add_tag(options, name, text),
            _ => 0,
        }
    };
    check_status(status);
}

/// Reads the name of a source of credentials, and forgets the source: it might ask a host or start a
/// program.
///
/// # Safety
///
/// The handle is live, and the text ends with NUL.
unsafe fn read_source(config: Handle, text: *const c_char) -> c_int {
    // SAFETY: the caller promises it.
    let status = unsafe { ossmpu_config_set_str(config, SOURCE, text) };
    // SAFETY: as before, and the texts are constant.
    check_status(unsafe { ossmpu_config_set_keys(config, c"i".as_ptr(), c"s".as_ptr(), null()) });
    status
}

/// Makes a client and a URL, neither of which sends anything.
fn make_use(config: Handle, options: Handle, number: usize) {
    let (mut client, mut error) = (null_mut(), null_mut());
    // SAFETY: the handles are live and the slots are local.
    check_outcome(unsafe { ossmpu_client_new(config, &mut client, &mut error) }, error);
    if client.is_null() {
        return;
    }
    let mut result = null_mut();
    let operation = i32::try_from(number % 7).unwrap_or(0);
    // SAFETY: as before; a token may be NULL, and the texts are constant.
    let status = unsafe {
        ossmpu_presign(
            client,
            operation,
            c"bucket".as_ptr(),
            c"key".as_ptr(),
            c"upload".as_ptr(),
            operation,
            60,
            options,
            null_mut(),
            &mut result,
            &mut error,
        )
    };
    check_outcome(status, error);
    // SAFETY: nobody uses them any more; both may be NULL.
    unsafe {
        ossmpu_result_free(result);
        ossmpu_client_free(client);
    }
}

/// The error goes with its status and has one line of text.
fn check_outcome(status: c_int, error: Handle) {
    check_status(status);
    assert_eq!(status != 0, !error.is_null());
    // SAFETY: it is NULL or live, and its text lives as long as it does.
    unsafe {
        assert_eq!(ossmpu_error_code(error), status);
        let message = CStr::from_ptr(ossmpu_error_message(error)).to_bytes();
        assert!(!message.contains(&b'\n'), "{:?}", String::from_utf8_lossy(message));
        ossmpu_error_free(error);
    }
}

fn check_status(status: c_int) {
    assert!((-20..=0).contains(&status), "status {status}");
}

const SOURCE: c_int = 3;
const FILES: [c_int; 3] = [5, 6, 7];
