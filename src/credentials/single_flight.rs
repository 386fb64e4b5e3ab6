//! One fetch that several threads wait for: one of them makes it, all of them learn how it went.

use std::sync::{Arc, Mutex, PoisonError};

use super::fetch_context::FetchContext;
use super::source::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::runtime::{Event, Interest, Wake};

/// A fetch under way.
#[derive(Debug)]
pub(super) struct SingleFlight {
    /// Set once there is an outcome.
    done: Event,
    outcome: Mutex<Option<Outcome>>,
}

/// How a fetch went.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    Given(Arc<Credentials>),
    Failed(Error),
    /// The call that made it was cancelled or late, which says nothing about the source.
    Abandoned,
}

impl SingleFlight {
    pub(super) fn new() -> Result<Self> {
        let done = Event::new().map_err(|cause| {
            Error::new(ErrorKind::Unsupported, "no file descriptor is left").with_io(&cause)
        })?;
        Ok(Self { done, outcome: Mutex::new(None) })
    }

    /// Wakes all who wait.
    pub(super) fn end(&self, outcome: Outcome) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.done.set();
    }

    /// Waits as long as the call may: for the outcome of somebody else's fetch.
    pub(super) fn wait(&self, context: &FetchContext<'_>) -> Result<Outcome> {
        let done = Some((self.done.descriptor(), Interest::Read));
        match context.cancel.wait_for(done, context.deadline) {
            Wake::Canceled => Err(Error::canceled()),
            Wake::TimedOut => Err(too_late()),
            Wake::Ready => {
                let outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(outcome.clone().unwrap_or(Outcome::Abandoned))
            }
        }
    }
}

/// The call has no time left for credentials.
pub(super) fn too_late() -> Error {
    let text = "the deadline of the call has passed while it waited for credentials";
    Error::new(ErrorKind::Timeout, text)
}
