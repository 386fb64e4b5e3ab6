//! Aborts the upload of a handle.

use std::sync::Arc;

use super::{MultipartUpload, PhaseGuard, SharedUpload, UploadPhase};
use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::limits;
use crate::runtime::{Cancel, CleanupBudget, Deadline, IgnorePoison};
use crate::service::Evidence;
use crate::upload::call_scope::CallScope;
use crate::upload::lifecycle::abort::{Fence, abort, cleanup_context};
use crate::upload::lifecycle::stored_object::{ExpectedObject, StoredObject};
use crate::upload::part::{ObjectChecksum, multipart_etags};
use crate::upload::progress::CallPhase;

impl MultipartUpload {
    /// Aborts the upload: cancels the part calls that are running, then removes the parts that OSS
    /// has. May be called again. Of an attached upload success does not say whether another handle or
    /// process had completed it.
    ///
    /// Cannot be canceled; blocks at most for the abort timeout of the client.
    ///
    /// # Errors
    ///
    /// `State`, after or during complete; `Unknown`, when the upload is gone and an earlier complete
    /// may have created the object; otherwise the error says why the abort failed, and
    /// [`Error::parts_left`] is true unless an earlier abort was successful.
    pub fn abort(&self) -> Result<()> {
        let shared = &*self.0;
        let service = shared.engine.service();
        service.check_call().map_err(|error| self.with_upload(error))?;
        let cleanup_budget = Arc::new(CleanupBudget::new(service.abort_timeout(), Deadline::NEVER));
        let progress = shared.options.progress.as_ref();
        let scope = CallScope::new(service, &Cancel::never(), Deadline::NEVER, progress)
            .map_err(|error| self.with_upload(error))?;
        let mut guard = shared.begin_abort()?;
        shared
            .cancel_parts(&scope, cleanup_budget.start())
            .map_err(|error| shared.with_open_upload(error))?;
        let before = guard.next;
        let outcome = shared.abort(&scope, &cleanup_budget);
        // A callback may have forked.
        self.check_process()?;
        guard.next = match &outcome {
            Ok(()) => UploadPhase::Aborted,
            Err(error) if error.object_exists() == ObjectExists::Yes => UploadPhase::Completed,
            Err(_) => before,
        };
        outcome.map_err(|error| {
            let is_left = error.parts_left() && before != UploadPhase::Aborted;
            shared.target.named_in(error).with_parts_left(is_left)
        })
    }
}

impl SharedUpload {
    /// Aborts the upload. If a Complete is uncertain, Abort determines its outcome.
    fn abort(&self, scope: &CallScope, cleanup_budget: &Arc<CleanupBudget>) -> Result<()> {
        let service = self.engine.service();
        let outcome = abort(service, &self.target, scope, cleanup_budget);
        let (completes, parts) = {
            let mut state = self.lock();
            if outcome.fence == Some(Fence::Aborted) {
                state.completes = Evidence::NoEffect;
            }
            (state.completes, state.completed.clone())
        };
        if !completes.may_have_taken_effect() {
            return outcome.failure.map_or(Ok(()), |error| Err(error.with_parts_left(true)));
        }
        let unknown = |error: Error| error.into_unknown();
        if let Some(error) = outcome.failure {
            return Err(unknown(error).with_parts_left(true));
        }
        let (checksum, etags) = (ObjectChecksum::of(&parts), multipart_etags(&parts));
        let expected = ExpectedObject::of_upload(&self.target, checksum, etags);
        let cancel = scope.cancel.shielded();
        match expected.find(service, &cleanup_context(&cancel, cleanup_budget.start())) {
            Ok(StoredObject::Absent) => {
                self.lock().completes = Evidence::NoEffect;
                Ok(())
            }
            Ok(StoredObject::Ours(_)) => {
                let error = Error::new(ErrorKind::State, "the upload was completed");
                Err(error.with_object_exists(ObjectExists::Yes))
            }
            Ok(StoredObject::Other) => {
                let text = "the upload no longer exists, and another object has its key";
                Err(unknown(Error::new(ErrorKind::Service, text)))
            }
            Err(error) => Err(unknown(error)),
        }
    }

    fn begin_abort(&self) -> Result<PhaseGuard<'_>> {
        let mut state = self.lock();
        let before = state.phase;
        if before != UploadPhase::Aborted {
            state.check_open().map_err(|error| state.with_upload(error, &self.target))?;
        }
        state.phase = UploadPhase::Aborting;
        Ok(PhaseGuard { shared: self, next: before })
    }

    /// Cancels the running part calls and waits for them.
    fn cancel_parts(&self, scope: &CallScope, deadline: Deadline) -> Result<()> {
        scope.enter(CallPhase::Abort);
        let mut state = self.lock();
        for (_, cancel) in &state.in_flight {
            cancel.trigger();
        }
        while !state.in_flight.is_empty() {
            let left = deadline.left().unwrap_or_default();
            if left.is_zero() {
                let text = "a part call did not end in time; its source may be blocked";
                return Err(Error::new(ErrorKind::Timeout, text));
            }
            let waited = self.ended.wait_timeout(state, left.min(limits::PROGRESS_INTERVAL));
            drop(waited.ignore_poison());
            scope.cancel.tick();
            // A callback may have forked.
            self.engine.check_process()?;
            state = self.lock();
        }
        Ok(())
    }
}
