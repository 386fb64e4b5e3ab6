//! Credentials from a callback.

use std::error::Error as StdError;
use std::ffi::{c_int, c_void};
use std::time::{Duration, SystemTime};

use super::callback::Callback;
use super::entry_point::guard_status;
use super::handle;
use super::text::Text;
use crate::{AccessKey, Credentials, CredentialsProvider, Error, ErrorKind, Result};

/// The place where a credentials callback puts its credentials. Valid during
/// the callback.
#[derive(Debug, Default)]
pub struct ossmpu_credentials(Option<Result<Credentials>>);

const _: () = handle::assert_sized::<ossmpu_credentials>();

/// Returns credentials. Called when the client has none, before they expire,
/// and when OSS reports that they have expired. Call ossmpu_credentials_set on
/// out and return 0. Any other value fails the call that needs the credentials
/// with OSSMPU_ECREDENTIALS. It may run on any thread (see
/// OSSMPU_CONFIG_CALLBACKS_ON_CALLER), one at a time per client. Calls on the
/// client that it serves return OSSMPU_ESTATE.
pub type ossmpu_credentials_fn =
    Option<unsafe extern "C-unwind" fn(user: *mut c_void, out: *mut ossmpu_credentials) -> c_int>;

/// Sets the result of a credentials callback.
///
/// security_token is NULL for a permanent key. expires_unix is the time at which
/// the credentials expire, in seconds since 1970; 0 is never. The callback is
/// called again shortly before that time. Returns OSSMPU_OK, or OSSMPU_EINVAL
/// for a text that cannot be part of an access key; then the call that needs
/// the credentials fails, unless the callback sets valid ones.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_credentials_set(
    out: Option<&mut ossmpu_credentials>,
    access_key_id: Text<'_>,
    access_key_secret: Text<'_>,
    security_token: Text<'_>,
    expires_unix: i64,
) -> c_int {
    guard_status(|| {
        let out = handle::required(out, "out")?;
        let key = access_key(access_key_id, access_key_secret, security_token);
        let credentials = key
            .and_then(|access_key| Ok(Credentials { access_key, expires: expiry(expires_unix)? }));
        out.0 = Some(credentials.clone());
        credentials.map(|_| ())
    })
}

type CredentialsFunction =
    unsafe extern "C-unwind" fn(*mut c_void, *mut ossmpu_credentials) -> c_int;

/// A credentials callback as a provider of the Rust interface.
#[derive(Debug)]
pub(super) struct CallbackProvider(pub(super) Callback<CredentialsFunction>);

impl CredentialsProvider for CallbackProvider {
    fn fetch(&self) -> Result<Credentials, Box<dyn StdError + Send + Sync>> {
        let mut place = ossmpu_credentials::default();
        let out = &raw mut place;
        let value = self.0.run(|function, user| {
            // SAFETY: `Callback::new` was promised that it can be called with `user`; `out` is
            // live.
            unsafe { function(user, out) }
        });
        match (value, place.0) {
            (0, Some(credentials)) => Ok(credentials?),
            (0, None) => Err("the callback returned 0 without setting credentials".into()),
            _ => {
                let error = Error::new(
                    ErrorKind::Credentials,
                    format!("the credentials callback returned {value}"),
                );
                Err(error.with_callback_value(i64::from(value)).into())
            }
        }
    }
}

/// Parses an access key; the error names the text that cannot be part of one.
pub(super) fn access_key(id: Text<'_>, secret: Text<'_>, token: Text<'_>) -> Result<AccessKey> {
    let id = id.required("access_key_id")?;
    let secret = secret.required("access_key_secret")?;
    let token = token.optional("security_token")?;
    let key = AccessKey::new(id, secret)?;
    match token {
        Some(token) => key.with_token(token),
        None => Ok(key),
    }
}

fn expiry(unix: i64) -> Result<Option<SystemTime>> {
    let refusal = || Error::invalid("expires_unix", format!("{unix} is not a valid time"));
    match u64::try_from(unix).map_err(|_| refusal())? {
        0 => Ok(None),
        seconds => {
            let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
            time.map(Some).ok_or_else(refusal)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C-unwind" fn callback(user: *mut c_void, out: *mut ossmpu_credentials) -> c_int {
        // SAFETY: the tests pass a pointer to a number.
        let wanted = unsafe { *user.cast::<c_int>() };
        if wanted == 1 {
            // SAFETY: `out` is valid during the callback.
            let out = unsafe { out.as_mut() };
            let (id, secret, token) = (Some(c"id").into(), Some(c"s").into(), None.into());
            return ossmpu_credentials_set(out, id, secret, token, 60);
        }
        wanted
    }

    fn fetch(mut wanted: c_int) -> Result<Credentials, Box<dyn StdError + Send + Sync>> {
        let function: CredentialsFunction = callback;
        // SAFETY: the number outlives the provider.
        let callback = unsafe { Callback::new(Some(function), (&raw mut wanted).cast(), None) };
        CallbackProvider(callback.unwrap()).fetch()
    }

    #[test]
    fn a_callback_sets_a_key_and_its_expiry() {
        let credentials = fetch(1).unwrap();
        assert_eq!(credentials.access_key.id(), "id");
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
        assert_eq!(credentials.expires, Some(end));
    }

    #[test]
    fn missing_credentials_and_a_refusal_have_different_errors() {
        assert!(fetch(0).unwrap_err().to_string().contains("without setting credentials"));
        assert!(fetch(-3).unwrap_err().to_string().contains("returned -3"));
    }

    #[test]
    fn zero_is_never_and_times_before_1970_are_refused() {
        assert_eq!(expiry(0).unwrap(), None);
        for bad in [-1, i64::MIN] {
            assert_eq!(expiry(bad).unwrap_err().argument(), Some("expires_unix"));
        }
    }
}
