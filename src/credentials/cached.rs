//! Keeps what a source gave until shortly before its end; one thread asks, the others go on with
//! what there is or wait for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::{Credentials, CredentialsProvider, CredentialsSource};
use crate::error::{Error, ErrorKind, Result};
use crate::sign::AccessKey;

/// The credentials of one client, fresh at every request.
#[derive(Debug)]
pub(crate) struct Cached {
    source: CredentialsSource,
    held: Mutex<Option<Held>>,
    /// Taken by the thread that asks the source.
    asking: Mutex<()>,
}

#[derive(Debug, Clone)]
struct Held {
    credentials: Arc<Credentials>,
    /// From then on somebody should ask again.
    renew_at: Option<SystemTime>,
}

impl Cached {
    pub(crate) fn new(source: CredentialsSource) -> Self {
        Self { source, held: Mutex::new(None), asking: Mutex::new(()) }
    }

    /// The key to sign with now; `None` is anonymous. May block while the source is asked.
    pub(crate) fn access_key(&self, now: SystemTime) -> Result<Option<AccessKey>> {
        match &self.source {
            CredentialsSource::Anonymous => Ok(None),
            CredentialsSource::Fixed(key) => Ok(Some(key.clone())),
            CredentialsSource::Provider(provider) => {
                self.provided(&**provider, now).map(|held| Some(held.access_key.clone()))
            }
        }
    }

    /// Forgets a key that the service has refused; false if asking again cannot give another.
    pub(crate) fn forget(&self, refused: &AccessKey) -> bool {
        let mut held = lock(&self.held);
        if held.as_ref().is_some_and(|held| held.credentials.access_key == *refused) {
            *held = None;
        }
        matches!(self.source, CredentialsSource::Provider(_))
    }

    fn provided(
        &self,
        provider: &dyn CredentialsProvider,
        now: SystemTime,
    ) -> Result<Arc<Credentials>> {
        let _asking = match self.usable(now) {
            (Some(good), false) => return Ok(good),
            // Early renewal is one thread's work; the rest keep the old key meanwhile.
            (Some(good), true) => match self.asking.try_lock() {
                Ok(turn) => turn,
                Err(_) => return Ok(good),
            },
            (None, _) => lock(&self.asking),
        };
        let (old, due) = self.usable(now);
        if let (Some(good), false) = (&old, due) {
            return Ok(Arc::clone(good));
        }
        match (fetch(provider, now), old) {
            (Ok(fresh), _) => {
                let credentials = Arc::clone(&fresh.credentials);
                *lock(&self.held) = Some(fresh);
                Ok(credentials)
            }
            (Err(_), Some(good)) => {
                let renew_at = now.checked_add(RETRY_RENEWAL);
                *lock(&self.held) = Some(Held { credentials: Arc::clone(&good), renew_at });
                Ok(good)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// What is held and still good, and whether it is time to renew it.
    fn usable(&self, now: SystemTime) -> (Option<Arc<Credentials>>, bool) {
        match &*lock(&self.held) {
            Some(held) if held.credentials.expires.is_none_or(|end| now < end) => {
                let due = held.renew_at.is_some_and(|at| at <= now);
                (Some(Arc::clone(&held.credentials)), due)
            }
            _ => (None, false),
        }
    }
}

fn fetch(provider: &dyn CredentialsProvider, now: SystemTime) -> Result<Held> {
    let refuse = |text: &str| Error::new(ErrorKind::Credentials, text);
    let credentials = provider.fetch().map_err(|cause| {
        let value = cause.downcast_ref::<Error>().map_or(0, Error::callback_value);
        refuse("the credentials provider failed").with_callback_value(value).with_cause(cause)
    })?;
    let renew_at = match credentials.expires {
        None => None,
        Some(end) => {
            let life = end.duration_since(now).map_err(|_| {
                refuse("the credentials provider gave credentials that have already expired")
            })?;
            end.checked_sub((life / 5).min(RENEW_BEFORE))
        }
    };
    Ok(Held { credentials: Arc::new(credentials), renew_at })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Credentials are renewed so long before they end, or in the last fifth of a short life.
const RENEW_BEFORE: Duration = Duration::from_secs(300);
/// After a renewal that failed while the old key is still good.
const RETRY_RENEWAL: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    const START: SystemTime = SystemTime::UNIX_EPOCH;

    /// Gives key 1, 2, 3 …, each good for an hour; fails when told to.
    #[derive(Default)]
    struct Counter {
        asked: AtomicU64,
        fails_from: Option<u64>,
    }

    impl CredentialsProvider for Counter {
        fn fetch(&self) -> Result<Credentials, Box<dyn std::error::Error + Send + Sync>> {
            let count = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            if self.fails_from.is_some_and(|from| count >= from) {
                return Err("the vault is closed".into());
            }
            let expires = Some(START + Duration::from_secs(3600 * count));
            Ok(Credentials { access_key: AccessKey::new(count.to_string(), "s")?, expires })
        }
    }

    fn cached(fails_from: Option<u64>) -> Cached {
        let provider = Counter { asked: AtomicU64::new(0), fails_from };
        Cached::new(CredentialsSource::Provider(Arc::new(provider)))
    }

    fn id(cached: &Cached, seconds: u64) -> String {
        let key = cached.access_key(START + Duration::from_secs(seconds)).unwrap().unwrap();
        key.id().to_owned()
    }

    #[test]
    fn a_key_is_kept_until_shortly_before_its_end() {
        let cached = cached(None);
        assert_eq!([id(&cached, 0), id(&cached, 3299)], ["1", "1"]);
        assert_eq!([id(&cached, 3300), id(&cached, 3301)], ["2", "2"]);
    }

    #[test]
    fn a_failed_early_renewal_keeps_the_old_key_and_a_late_one_is_an_error() {
        let cached = cached(Some(2));
        assert_eq!([id(&cached, 0), id(&cached, 3500)], ["1", "1"]);
        let error = cached.access_key(START + Duration::from_secs(3600)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert_eq!(error.cause(), "the vault is closed");
    }

    #[test]
    fn a_refused_key_is_fetched_anew() {
        let cached = cached(None);
        let key = cached.access_key(START).unwrap().unwrap();
        assert!(cached.forget(&key));
        assert_eq!(id(&cached, 0), "2");
    }

    #[test]
    fn a_fixed_key_cannot_be_renewed() {
        let key = AccessKey::new("id", "secret").unwrap();
        let cached = Cached::new(CredentialsSource::Fixed(key.clone()));
        assert!(!cached.forget(&key));
    }

    #[test]
    fn many_threads_ask_once() {
        let provider = Arc::new(Counter::default());
        let cached = Cached::new(CredentialsSource::Provider(Arc::clone(&provider) as _));
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| assert_eq!(id(&cached, 0), "1"));
            }
        });
        assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
    }
}
