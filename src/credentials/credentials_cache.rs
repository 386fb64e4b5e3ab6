//! Caches the credentials of a source and refreshes them before they expire. One thread fetches;
//! the others use the cached credentials or wait.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use super::fetch_context::{FetchContext, of_source, unusable};
use super::single_flight::{FetchOutcome, SingleFlight, deadline_passed};
use super::{Credentials, CredentialsProvider, CredentialsSource};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::platform::{ForkGuard, ThreadId};
use crate::runtime::IgnorePoison;
use crate::sign::AccessKey;

/// The credentials of one client.
#[derive(Debug)]
pub(crate) struct CredentialsCache {
    source: CredentialsSource,
    /// Workers do not fetch; the threads that make calls do.
    is_fetched_by_callers: bool,
    state: Mutex<CacheState>,
}

#[derive(Debug, Default)]
struct CacheState {
    cached: Option<CachedCredentials>,
    /// The fetch in progress.
    flight: Option<Arc<SingleFlight>>,
    fetching_thread: Option<ThreadId>,
    /// The fetch is wanted by a worker and waits for a thread that makes a call.
    is_unclaimed: bool,
}

#[derive(Debug)]
struct CachedCredentials {
    credentials: Arc<Credentials>,
    /// When to refresh.
    refresh_at: Option<SystemTime>,
    /// The delay after the next failed refresh.
    backoff: Duration,
}

/// How a thread gets credentials from the cache.
enum CacheAction {
    Use(Arc<Credentials>),
    /// Fetch from the source and complete the flight.
    Fetch(Arc<SingleFlight>),
    /// Wait for the fetch of another thread.
    Wait(Arc<SingleFlight>),
}

impl CredentialsCache {
    pub(crate) fn new(source: CredentialsSource) -> Self {
        Self { source, is_fetched_by_callers: false, state: Mutex::default() }
    }

    /// Lets only threads that make calls run a [`CredentialsProvider`].
    #[must_use]
    pub(crate) fn fetched_by_callers(self, on: bool) -> Self {
        let is_provider = matches!(self.source, CredentialsSource::Provider(_));
        Self { is_fetched_by_callers: on && is_provider, ..self }
    }

    /// True if workers wait for threads that make calls; these must call
    /// [`CredentialsCache::serve_workers`] during their waits.
    pub(crate) fn is_fetched_by_callers(&self) -> bool {
        self.is_fetched_by_callers
    }

    /// Fetches what a worker waits for.
    pub(crate) fn serve_workers(&self, context: &FetchContext<'_>) {
        if self.lock().is_unclaimed {
            // The worker gets the outcome.
            let _ = self.current(context);
        }
    }

    /// Returns the key to sign with; `None` means anonymous. May block during a fetch, which
    /// cancellation and the deadline of the call end unless the source is a
    /// [`CredentialsProvider`].
    pub(crate) fn access_key(&self, context: &FetchContext<'_>) -> Result<Option<AccessKey>> {
        match &self.source {
            CredentialsSource::Anonymous => Ok(None),
            CredentialsSource::Fixed(key) => Ok(Some(key.clone())),
            CredentialsSource::Provider(_) | CredentialsSource::Builtin(_) => {
                self.current(context).map(|credentials| Some(credentials.access_key.clone()))
            }
        }
    }

    /// Drops a key that OSS has refused. Returns false if the source cannot provide another.
    pub(crate) fn invalidate(&self, refused: &AccessKey) -> bool {
        self.lock().cached.take_if(|cached| cached.credentials.access_key == *refused);
        matches!(self.source, CredentialsSource::Provider(_) | CredentialsSource::Builtin(_))
    }

    /// The thread that fetches from the source, if one does.
    pub(crate) fn fetching_thread(&self) -> Option<ThreadId> {
        self.lock().fetching_thread
    }

    fn current(&self, context: &FetchContext<'_>) -> Result<Arc<Credentials>> {
        loop {
            match self.next_action(context)? {
                CacheAction::Use(credentials) => return Ok(credentials),
                CacheAction::Fetch(flight) => return self.fetch_for_all(flight, context),
                CacheAction::Wait(flight) => match flight.wait(context)? {
                    FetchOutcome::Fetched(credentials) => return Ok(credentials),
                    FetchOutcome::Failed(error) => return Err(error),
                    FetchOutcome::Abandoned => {}
                },
            }
        }
    }

    fn next_action(&self, context: &FetchContext<'_>) -> Result<CacheAction> {
        let now = context.clock.now();
        let may_fetch = !(self.is_fetched_by_callers && context.cancel.is_for_workers());
        let mut state = self.lock();
        if may_fetch
            && std::mem::take(&mut state.is_unclaimed)
            && let Some(flight) = &state.flight
        {
            return Ok(CacheAction::Fetch(Arc::clone(flight)));
        }
        let valid = state.cached.as_ref().filter(|cached| cached.is_valid(now));
        if let (None, Some(flight)) = (valid, &state.flight) {
            return Ok(CacheAction::Wait(Arc::clone(flight)));
        }
        // One thread refreshes early; the others use the old key until then.
        if let Some(cached) =
            valid.filter(|cached| state.flight.is_some() || !cached.needs_refresh(now))
        {
            return Ok(CacheAction::Use(Arc::clone(&cached.credentials)));
        }
        let flight = match (SingleFlight::new(), valid) {
            (Ok(flight), _) => Arc::new(flight),
            (Err(_), Some(cached)) => return Ok(CacheAction::Use(Arc::clone(&cached.credentials))),
            (Err(error), None) => return Err(error),
        };
        state.flight = Some(Arc::clone(&flight));
        if may_fetch {
            return Ok(CacheAction::Fetch(flight));
        }
        state.is_unclaimed = true;
        match state.cached.as_ref().filter(|cached| cached.is_valid(now)) {
            Some(cached) => Ok(CacheAction::Use(Arc::clone(&cached.credentials))),
            None => Ok(CacheAction::Wait(flight)),
        }
    }

    /// Fetches from the source and passes the outcome to all waiting threads.
    fn fetch_for_all(
        &self,
        flight: Arc<SingleFlight>,
        context: &FetchContext<'_>,
    ) -> Result<Arc<Credentials>> {
        let mut guard = FlightGuard { cache: self, flight, outcome: FetchOutcome::Abandoned };
        self.lock().fetching_thread = Some(ThreadId::current());
        let fetched = self.fetch(context);
        let now = context.clock.now();
        match fetched.and_then(|credentials| CachedCredentials::new(credentials, now)) {
            Ok(cached) => {
                let credentials = Arc::clone(&cached.credentials);
                self.lock().cached = Some(cached);
                guard.outcome = FetchOutcome::Fetched(Arc::clone(&credentials));
                Ok(credentials)
            }
            // In a forked child, a thread that does not exist there may hold the lock.
            Err(error) if error.kind() == ErrorKind::Forked => {
                std::mem::forget(guard);
                Err(error)
            }
            Err(error) if error.kind() == ErrorKind::Canceled => self.valid_or(error, now),
            Err(error) if context.deadline.has_passed() => {
                self.valid_or(deadline_passed().with_source(error), now)
            }
            Err(error) => {
                if let Some(old) = &mut self.lock().cached {
                    old.postpone_refresh(now);
                }
                guard.outcome = FetchOutcome::Failed(error.clone());
                self.valid_or(error, now)
            }
        }
    }

    /// Returns the cached credentials if they are valid, so that a failed early refresh does no
    /// harm.
    fn valid_or(&self, error: Error, now: SystemTime) -> Result<Arc<Credentials>> {
        match self.lock().cached.as_ref().filter(|cached| cached.is_valid(now)) {
            Some(cached) => Ok(Arc::clone(&cached.credentials)),
            None => Err(error),
        }
    }

    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        match &self.source {
            CredentialsSource::Provider(provider) => fetch_from_provider(&**provider),
            CredentialsSource::Builtin(builtin) => {
                let fetched = builtin.source.fetch(&context.bounded());
                fetched.map_err(|error| of_source(builtin.name(), error))
            }
            CredentialsSource::Anonymous | CredentialsSource::Fixed(_) => {
                Err(Error::internal("a static source is never fetched"))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, CacheState> {
        self.state.lock().ignore_poison()
    }
}

impl CachedCredentials {
    fn new(credentials: Credentials, now: SystemTime) -> Result<Self> {
        let refresh_at = match credentials.expires {
            None => None,
            Some(expiry) => {
                let lifetime = expiry.duration_since(now).unwrap_or_default();
                if lifetime.is_zero() {
                    return Err(unusable("the source provided expired credentials"));
                }
                expiry.checked_sub((lifetime / 5).min(limits::CREDENTIALS_REFRESH_AHEAD))
            }
        };
        let backoff = limits::CREDENTIALS_BACKOFF_BASE;
        Ok(Self { credentials: Arc::new(credentials), refresh_at, backoff })
    }

    fn is_valid(&self, now: SystemTime) -> bool {
        self.credentials.expires.is_none_or(|expiry| now < expiry)
    }

    fn needs_refresh(&self, now: SystemTime) -> bool {
        self.refresh_at.is_some_and(|at| at <= now)
    }

    /// Schedules the next refresh after a failed one.
    fn postpone_refresh(&mut self, now: SystemTime) {
        self.refresh_at = now.checked_add(self.backoff);
        self.backoff = (self.backoff * 2).min(limits::CREDENTIALS_BACKOFF_CAP);
    }
}

/// Completes the flight on drop, also when a provider panics.
struct FlightGuard<'a> {
    cache: &'a CredentialsCache,
    flight: Arc<SingleFlight>,
    outcome: FetchOutcome,
}

impl Drop for FlightGuard<'_> {
    fn drop(&mut self) {
        let mut state = self.cache.lock();
        state.flight = None;
        state.fetching_thread = None;
        drop(state);
        self.flight.complete(self.outcome.clone());
    }
}

fn fetch_from_provider(provider: &dyn CredentialsProvider) -> Result<Credentials> {
    let process = ForkGuard::current();
    let fetched = provider.fetch();
    process.check_after_callback()?;
    fetched.map_err(|cause| {
        let value = cause.downcast_ref::<Error>().and_then(Error::callback_value);
        unusable("the credentials provider failed")
            .with_callback_value(value)
            .with_source(cause)
            .with_cause_in_text()
    })
}

#[cfg(test)]
mod tests;
