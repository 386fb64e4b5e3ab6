//! Calls every setter of the C interface with any key and value, then creates a client and a
//! presigned URL from the settings.
//!
//! One setting per line: a word for the function, the key in decimal or a first text, and the value,
//! which is any bytes but NUL.
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
    // SAFETY: only this thread uses the handles, and frees them once, below.
    let (config, options) = unsafe { (ossmpu_config_new(), ossmpu_options_new()) };
    for line in bytes.split(|byte| *byte == b'\n') {
        set(config, options, line);
    }
    use_settings(config, options, bytes.len());
    // SAFETY: they are not used after this.
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
    // SAFETY: the handles are live, and the texts are NUL-terminated and outlive the call.
    let status = unsafe {
        match function {
            // These are paths, and a device or a pipe never ends.
            b"cs" if FILES.contains(&key) && value.as_bytes().contains(&b'/') => 0,
            b"cs" if key == CREDENTIALS => set_credentials(config, text),
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

/// Sets a source of credentials and replaces it with a key: it could connect to a host or start a
/// program.
///
/// # Safety
///
/// The handle is live, and the text is NUL-terminated.
unsafe fn set_credentials(config: Handle, text: *const c_char) -> c_int {
    // SAFETY: the caller promises it.
    let status = unsafe { ossmpu_config_set_str(config, CREDENTIALS, text) };
    // SAFETY: as before, and the texts are constant.
    check_status(unsafe { ossmpu_config_set_keys(config, c"i".as_ptr(), c"s".as_ptr(), null()) });
    status
}

/// Creates a client and a URL, which sends nothing.
fn use_settings(config: Handle, options: Handle, number: usize) {
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
    // SAFETY: they are not used after this; both may be NULL.
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

const HEADER: &str = include_str!("../../include/ossmpu.h");

/// Looks a constant up in the header, so that the numbers follow it.
const fn constant(name: &str) -> c_int {
    let (header, name) = (HEADER.as_bytes(), name.as_bytes());
    let mut start = 0;
    while start + name.len() < header.len() {
        let mut length = 0;
        while length < name.len() && header[start + length] == name[length] {
            length += 1;
        }
        if length == name.len() {
            return number(header, start + length);
        }
        start += 1;
    }
    panic!("the header has no such constant");
}

const fn number(header: &[u8], mut at: usize) -> c_int {
    let mut value = 0;
    while header[at].is_ascii_digit() {
        value = value * 10 + (header[at] - b'0') as c_int;
        at += 1;
    }
    value
}

const CREDENTIALS: c_int = constant("#define OSSMPU_CONFIG_CREDENTIALS ");
const FILES: [c_int; 3] = [
    constant("#define OSSMPU_CONFIG_CA_FILE "),
    constant("#define OSSMPU_CONFIG_CLIENT_CERTIFICATE "),
    constant("#define OSSMPU_CONFIG_CLIENT_KEY "),
];
