//! The builder for a client: settings by number.

mod settings;

use std::ffi::{c_char, c_int, c_void};

use super::callback::{User, ossmpu_drop_fn};
use super::credentials::{self, Provider, ossmpu_credentials_fn};
use super::exclusive::Builder;
use super::guard::{guard_status, guard_value};
use super::log::{self, ossmpu_log_fn};
use super::ptr::{self, Handle};
use super::text;
use settings::Settings;

use crate::{Config, CredentialsSource, Result};

/// A builder for a client. It may be used for any number of clients, and freed
/// before them.
///
/// Setters return a status and remember the first failure, which
/// ossmpu_client_new reports in full: so checking each of them is optional. A
/// setter that fails changes nothing. A key that the loaded library does not
/// know is OSSMPU_EUNSUPPORTED; to probe for one, use a builder that you throw
/// away. A key of the other setter is OSSMPU_EINVAL.
pub struct ossmpu_config {
    _opaque: [u8; 0],
}

impl Handle for ossmpu_config {
    type Inner = Builder<Settings>;
}

/// Text: the region of the bucket, "cn-hangzhou" and so on. Needed for V4
/// signatures.
pub const OSSMPU_CONFIG_REGION: c_int = 1;
/// Text: the URL of the service, https if it names no scheme. Unless set, it
/// follows from the region and OSSMPU_CONFIG_ENDPOINT_KIND. At an IP address
/// buckets are always named in the path.
pub const OSSMPU_CONFIG_ENDPOINT: c_int = 2;
/// Text: where the access key comes from. There is no default.
/// - "anonymous": requests are not signed.
/// - "env": OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and OSS_SESSION_TOKEN.
/// - "default": the first of these that is set up: "env"; the same as
///   ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and
///   ALIBABA_CLOUD_SECURITY_TOKEN; "oidc"; "profile"; the URL in
///   ALIBABA_CLOUD_CREDENTIALS_URI; "ecs". One that is set up and does not work
///   is an error; no other is taken in its place. The one that has worked is
///   kept.
/// - "oidc": the vendor's STS, for the token in the file
///   ALIBABA_CLOUD_OIDC_TOKEN_FILE, with ALIBABA_CLOUD_ROLE_ARN and
///   ALIBABA_CLOUD_OIDC_PROVIDER_ARN.
/// - "profile", "profile:NAME": the first of ~/.aliyun/config.json,
///   ~/.alibabacloud/credentials, the same with .ini, and ~/.ossutilconfig (its
///   key pairs only) that has the profile. Without a name it is that in
///   ALIBABA_CLOUD_PROFILE, or what each file has for the purpose. Other paths:
///   ALIBABA_CLOUD_CONFIG_FILE and ALIBABA_CLOUD_CREDENTIALS_FILE;
///   ALIBABA_CLOUD_CLI_PROFILE_DISABLED=true leaves config.json out.
/// - "ecs", "ecs:ROLE": the metadata service of the instance, never through a
///   proxy; without a role, that in ALIBABA_CLOUD_ECS_METADATA or the one that
///   the service names. ALIBABA_CLOUD_IMDSV1_DISABLED=true forbids requests
///   without a token, ALIBABA_CLOUD_ECS_METADATA_DISABLED=true all of them.
/// - "assume-role:ARN": the vendor's STS, asked with the key that "default"
///   gives, for one hour; ALIBABA_CLOUD_EXTERNAL_ID goes along.
/// - "process:COMMAND": the JSON that a command prints. It is split into words
///   as by a POSIX shell, but run without one, in a process group of its own.
///   Its standard error is lost; whatever is not at its end in time is killed.
/// - "uri:URL": the JSON that a URL answers; https, or http to this machine.
///
/// That JSON has the texts AccessKeyId and AccessKeySecret and, for a temporary
/// key, SecurityToken and Expiration (as in "2025-01-15T10:30:00Z").
///
/// The environment is read now. Files are read, and services asked, when keys
/// are needed, which is before their end; each time that takes 60 s at the
/// most (an answer of STS or a URL 10 s, a step of "ecs" 1 s), and a cancel
/// ends it. STS is at ALIBABA_CLOUD_STS_ENDPOINT, or that of
/// ALIBABA_CLOUD_STS_REGION (inside its network with
/// ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED=true), or the central one; roles are
/// assumed under the name ALIBABA_CLOUD_ROLE_SESSION_NAME, or "ossmpu-" and a
/// number. Any other text is OSSMPU_EUNSUPPORTED; what cannot be used behind the
/// colon is OSSMPU_EINVAL; OSSMPU_ECREDENTIALS if the environment lacks
/// something. No error repeats the text.
pub const OSSMPU_CONFIG_CREDENTIALS: c_int = 3;
/// Text: the URL of a proxy, "env" for what the environment says, or "none",
/// the default. http, https, socks4, socks4a, socks5 and socks5h.
pub const OSSMPU_CONFIG_PROXY: c_int = 4;
/// Text: a PEM file of certificates used instead of the system's.
pub const OSSMPU_CONFIG_CA_FILE: c_int = 5;
/// Text: a PEM file with the client's own certificate, for mutual TLS. Needs
/// OSSMPU_CONFIG_CLIENT_KEY as well.
pub const OSSMPU_CONFIG_CLIENT_CERTIFICATE: c_int = 6;
/// Text: a PEM file with the key of the client's certificate.
pub const OSSMPU_CONFIG_CLIENT_KEY: c_int = 7;
/// Text: is appended to the library's own User-Agent.
pub const OSSMPU_CONFIG_USER_AGENT: c_int = 8;
/// Text: further headers that V4 signs, as in "host;range".
pub const OSSMPU_CONFIG_ADDITIONAL_HEADERS: c_int = 9;
/// Number: 0 public (default), 1 internal, 2 accelerate, 3 dual-stack.
pub const OSSMPU_CONFIG_ENDPOINT_KIND: c_int = 100;
/// Number: where requests name the bucket: 0 in the host (default), 1 in the
/// path, 2 nowhere, because the endpoint is a domain bound to the bucket.
pub const OSSMPU_CONFIG_ADDRESSING: c_int = 101;
/// Number: the version of the signature, 4 (default) or 1.
pub const OSSMPU_CONFIG_SIGNATURE: c_int = 102;
/// Number: 1 checks the server's certificate (default); 0 is for tests.
pub const OSSMPU_CONFIG_TLS_VERIFY: c_int = 104;
/// Number: milliseconds for a name look-up; default 5000. This and every other
/// time limit of a client is 1 millisecond to 7 days.
pub const OSSMPU_CONFIG_RESOLVE_MS: c_int = 105;
/// Number: milliseconds to connect, TLS and proxy handshakes included; default
/// 10000.
pub const OSSMPU_CONFIG_CONNECT_MS: c_int = 106;
/// Number: if less than 1 KiB moves in so many milliseconds, the attempt has
/// failed; default 20000.
pub const OSSMPU_CONFIG_STALL_MS: c_int = 107;
/// Number: milliseconds from the last byte sent to the whole answer; default
/// 30000.
pub const OSSMPU_CONFIG_RESPONSE_MS: c_int = 108;
/// Number: the same for Complete, which may take minutes; default 300000.
pub const OSSMPU_CONFIG_COMPLETE_MS: c_int = 109;
/// Number: milliseconds for the clean-up after an upload that failed or was
/// cancelled, in all; default 5000.
pub const OSSMPU_CONFIG_ABORT_MS: c_int = 110;
/// Number: requests sent for one call, 1 to 100; default 5. 1 is no retries;
/// between attempts there is an exponential back-off with jitter.
pub const OSSMPU_CONFIG_MAX_ATTEMPTS: c_int = 111;
/// Number: worker threads, shared by all uploads of the client, 1 to 1024;
/// default 16. They start with the first upload that needs them.
pub const OSSMPU_CONFIG_THREADS: c_int = 112;
/// Number: bytes of part buffers of all streams, writers and
/// ossmpu_upload_part_from of the client together, 204800 (200 KiB) or more;
/// default 268435456 (256 MiB). Files and memory need no buffers.
pub const OSSMPU_CONFIG_MEMORY_LIMIT: c_int = 113;
/// Number: how many bytes of data all calls of the client together send in a
/// second; 0 (default) is no limit.
pub const OSSMPU_CONFIG_BYTES_PER_SEC: c_int = 114;

/// Makes a builder with all defaults. NULL only after a bug (a caught panic).
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_config_new() -> *mut ossmpu_config {
    guard_value(std::ptr::null_mut(), || ptr::give(Builder::default()))
}

/// Sets a text: OSSMPU_CONFIG_REGION to OSSMPU_CONFIG_ADDITIONAL_HEADERS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_config_set_str(
    config: *mut ossmpu_config,
    key: c_int,
    value: *const c_char,
) -> c_int {
    guard_status(|| {
        let call = ();
        // SAFETY: NULL or a live builder of this thread alone (contract of `ffi`).
        unsafe { ptr::borrow_mut(config, &call, "config") }?.set(|settings| {
            // SAFETY: NULL or a text that ends with NUL (contract of `ffi`).
            settings.set_text(key, unsafe { text::required(value, &call, "value") }?)
        })
    })
}

/// Sets a number: OSSMPU_CONFIG_ENDPOINT_KIND to OSSMPU_CONFIG_BYTES_PER_SEC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_config_set_int(
    config: *mut ossmpu_config,
    key: c_int,
    value: i64,
) -> c_int {
    guard_status(|| {
        let call = ();
        // SAFETY: NULL or a live builder of this thread alone (contract of `ffi`).
        let config = unsafe { ptr::borrow_mut(config, &call, "config") }?;
        config.set(|settings| settings.set_number(key, value))
    })
}

/// Reads OSS_REGION, OSS_ENDPOINT, OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET
/// and OSS_SESSION_TOKEN, now and only here. What is not set there stays as it
/// was. OSSMPU_ECREDENTIALS if only one half of the key pair is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_config_set_env(config: *mut ossmpu_config) -> c_int {
    // SAFETY: NULL or a live builder of this thread alone (contract of `ffi`).
    guard_status(|| unsafe { change(config, |config| config.set_env().map(|_| ())) })
}

/// Sets an access key. token is NULL for a permanent one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_config_set_keys(
    config: *mut ossmpu_config,
    id: *const c_char,
    secret: *const c_char,
    token: *const c_char,
) -> c_int {
    guard_status(|| {
        let call = ();
        let set = |config: &mut Config| {
            // SAFETY: NULL or texts that end with NUL (contract of `ffi`).
            let key = unsafe { credentials::access_key(id, secret, token, &call) }?;
            config.set_credentials(CredentialsSource::Fixed(key));
            Ok(())
        };
        // SAFETY: NULL or a live builder of this thread alone (contract of `ffi`).
        unsafe { change(config, set) }
    })
}

/// Sets a callback that gives access keys. It outlives this call: drop, which
/// may be NULL, is called with user when it is not needed any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_config_set_credentials_fn(
    config: *mut ossmpu_config,
    callback: ossmpu_credentials_fn,
    user: *mut c_void,
    drop: ossmpu_drop_fn,
) -> c_int {
    let user = User::new(user, drop);
    guard_status(|| {
        let set = |config: &mut Config| {
            let callback = callback.ok_or_else(|| ptr::is_null("callback"))?;
            config.set_credentials_provider(Provider::new(callback, user));
            Ok(())
        };
        // SAFETY: NULL or a live builder of this thread alone (contract of `ffi`).
        unsafe { change(config, set) }
    })
}

/// Sets a callback that gets log lines: level OSSMPU_LOG_ERROR to
/// OSSMPU_LOG_DEBUG and everything more important. It outlives this call: drop,
/// which may be NULL, is called with user when it is not needed any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_config_set_log_fn(
    config: *mut ossmpu_config,
    level: c_int,
    callback: ossmpu_log_fn,
    user: *mut c_void,
    drop: ossmpu_drop_fn,
) -> c_int {
    let user = User::new(user, drop);
    guard_status(|| {
        let set = |config: &mut Config| {
            let callback = callback.ok_or_else(|| ptr::is_null("callback"))?;
            config.set_log(log::level(level)?, log::sink(callback, user));
            Ok(())
        };
        // SAFETY: NULL or a live builder of this thread alone (contract of `ffi`).
        unsafe { change(config, set) }
    })
}

/// Frees a builder. NULL is a no-op. Clients that were made from it go on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_config_free(config: *mut ossmpu_config) {
    // SAFETY: NULL or a builder that nobody uses any more (contract of `ffi`).
    guard_value((), || drop(unsafe { ptr::take(config) }));
}

/// Changes the configuration of a builder.
///
/// # Safety
///
/// `config` is NULL or a live builder that nobody else uses meanwhile.
unsafe fn change(
    config: *mut ossmpu_config,
    set: impl FnOnce(&mut Config) -> Result<()>,
) -> Result<()> {
    let call = ();
    // SAFETY: the caller promises it.
    let builder = unsafe { ptr::borrow_mut(config, &call, "config") }?;
    builder.set(|settings| set(&mut settings.config))
}
