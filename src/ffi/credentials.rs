//! Credentials that a callback gives.

use std::error::Error as StdError;
use std::ffi::{c_char, c_int, c_void};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::callback::User;
use super::guard::{guard_status, outside};
use super::ptr::{self, Handle};
use super::text;
use crate::{AccessKey, Credentials, CredentialsProvider, Error, ErrorKind, Result};

/// Where a credentials callback puts its answer. Valid during the callback.
pub struct ossmpu_credentials {
    _opaque: [u8; 0],
}

impl Handle for ossmpu_credentials {
    type Inner = Answer;
}

/// Is asked for credentials when there are none, when they are about to end
/// and when OSS says that they have ended. Call ossmpu_credentials_set on out
/// and return 0, or return something else: then the call that needed them
/// fails with OSSMPU_ECREDENTIALS. It may run on any thread of the library,
/// never two at a time, and must not use the client that it serves.
pub type ossmpu_credentials_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, out: *mut ossmpu_credentials) -> c_int>;

/// Answers in a credentials callback.
///
/// token is NULL for a permanent key. expires_unix is the time at which the
/// credentials end, in seconds since 1970; 0 is never. Shortly before it the
/// callback is asked again. Returns OSSMPU_OK, or OSSMPU_EINVAL for a text
/// that cannot be part of a key; then the call that needed them fails, unless
/// this is called again with better ones.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_credentials_set(
    out: *mut ossmpu_credentials,
    id: *const c_char,
    secret: *const c_char,
    token: *const c_char,
    expires_unix: i64,
) -> c_int {
    guard_status(|| {
        let call = ();
        // SAFETY: NULL or the answer that the callback was given (contract of `ffi`).
        let answer = unsafe { ptr::borrow_mut(out, &call, "out") }?;
        // SAFETY: NULL or texts that end with NUL (contract of `ffi`).
        let key = unsafe { access_key(id, secret, token, &call) };
        let read = key
            .and_then(|access_key| Ok(Credentials { access_key, expires: expiry(expires_unix)? }));
        answer.0 = Some(read.clone());
        read.map(|_| ())
    })
}

/// What the callback has answered, if it has.
#[derive(Debug, Default)]
pub(super) struct Answer(Option<Result<Credentials>>);

/// A callback as the Rust interface wants it.
pub(super) struct Provider {
    callback: unsafe extern "C" fn(*mut c_void, *mut ossmpu_credentials) -> c_int,
    user: User,
    /// Locked while it runs: two clients of one configuration may ask at once.
    running: Mutex<()>,
}

impl Provider {
    pub(super) fn new(
        callback: unsafe extern "C" fn(*mut c_void, *mut ossmpu_credentials) -> c_int,
        user: User,
    ) -> Self {
        Self { callback, user, running: Mutex::new(()) }
    }
}

impl CredentialsProvider for Provider {
    fn fetch(&self) -> Result<Credentials, Box<dyn StdError + Send + Sync>> {
        let _running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let mut answer = Answer::default();
        let out = ptr::lend(&mut answer);
        // SAFETY: the callback came with this pointer (contract of `ffi`), and the answer lives
        // until it returns.
        let value = outside(|| unsafe { (self.callback)(self.user.pointer(), out) });
        match (value, answer.0) {
            (0, Some(answer)) => Ok(answer?),
            (0, None) => Err("the callback returned 0 without an answer".into()),
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

/// Reads a key; texts that cannot be one are refused by name.
///
/// # Safety
///
/// Each text is NULL or ends with NUL, and is not changed before `call` ends.
pub(super) unsafe fn access_key(
    id: *const c_char,
    secret: *const c_char,
    token: *const c_char,
    call: &(),
) -> Result<AccessKey> {
    // SAFETY: the caller promises it.
    let id = unsafe { text::required(id, call, "access_key_id") }?;
    // SAFETY: the caller promises it.
    let secret = unsafe { text::required(secret, call, "access_key_secret") }?;
    // SAFETY: the caller promises it.
    let token = unsafe { text::optional(token, call, "security_token") }?;
    let key = AccessKey::new(id, secret)?;
    match token {
        Some(token) => key.with_token(token),
        None => Ok(key),
    }
}

fn expiry(unix: i64) -> Result<Option<SystemTime>> {
    let refuse = || Error::invalid("expires_unix", format!("this is no time to end at: {unix}"));
    match u64::try_from(unix).map_err(|_| refuse())? {
        0 => Ok(None),
        seconds => {
            let end = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
            end.map(Some).ok_or_else(refuse)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" fn answers(user: *mut c_void, out: *mut ossmpu_credentials) -> c_int {
        // SAFETY: the tests pass a pointer to a number.
        let wanted = unsafe { *user.cast::<c_int>() };
        if wanted == 1 {
            let token = std::ptr::null();
            // SAFETY: the literals end with NUL, and the answer is the one given.
            return unsafe {
                ossmpu_credentials_set(out, c"id".as_ptr(), c"s".as_ptr(), token, 60)
            };
        }
        wanted
    }

    fn fetch(mut wanted: c_int) -> Result<Credentials, Box<dyn StdError + Send + Sync>> {
        Provider::new(answers, User::borrowed((&raw mut wanted).cast())).fetch()
    }

    #[test]
    fn an_answer_is_a_key_and_its_end() {
        let credentials = fetch(1).unwrap();
        assert_eq!(credentials.access_key.id(), "id");
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
        assert_eq!(credentials.expires, Some(end));
    }

    #[test]
    fn no_answer_and_a_refusal_are_told_apart() {
        assert!(fetch(0).unwrap_err().to_string().contains("without an answer"));
        assert!(fetch(-3).unwrap_err().to_string().contains("returned -3"));
    }

    #[test]
    fn zero_is_never_and_the_past_before_1970_is_refused() {
        assert_eq!(expiry(0).unwrap(), None);
        for bad in [-1, i64::MIN] {
            assert_eq!(expiry(bad).unwrap_err().argument(), Some("expires_unix"));
        }
    }
}
