//! What ends a call early, and its progress.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::runtime::{Cancel, Deadline, Tick};
use crate::service::ServiceClient;
use crate::upload::progress::{CallPhase, Meter, ProgressCallback, Reporter};

/// The cancel token, the deadline and the progress of one call.
#[derive(Debug, Clone)]
pub(crate) struct CallScope {
    /// A child of the caller's token that the library may trigger; for one request without a
    /// progress callback, the caller's token itself. Waits for it report the progress, so it must not be given to
    /// another thread: [`Cancel::without_ticker`].
    pub(crate) cancel: Cancel,
    pub(crate) deadline: Deadline,
    reporter: Arc<Reporter>,
}

impl CallScope {
    /// Starts the scope of a call.
    ///
    /// # Errors
    ///
    /// `Memory`, when no file descriptor is left; `Forked`, when the token belongs to the parent.
    pub(crate) fn new(
        service: &Arc<ServiceClient>,
        cancel: &Cancel,
        deadline: Deadline,
        progress: Option<&ProgressCallback>,
    ) -> Result<Self> {
        cancel.check_process()?;
        let cancel = cancel.child().map_err(|cause| Error::no_descriptor(&cause))?;
        Ok(Self::with_token(service, &cancel, deadline, progress))
    }

    /// Starts the scope of a call that sends one request after the other on the caller's thread.
    /// Without a callback it needs no descriptor.
    ///
    /// # Errors
    ///
    /// Those of [`CallScope::new`].
    pub(crate) fn for_one_request(
        service: &Arc<ServiceClient>,
        cancel: &Cancel,
        deadline: Deadline,
        progress: Option<&ProgressCallback>,
    ) -> Result<Self> {
        if progress.is_some() {
            return Self::new(service, cancel, deadline, progress);
        }
        cancel.check_process()?;
        Ok(Self::with_token(service, &cancel.without_ticker(), deadline, None))
    }

    fn with_token(
        service: &Arc<ServiceClient>,
        cancel: &Cancel,
        deadline: Deadline,
        progress: Option<&ProgressCallback>,
    ) -> Self {
        let reporter = Arc::new(Reporter::new(progress, cancel));
        let tick: Option<Arc<dyn Tick>> = if service.has_callbacks_on_caller() {
            let (service, reporter) = (Arc::clone(service), Arc::clone(&reporter));
            Some(Arc::new(CallbackTick { reporter, service, cancel: cancel.clone(), deadline }))
        } else if reporter.has_callback() {
            Some(Arc::clone(&reporter) as Arc<dyn Tick>)
        } else {
            None
        };
        let cancel = tick.map_or(cancel.clone(), |tick| cancel.with_ticker(tick));
        Self { cancel, deadline, reporter }
    }

    /// Reports the progress if it is time to. Returns an error if the call was canceled or its
    /// deadline has passed.
    pub(crate) fn check(&self) -> Result<()> {
        check(&self.cancel, self.deadline)
    }

    /// Sets the phase that the progress shows.
    pub(crate) fn enter(&self, phase: CallPhase) {
        self.meter().enter(phase);
    }

    pub(crate) fn meter(&self) -> &Arc<Meter> {
        self.reporter.meter()
    }

    /// Reports the progress now; an error if the callback cancels the call.
    pub(crate) fn report(&self) -> Result<()> {
        self.reporter.report()
    }

    /// Adds what the progress callback returned to the cancellation that it caused.
    pub(crate) fn explain(&self, error: Error) -> Error {
        self.reporter.explain(error)
    }
}

/// Runs all callbacks of a call on its thread.
struct CallbackTick {
    reporter: Arc<Reporter>,
    service: Arc<ServiceClient>,
    cancel: Cancel,
    deadline: Deadline,
}

impl Tick for CallbackTick {
    fn due(&self) -> Deadline {
        self.reporter.due()
    }

    fn tick(&self) {
        self.service.serve_workers(&self.cancel, self.deadline);
        // The credentials callback may have forked.
        if self.service.check_process().is_ok() {
            self.reporter.tick();
        }
    }
}

/// Ticks if the token has a ticker. Returns an error if the token was triggered or the deadline has
/// passed.
pub(crate) fn check(cancel: &Cancel, deadline: Deadline) -> Result<()> {
    cancel.tick();
    if cancel.is_triggered() {
        return Err(Error::canceled());
    }
    if deadline.has_passed() { Err(Error::deadline_passed()) } else { Ok(()) }
}
