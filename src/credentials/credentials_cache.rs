//! Keeps what a source gave until shortly before its end; one thread asks, the others go on with
//! what there is or wait for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::fetch_context::{FetchContext, of_source, unusable};
use super::single_flight::{Outcome, SingleFlight, too_late};
use super::{Credentials, CredentialsProvider, CredentialsSource};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::sign::AccessKey;

/// The credentials of one client, fresh at every request.
#[derive(Debug)]
pub(crate) struct CredentialsCache {
    source: CredentialsSource,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<CachedCredentials>,
    /// The fetch under way.
    turn: Option<Arc<SingleFlight>>,
}

#[derive(Debug)]
struct CachedCredentials {
    credentials: Arc<Credentials>,
    /// From then on somebody should ask again.
    renew_at: Option<SystemTime>,
    /// How long a renewal that fails next is not tried again.
    pause: Duration,
}

/// What there is to do for a thread that needs credentials.
enum CacheAction {
    Use(Arc<Credentials>),
    /// Ask the source, and end the turn.
    Ask(Arc<SingleFlight>),
    /// Somebody asks already.
    Wait(Arc<SingleFlight>),
}

impl CredentialsCache {
    pub(crate) fn new(source: CredentialsSource) -> Self {
        Self { source, state: Mutex::default() }
    }

    /// The key to sign with now; `None` is anonymous. May block while the source is asked; the
    /// cancel and the deadline of the call end that, unless it is the caller's own source.
    pub(crate) fn access_key(&self, context: &FetchContext<'_>) -> Result<Option<AccessKey>> {
        match &self.source {
            CredentialsSource::Anonymous => Ok(None),
            CredentialsSource::Fixed(key) => Ok(Some(key.clone())),
            CredentialsSource::Provider(_) | CredentialsSource::Builtin(_) => {
                self.current(context).map(|credentials| Some(credentials.access_key.clone()))
            }
        }
    }

    /// Forgets a key that the service has refused; false if asking again cannot give another.
    pub(crate) fn forget(&self, refused: &AccessKey) -> bool {
        self.lock().held.take_if(|held| held.credentials.access_key == *refused);
        matches!(self.source, CredentialsSource::Provider(_) | CredentialsSource::Builtin(_))
    }

    fn current(&self, context: &FetchContext<'_>) -> Result<Arc<Credentials>> {
        loop {
            match self.part(context.clock.now())? {
                CacheAction::Use(credentials) => return Ok(credentials),
                CacheAction::Ask(turn) => return self.ask(turn, context),
                CacheAction::Wait(turn) => match turn.wait(context)? {
                    Outcome::Given(credentials) => return Ok(credentials),
                    Outcome::Failed(error) => return Err(error),
                    Outcome::Abandoned => {}
                },
            }
        }
    }

    fn part(&self, now: SystemTime) -> Result<CacheAction> {
        let mut state = self.lock();
        let good = state.held.as_ref().filter(|held| held.is_good(now));
        if let (None, Some(turn)) = (good, &state.turn) {
            return Ok(CacheAction::Wait(Arc::clone(turn)));
        }
        // Early renewal is one thread's work; the rest keep the old key meanwhile.
        if let Some(held) = good.filter(|held| state.turn.is_some() || !held.is_due(now)) {
            return Ok(CacheAction::Use(Arc::clone(&held.credentials)));
        }
        let turn = match (SingleFlight::new(), good) {
            (Ok(turn), _) => Arc::new(turn),
            (Err(_), Some(held)) => return Ok(CacheAction::Use(Arc::clone(&held.credentials))),
            (Err(error), None) => return Err(error),
        };
        state.turn = Some(Arc::clone(&turn));
        Ok(CacheAction::Ask(turn))
    }

    /// Asks the source, and says to all who wait what came of it.
    fn ask(&self, turn: Arc<SingleFlight>, context: &FetchContext<'_>) -> Result<Arc<Credentials>> {
        let mut end = FlightGuard { cached: self, turn, outcome: Outcome::Abandoned };
        let fetched = self.fetch(context);
        let now = context.clock.now();
        match fetched.and_then(|credentials| CachedCredentials::new(credentials, now)) {
            Ok(held) => {
                let credentials = Arc::clone(&held.credentials);
                self.lock().held = Some(held);
                end.outcome = Outcome::Given(Arc::clone(&credentials));
                Ok(credentials)
            }
            Err(error) if error.kind() == ErrorKind::Canceled => self.good_or(error, now),
            Err(error) if context.deadline.has_passed() => {
                self.good_or(too_late().with_source(error), now)
            }
            Err(error) => {
                if let Some(old) = &mut self.lock().held {
                    old.postpone(now);
                }
                end.outcome = Outcome::Failed(error.clone());
                self.good_or(error, now)
            }
        }
    }

    /// What is held, as long as it is good: then a renewal that failed does not matter yet.
    fn good_or(&self, error: Error, now: SystemTime) -> Result<Arc<Credentials>> {
        match self.lock().held.as_ref().filter(|held| held.is_good(now)) {
            Some(held) => Ok(Arc::clone(&held.credentials)),
            None => Err(error),
        }
    }

    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        match &self.source {
            CredentialsSource::Provider(provider) => provided(&**provider),
            CredentialsSource::Builtin(named) => {
                let fetched = named.source.fetch(&context.bounded());
                fetched.map_err(|error| of_source(named.name(), error))
            }
            CredentialsSource::Anonymous | CredentialsSource::Fixed(_) => {
                Err(Error::internal("a fixed source is not asked"))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CachedCredentials {
    fn new(credentials: Credentials, now: SystemTime) -> Result<Self> {
        let renew_at = match credentials.expires {
            None => None,
            Some(end) => {
                let life = end.duration_since(now).unwrap_or_default();
                if life.is_zero() {
                    return Err(unusable("the source gave credentials that have already expired"));
                }
                end.checked_sub((life / 5).min(limits::CREDENTIALS_REFRESH_AHEAD))
            }
        };
        let pause = limits::CREDENTIALS_BACKOFF_BASE;
        Ok(Self { credentials: Arc::new(credentials), renew_at, pause })
    }

    fn is_good(&self, now: SystemTime) -> bool {
        self.credentials.expires.is_none_or(|end| now < end)
    }

    fn is_due(&self, now: SystemTime) -> bool {
        self.renew_at.is_some_and(|at| at <= now)
    }

    /// After a renewal that failed.
    fn postpone(&mut self, now: SystemTime) {
        self.renew_at = now.checked_add(self.pause);
        self.pause = (self.pause * 2).min(limits::CREDENTIALS_BACKOFF_CAP);
    }
}

/// Ends a turn whatever happens, be it a panic of the caller's source.
struct FlightGuard<'a> {
    cached: &'a CredentialsCache,
    turn: Arc<SingleFlight>,
    outcome: Outcome,
}

impl Drop for FlightGuard<'_> {
    fn drop(&mut self) {
        self.cached.lock().turn = None;
        self.turn.end(self.outcome.clone());
    }
}

fn provided(provider: &dyn CredentialsProvider) -> Result<Credentials> {
    provider.fetch().map_err(|cause| {
        let value = cause.downcast_ref::<Error>().and_then(Error::callback_value);
        unusable("the credentials provider failed").with_callback_value(value).with_source(cause)
    })
}

#[cfg(test)]
mod tests;
