//! A fetch by one thread whose outcome other threads wait for.

use std::sync::{Arc, Mutex};

use super::fetch_context::FetchContext;
use super::source::Credentials;
use crate::error::{Error, Result};
use crate::runtime::{Event, IgnorePoison, Wake};

/// A fetch in progress.
#[derive(Debug)]
pub(super) struct SingleFlight {
    /// Set when there is an outcome.
    done: Event,
    outcome: Mutex<Option<FetchOutcome>>,
}

/// The outcome of a fetch.
#[derive(Debug, Clone)]
pub(super) enum FetchOutcome {
    Fetched(Arc<Credentials>),
    Failed(Error),
    /// The fetching call was canceled or its deadline passed, which says nothing about the source.
    Abandoned,
}

impl SingleFlight {
    pub(super) fn new() -> Result<Self> {
        let done = Event::new().map_err(|cause| Error::no_descriptor(&cause))?;
        Ok(Self { done, outcome: Mutex::new(None) })
    }

    /// Sets the outcome and wakes the waiting threads.
    pub(super) fn complete(&self, outcome: FetchOutcome) {
        *self.outcome.lock().ignore_poison() = Some(outcome);
        self.done.set();
    }

    /// Waits for the outcome until the call is canceled or its deadline passes.
    pub(super) fn wait(&self, context: &FetchContext<'_>) -> Result<FetchOutcome> {
        match context.cancel.wait_for_event(&self.done, context.deadline) {
            Wake::Canceled => Err(Error::canceled()),
            Wake::TimedOut => Err(deadline_passed()),
            Wake::Ready | Wake::Failed(_) => {
                let outcome = self.outcome.lock().ignore_poison();
                Ok(outcome.clone().unwrap_or(FetchOutcome::Abandoned))
            }
        }
    }
}

/// Creates the error of a call whose deadline passed during a fetch.
pub(super) fn deadline_passed() -> Error {
    Error::deadline_passed().with_context("waiting for credentials")
}
