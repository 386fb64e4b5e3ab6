//! The builder for a client.

use std::ffi::{c_int, c_void};

use super::builder::Builder;
use super::callback::{Callback, ossmpu_drop_fn};
use super::config_keys::Settings;
use super::credentials::{CallbackProvider, access_key, ossmpu_credentials_fn};
use super::entry_point::guard_status;
use super::handle;
use super::log::{self, ossmpu_log_fn};
use super::panic_boundary::guard_value;
use super::text::Text;
use crate::{Config, CredentialsSource, Result};

/// A builder for clients. One builder can create any number of clients and may
/// be freed before them.
///
/// Setters return a status and remember their first error, which
/// ossmpu_client_new returns with its message, so checking each status is
/// optional. A setter that fails changes nothing. It returns
/// OSSMPU_EUNSUPPORTED for a key of another group and for one that the loaded
/// library does not have, OSSMPU_EINVAL for a key of the other setter, and
/// OSSMPU_ESTATE while another call is using the builder. To test whether a key
/// is known, set it on a separate ossmpu_config.
#[derive(Debug)]
pub struct ossmpu_config(pub(super) Builder<Settings>);

const _: () = handle::assert_sized::<ossmpu_config>();

/// `ossmpu_config *` in C. A drop callback can reach the builder from within its own setter, so
/// this is not `&mut`.
///
/// cbindgen:ignore
pub type ConfigMut<'call> = Option<&'call ossmpu_config>;

/// Creates a builder with all defaults. NULL only after a bug in the library.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_config_new() -> Option<Box<ossmpu_config>> {
    guard_value(None, || Some(Box::new(ossmpu_config(Builder::default()))))
}

/// Sets a text: OSSMPU_CONFIG_REGION to OSSMPU_CONFIG_BIND_ADDRESS. A path
/// is any bytes, other texts are UTF-8.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_config_set_str(
    config: ConfigMut<'_>,
    key: c_int,
    value: Text<'_>,
) -> c_int {
    guard_status(|| {
        let config = handle::required(config, "config")?;
        config.0.set(|settings| match Settings::is_path(key) {
            true => settings.set_path(key, value.path_of_key(key)?),
            false => settings.set_text(key, value.of_key(key)?),
        })
    })
}

/// Sets a number: OSSMPU_CONFIG_ENDPOINT_KIND to
/// OSSMPU_CONFIG_CALLBACKS_ON_CALLER.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_config_set_int(config: ConfigMut<'_>, key: c_int, value: i64) -> c_int {
    guard_status(|| {
        let config = handle::required(config, "config")?;
        config.0.set(|settings| settings.set_number(key, value))
    })
}

/// Reads OSS_REGION, OSS_ENDPOINT, OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET
/// and OSS_SESSION_TOKEN from the environment, during this call only. Settings
/// whose variable is not set keep their value. OSSMPU_ECREDENTIALS if only one
/// half of the key pair is set.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_config_set_env(config: ConfigMut<'_>) -> c_int {
    guard_status(|| change(config, |config| config.set_env().map(|_| ())))
}

/// Sets an access key as the credentials. security_token is NULL for a permanent
/// key.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_config_set_keys(
    config: ConfigMut<'_>,
    access_key_id: Text<'_>,
    access_key_secret: Text<'_>,
    security_token: Text<'_>,
) -> c_int {
    guard_status(|| {
        let set = |config: &mut Config| {
            let key = access_key(access_key_id, access_key_secret, security_token)?;
            config.set_credentials(CredentialsSource::Fixed(key));
            Ok(())
        };
        change(config, set)
    })
}

/// Sets a callback that returns credentials. The library keeps callback and
/// user until it calls drop with user; drop may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_config_set_credentials_fn(
    config: ConfigMut<'_>,
    callback: ossmpu_credentials_fn,
    user: *mut c_void,
    drop: ossmpu_drop_fn,
) -> c_int {
    guard_status(|| {
        // SAFETY: the functions can be called with `user` on any thread (contract of `ffi`).
        let callback = unsafe { Callback::new(callback, user, drop) };
        let set = |config: &mut Config| {
            config.set_credentials_provider(CallbackProvider(callback?));
            Ok(())
        };
        change(config, set)
    })
}

/// Sets a callback that receives log lines of level (OSSMPU_LOG_*) and of all
/// more severe levels. The library keeps callback and user until it calls drop
/// with user; drop may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_config_set_log_fn(
    config: ConfigMut<'_>,
    level: c_int,
    callback: ossmpu_log_fn,
    user: *mut c_void,
    drop: ossmpu_drop_fn,
) -> c_int {
    guard_status(|| {
        // SAFETY: the functions can be called with `user` on any thread (contract of `ffi`).
        let callback = unsafe { Callback::new(callback, user, drop) };
        let set = |config: &mut Config| {
            let callback = callback?;
            config.set_log(log::parse_level(level)?, log::log_callback(callback));
            Ok(())
        };
        change(config, set)
    })
}

/// Frees a builder. NULL is a no-op. Clients created from it stay valid.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_config_free(config: Option<Box<ossmpu_config>>) {
    guard_value((), || drop(config));
}

fn change(config: ConfigMut<'_>, set: impl FnOnce(&mut Config) -> Result<()>) -> Result<()> {
    let builder = handle::required(config, "config")?;
    builder.0.set(|settings| set(&mut settings.config))
}
