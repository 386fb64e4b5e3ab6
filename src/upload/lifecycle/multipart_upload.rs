//! A multipart upload step by step, by any number of the caller's own threads.

mod abort_upload;
mod attached_parts;
mod complete_upload;
mod copied_part;
mod delta_part;
mod part_call;
mod read_part;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::abort::abort_after_error;
use super::upload_lifecycle::{Initiated, initiate, initiate_request};
use super::upload_target::UploadTarget;
use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::limits;
use crate::model::{BucketName, ObjectHeaders, ObjectKey, PartNumber, UploadId};
use crate::runtime::{Cancel, CleanupBudget, Condvar, IgnorePoison, Mutex, MutexGuard, safeguard};
use crate::service::{Evidence, RateLimiter};
use crate::upload::call_scope::CallScope;
use crate::upload::engine::Engine;
use crate::upload::lifecycle::delta::delta_upload::DeltaUpload;
use crate::upload::option_conflicts::CallKind;
use crate::upload::options::UploadOptions;
use crate::upload::part::SentPart;
use crate::upload::progress::CallPhase;

/// A handle for one multipart upload, whose parts the caller sends.
///
/// It remembers the parts that were sent through it, so [`MultipartUpload::complete`] needs no
/// list. Cheap to clone; any number of threads may send parts at once. Each function that sends
/// blocks the calling thread. Dropping the handle neither completes nor aborts the upload.
#[derive(Debug, Clone)]
pub struct MultipartUpload(Arc<SharedUpload>);

#[derive(Debug)]
struct SharedUpload {
    engine: Engine,
    target: UploadTarget,
    options: UploadOptions,
    /// Limits all parts together.
    rate_limiter: Option<RateLimiter>,
    state: Mutex<UploadState>,
    /// Notified when a part call ends.
    ended: Condvar,
}

#[derive(Debug, Default)]
struct UploadState {
    phase: UploadPhase,
    parts: BTreeMap<PartNumber, SentPart>,
    /// Evidence of all Completes that were sent.
    completes: Evidence,
    /// The parts of the last Complete.
    completed: Vec<SentPart>,
    /// The headers of the Completes whose outcome is uncertain.
    completed_with: Vec<ObjectHeaders>,
    /// The running part calls, each with the token that cancels it.
    in_flight: Vec<(PartNumber, Cancel)>,
    /// The bytes that ended part calls have sent.
    bytes_sent: u64,
    /// What the delta parts share, once one was sent.
    delta: Option<Arc<DeltaUpload>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum UploadPhase {
    #[default]
    Open,
    Completing,
    Completed,
    Aborting,
    Aborted,
}

impl MultipartUpload {
    pub(crate) fn initiate_on(
        engine: &Engine,
        bucket: &BucketName,
        key: &ObjectKey,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<Self> {
        options.check_for(CallKind::StepByStep)?;
        let request = initiate_request(bucket, key, &options.headers, options);
        let scope = CallScope::new(
            engine.service(),
            cancel,
            options.deadline(),
            options.progress.as_ref(),
        )?;
        scope.enter(CallPhase::Initiate);
        let cleanup_budget =
            Arc::new(CleanupBudget::new(engine.service().abort_timeout(), scope.deadline));
        let initiated = scope
            .check()
            .and_then(|()| initiate(engine.service(), &request, &scope, &cleanup_budget))
            .map_err(|error| scope.explain(error))?;
        let Initiated { upload_id, may_have_orphan, time } = initiated;
        let target = UploadTarget {
            may_have_orphan,
            initiated: time,
            is_attached: false,
            ..attached_target(bucket, key, &upload_id, options)
        };
        if scope.cancel.is_triggered() {
            // The cancellation only waited for the upload ID.
            let error = Error::canceled().with_upload_may_exist(may_have_orphan);
            let error =
                abort_after_error(engine.service(), &target, &scope, &cleanup_budget, error);
            // A callback may have forked.
            engine.check_process()?;
            return Err(scope.explain(error));
        }
        Ok(Self::new(engine, target, options))
    }

    pub(crate) fn attach_on(
        engine: &Engine,
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &UploadId,
        options: &UploadOptions,
    ) -> Result<Self> {
        options.check_for(CallKind::StepByStep)?;
        Ok(Self::new(engine, attached_target(bucket, key, upload_id, options), options))
    }

    fn new(engine: &Engine, target: UploadTarget, options: &UploadOptions) -> Self {
        Self(Arc::new(SharedUpload {
            engine: engine.clone(),
            target,
            options: options.clone(),
            rate_limiter: RateLimiter::new(options.bytes_per_sec),
            state: Mutex::default(),
            ended: Condvar::new(),
        }))
    }

    /// Returns the upload ID.
    pub fn upload_id(&self) -> &UploadId {
        &self.0.target.upload_id
    }

    /// Adds what is known of the upload to the error of a call that did not start.
    pub(crate) fn with_upload(&self, error: Error) -> Error {
        self.0.with_upload(error)
    }

    /// True if a response to Initiate was lost, so that another upload may exist whose ID is not
    /// known. A lifecycle rule of the bucket may remove it; `list_multipart_uploads` shows it.
    pub fn upload_may_exist(&self) -> bool {
        self.0.target.may_have_orphan
    }

    /// Checks that the calling process created the handle.
    ///
    /// # Errors
    ///
    /// `Forked`, in a child of the process that created the handle.
    // In the child no lock may be waited for: a thread of the parent may hold it.
    pub fn check_process(&self) -> Result<()> {
        self.0.engine.check_process()
    }

    /// Adds a part that was sent elsewhere, by another process for example. Sends nothing.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `size`, when it exceeds 5 GiB; `State`, after complete or abort.
    pub fn add_part(&self, part: SentPart) -> Result<()> {
        self.check_process()?;
        if part.size > limits::PART_SIZE_MAX {
            let error = Error::invalid("size", "a part has at most 5 GiB");
            return Err(error.with_part(part.number.get()));
        }
        let mut state = self.0.lock();
        state.check_open()?;
        state.add(part);
        Ok(())
    }

    /// Returns the parts that were sent through this handle or added to it, by ascending number;
    /// none in a forked child. Sends nothing: [`Client::parts_iter`](crate::Client::parts_iter)
    /// lists the parts that OSS has.
    pub fn sent_parts(&self) -> Vec<SentPart> {
        if self.check_process().is_err() {
            return Vec::new();
        }
        self.0.lock().parts.values().cloned().collect()
    }
}

impl SharedUpload {
    /// Adds what is known of the upload to the error of a complete or abort that has sent nothing yet.
    fn with_open_upload(&self, error: Error) -> Error {
        // In a forked child, a thread that does not exist there may hold the lock.
        if self.engine.check_process().is_err() {
            return error;
        }
        self.lock().with_open_upload(error, &self.target)
    }

    /// The same for a call that did not start: another one may have ended the upload, or may be
    /// about to.
    fn with_upload(&self, error: Error) -> Error {
        if self.engine.check_process().is_err() {
            return error;
        }
        self.lock().with_upload(error, &self.target)
    }

    fn lock(&self) -> MutexGuard<'_, UploadState> {
        self.state.lock().ignore_poison()
    }
}

impl UploadState {
    /// Adds a part, or replaces the one of the same number.
    fn add(&mut self, part: SentPart) {
        if let Some(delta) = &self.delta {
            delta.note_overwritten(part.number);
        }
        self.parts.insert(part.number, part);
    }

    fn with_open_upload(&self, error: Error, target: &UploadTarget) -> Error {
        let error = target.named_in(error).with_parts_left(true);
        match safeguard!(EarlierCalls, self.completes).may_have_taken_effect() {
            // It may still take effect.
            true => error.with_object_exists(ObjectExists::Unknown),
            false => error,
        }
    }

    fn with_upload(&self, error: Error, target: &UploadTarget) -> Error {
        match self.phase {
            UploadPhase::Open | UploadPhase::Aborting => self.with_open_upload(error, target),
            UploadPhase::Completing => {
                let error = self.with_open_upload(error, target);
                error.with_object_exists(ObjectExists::Unknown)
            }
            UploadPhase::Completed => target.named_in(error).with_object_exists(ObjectExists::Yes),
            UploadPhase::Aborted => target.named_in(error),
        }
    }

    fn check_open(&self) -> Result<()> {
        let text = match self.phase {
            UploadPhase::Open => return Ok(()),
            UploadPhase::Completing => "the upload is being completed",
            UploadPhase::Completed => "the upload is completed",
            UploadPhase::Aborting => "the upload is being aborted",
            UploadPhase::Aborted => "the upload is aborted",
        };
        Err(Error::new(ErrorKind::State, text))
    }
}

/// A running call that ends the upload.
struct PhaseGuard<'a> {
    shared: &'a SharedUpload,
    /// The phase after the call: until the outcome is known, that before it.
    next: UploadPhase,
}

impl Drop for PhaseGuard<'_> {
    fn drop(&mut self) {
        // In a forked child, a thread that does not exist there may hold the lock.
        if self.shared.engine.check_process().is_ok() {
            self.shared.lock().phase = self.next;
        }
    }
}

fn attached_target(
    bucket: &BucketName,
    key: &ObjectKey,
    upload_id: &UploadId,
    options: &UploadOptions,
) -> UploadTarget {
    UploadTarget {
        bucket: bucket.clone(),
        key: key.clone(),
        upload_id: upload_id.clone(),
        headers: options.headers.clone(),
        initiated_with: options.headers.clone(),
        initiated: None,
        integrity: options.integrity,
        verification: options.verification(),
        complete_all: options.complete_all,
        may_have_orphan: false,
        is_attached: true,
    }
}
