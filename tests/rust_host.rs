//! Effects of the library on a Rust host program: panic hook, rayon pool and threads.
//!
//! A separate test binary, because these are shared by the whole process.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::multiple_unsafe_ops_per_block, reason = "consecutive calls, as in C")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fmt::Display;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::ptr::null;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use oss_emulator::Emulator;
use ossmpu::{BucketName, Cancel, Client, Config, LogLevel, ObjectKey, UploadOptions};

#[test]
fn the_global_rayon_pool_is_never_built() {
    let emulator = emulator();
    let client = Client::new(&config(&emulator)).unwrap();
    let (bucket, key) = target("object");
    let cancel = Cancel::new().unwrap();
    let content = vec![7; SIZE];
    client.put_data(&bucket, &key, content.clone(), &in_parts(), &cancel).unwrap();
    client.put_stream(&bucket, &key, &*content, &in_parts(), &cancel).unwrap();
    let mut writer = client.open_writer(&bucket, &key, &in_parts(), &cancel).unwrap();
    writer.write_all(&content).unwrap();
    writer.finish().unwrap();
    let mut md5 = in_parts();
    md5.set_integrity(ossmpu::Integrity::MD5);
    client.put_data(&bucket, &key, content, &md5, &cancel).unwrap();
    drop(client);
    // Building it fails if it exists already.
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().unwrap();
}

/// The panic is in a callback of the host, on a worker of the library.
#[test]
fn a_panic_of_a_log_callback_is_that_of_the_call_and_only_of_it() {
    let emulator = emulator();
    let mut config = config(&emulator);
    let (is_armed, on_worker) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let (armed, worker) = (Arc::clone(&is_armed), Arc::clone(&on_worker));
    config.set_log(LogLevel::Debug, move |_, line| {
        worker.fetch_or(is_worker_thread(), Ordering::SeqCst);
        let panics = line.starts_with("> PUT") && armed.swap(false, Ordering::SeqCst);
        assert!(!panics, "on purpose");
    });
    let client = Client::new(&config).unwrap();
    let (bucket, key) = target("object");
    let content = Arc::new(vec![7; SIZE]);
    let put = || {
        let shared = Shared(Arc::clone(&content));
        client.put_data(&bucket, &key, shared, &in_parts(), &Cancel::never())
    };
    assert!(catch_unwind(AssertUnwindSafe(put)).is_err());
    assert!(!is_armed.load(Ordering::SeqCst));
    assert_eq!(Arc::strong_count(&content), 1);
    put().unwrap();
    assert!(!on_worker.load(Ordering::SeqCst), "log callbacks run on threads that make calls");
}

#[test]
fn after_a_panic_no_worker_holds_the_bytes_of_the_call() {
    let emulator = emulator();
    let client = Client::new(&config(&emulator)).unwrap();
    let (bucket, key) = target("object");
    let content = Arc::new(vec![7; SIZE]);
    let mut options = in_parts();
    options.set_progress(|_| panic!("on purpose"));
    let put = AssertUnwindSafe(|| {
        let shared = Shared(Arc::clone(&content));
        client.put_data(&bucket, &key, shared, &options, &Cancel::never())
    });
    assert!(catch_unwind(put).is_err());
    assert_eq!(Arc::strong_count(&content), 1);
}

/// Runs `the_host_process` in a separate process and checks its stderr.
#[test]
fn panics_in_c_calls_are_errors_and_only_panics_of_the_host_reach_its_hook() {
    let this = std::env::current_exe().unwrap();
    let mut command = Command::new(this);
    command.args(["--exact", "the_host_process", "--ignored", "--nocapture"]);
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stderr, "host hook: its own\nhost hook: after\n");
}

#[test]
#[ignore = "another test runs it in a separate process"]
fn the_host_process() {
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("host hook: {}", panic.payload().downcast_ref::<&str>().unwrap());
    }));
    log::set_logger(&PanicsAtKeys).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let emulator = emulator();
    let c = C::new(&emulator);
    assert!(catch_unwind(|| panic!("its own")).is_err());
    // On the calling thread, then on a worker; the client still works.
    for key in ["panics-in-call", "panics-in-worker", "panics-in-call", "panics-in-worker"] {
        let (status, message) = c.put(key);
        assert_eq!(status, EINTERNAL, "{key}: {message}");
        assert!(message.contains("please report"), "{message}");
    }
    assert_eq!(c.put("good"), (0, String::new()));
    assert!(catch_unwind(|| panic!("after")).is_err());
}

/// A logger of the host that panics at certain keys.
struct PanicsAtKeys;

impl log::Log for PanicsAtKeys {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target() == "ossmpu"
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = record.args().to_string();
        let key = if is_worker_thread() { "panics-in-worker" } else { "panics-in-call" };
        let part = line.contains("partNumber=") || !is_worker_thread();
        assert!(!(part && line.starts_with("> ") && line.contains(key)), "secret-x");
    }

    fn flush(&self) {}
}

struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The part of the C API that the panic tests need.
struct C {
    client: *mut c_void,
    options: *mut c_void,
}

impl C {
    fn new(emulator: &Emulator) -> Self {
        let url = text(emulator.url());
        let (region, id, secret) = (text("cn-hangzhou"), text(KEY_ID), text(KEY_SECRET));
        let mut client = std::ptr::null_mut();
        // SAFETY: every text lives to the end of this function, and handles are live or NULL.
        let options = unsafe {
            let config = ossmpu_config_new();
            assert_eq!(ossmpu_config_set_str(config, key("CONFIG_REGION"), region.as_ptr()), 0);
            assert_eq!(ossmpu_config_set_str(config, key("CONFIG_ENDPOINT"), url.as_ptr()), 0);
            assert_eq!(ossmpu_config_set_keys(config, id.as_ptr(), secret.as_ptr(), null()), 0);
            assert_eq!(ossmpu_client_new(config, &raw mut client, std::ptr::null_mut()), 0);
            ossmpu_config_free(config);
            let options = ossmpu_options_new();
            assert_eq!(ossmpu_options_set_int(options, key("OPTION_PART_SIZE"), PART), 0);
            assert_eq!(ossmpu_options_set_int(options, key("OPTION_SINGLE_BELOW"), 0), 0);
            options
        };
        Self { client, options }
    }

    /// Returns the status and the error message.
    fn put(&self, key: &str) -> (c_int, String) {
        let (bucket, key, data) = (text(BUCKET), text(key), vec![7u8; SIZE]);
        let mut err = std::ptr::null_mut();
        // SAFETY: texts, data and handles live to the end of this function.
        unsafe {
            let status = ossmpu_put_data(
                self.client,
                bucket.as_ptr(),
                key.as_ptr(),
                data.as_ptr().cast(),
                data.len(),
                self.options,
                null(),
                std::ptr::null_mut(),
                &raw mut err,
            );
            let message = CStr::from_ptr(ossmpu_error_message(err)).to_str().unwrap().to_owned();
            ossmpu_error_free(err);
            (status, message)
        }
    }
}

impl Drop for C {
    fn drop(&mut self) {
        // SAFETY: both are live, and are not used after this.
        unsafe {
            ossmpu_client_free(self.client);
            ossmpu_options_free(self.options);
        }
    }
}

unsafe extern "C" {
    fn ossmpu_config_new() -> *mut c_void;
    fn ossmpu_config_set_str(config: *mut c_void, key: c_int, value: *const c_char) -> c_int;
    fn ossmpu_config_set_keys(
        config: *mut c_void,
        id: *const c_char,
        secret: *const c_char,
        token: *const c_char,
    ) -> c_int;
    fn ossmpu_config_free(config: *mut c_void);
    fn ossmpu_client_new(
        config: *const c_void,
        out: *mut *mut c_void,
        err: *mut *mut c_void,
    ) -> c_int;
    fn ossmpu_client_free(client: *mut c_void);
    fn ossmpu_options_new() -> *mut c_void;
    fn ossmpu_options_set_int(options: *mut c_void, key: c_int, value: i64) -> c_int;
    fn ossmpu_options_free(options: *mut c_void);
    fn ossmpu_error_message(error: *const c_void) -> *const c_char;
    fn ossmpu_error_free(error: *mut c_void);
    fn ossmpu_put_data(
        client: *const c_void,
        bucket: *const c_char,
        key: *const c_char,
        data: *const c_void,
        length: usize,
        options: *const c_void,
        cancel: *const c_void,
        out: *mut *mut c_void,
        err: *mut *mut c_void,
    ) -> c_int;
}

/// The number of a key in the header.
fn key(name: &str) -> c_int {
    let header = include_str!("../include/ossmpu.h");
    let start = format!("#define OSSMPU_{name} ");
    let number = header.lines().find_map(|line| line.strip_prefix(&start));
    number.unwrap().parse().unwrap()
}

fn text(text: impl Display) -> CString {
    CString::new(text.to_string()).unwrap()
}

fn is_worker_thread() -> bool {
    std::thread::current().name().is_some_and(|name| name.starts_with("ossmpu"))
}

fn emulator() -> Emulator {
    Emulator::builder().bucket(BUCKET).access_key(KEY_ID, KEY_SECRET).start().unwrap()
}

fn config(emulator: &Emulator) -> Config {
    let mut config = Config::new();
    config
        .set_region("cn-hangzhou")
        .and_then(|c| c.set_endpoint(emulator.url()))
        .and_then(|c| c.set_keys(KEY_ID, KEY_SECRET, None))
        .unwrap();
    config
}

fn target(key: &str) -> (BucketName, ObjectKey) {
    (BucketName::parse(BUCKET).unwrap(), ObjectKey::parse(key).unwrap())
}

fn in_parts() -> UploadOptions {
    let mut options = UploadOptions::new();
    options.set_part_size(PART.unsigned_abs()).and_then(|o| o.set_single_below(0)).unwrap();
    options
}

const BUCKET: &str = "host-bucket";
const KEY_ID: &str = "host-id";
const KEY_SECRET: &str = "host-secret";
const PART: i64 = 100 * 1024;
const SIZE: usize = 900_000;
const EINTERNAL: c_int = -21;
