//! A multipart upload step by step, by any number of the caller's own threads.

mod attached_parts;
mod copied_part;
mod delta_part;
mod part_call;
mod read_part;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::abort::{Fence, abort, cleanup_context, is_no_such_upload};
use super::complete::CompleteUpload;
use super::stored_object::{ExpectedObject, StoredObject};
use super::upload_lifecycle::{Initiated, initiate, initiate_request};
use super::upload_target::UploadTarget;
use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::limits;
use crate::model::{BucketName, ObjectKey, PartNumber, UploadId};
use crate::runtime::{
    Cancel, CleanupBudget, Condvar, Deadline, IgnorePoison, Mutex, MutexGuard, safeguard,
};
use crate::service::{Evidence, OperationContext, RateLimiter};
use crate::upload::call_scope::CallScope;
use crate::upload::engine::Engine;
use crate::upload::lifecycle::delta::delta_upload::DeltaUpload;
use crate::upload::option_conflicts::CallKind;
use crate::upload::options::UploadOptions;
use crate::upload::part::{ObjectChecksum, SentPart, multipart_etags};
use crate::upload::progress::CallPhase;
use crate::upload::upload_result::UploadResult;

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
    /// `State`, after complete or abort.
    pub fn add_part(&self, part: SentPart) -> Result<()> {
        self.check_process()?;
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

    /// Creates the object from the parts of [`MultipartUpload::sent_parts`], or with
    /// [`UploadOptions::set_complete_all`] from all parts that OSS has.
    ///
    /// If the response is lost, determines whether the object was created. After a failure the
    /// upload may be completed again or aborted, unless the error says otherwise.
    ///
    /// # Errors
    ///
    /// `Invalid`, when a part that is not the last has less than 100 KiB; `State`, while a part is
    /// being sent, and after complete or abort; `Integrity`, when the CRC-64 of the object does not
    /// match, or with complete-all when OSS does not have a known part as it was sent; `Unknown`,
    /// when the object may exist; and those of CompleteMultipartUpload.
    pub fn complete(&self, cancel: &Cancel) -> Result<UploadResult> {
        self.0.complete(&self.0.target, &self.0.options, cancel)
    }

    /// Completes with the headers, the integrity, the complete-all setting, the timeout and the
    /// progress callback of `options` instead of those that the handle was created with.
    ///
    /// # Errors
    ///
    /// Those of [`MultipartUpload::complete`].
    pub fn complete_with(&self, options: &UploadOptions, cancel: &Cancel) -> Result<UploadResult> {
        let headers = options.headers.clone();
        let (verification, complete_all) = (options.verification(), options.complete_all);
        let known = self.0.target.clone();
        let target = UploadTarget { headers, verification, complete_all, ..known };
        self.0.complete(&target, options, cancel)
    }

    /// Aborts the upload: cancels the part calls that are running, then removes the parts that OSS
    /// has. May be called again.
    ///
    /// Cannot be canceled; blocks at most for the abort timeout of the client.
    ///
    /// # Errors
    ///
    /// `State`, after or during complete; otherwise [`Error::parts_left`] is true, and the error
    /// says why the abort failed.
    pub fn abort(&self) -> Result<()> {
        self.0.engine.service().check_call()?;
        let shared = &*self.0;
        let cleanup_budget =
            Arc::new(CleanupBudget::new(shared.engine.service().abort_timeout(), Deadline::NEVER));
        let progress = shared.options.progress.as_ref();
        let scope =
            CallScope::new(shared.engine.service(), &Cancel::never(), Deadline::NEVER, progress)
                .map_err(|error| shared.still_open(error))?;
        let mut ending = shared.begin_abort()?;
        shared
            .cancel_parts(&scope, cleanup_budget.start())
            .map_err(|error| shared.still_open(error))?;
        let outcome = shared.abort(&scope, &cleanup_budget);
        // A callback may have forked.
        self.check_process()?;
        ending.next = match &outcome {
            Ok(()) => UploadPhase::Aborted,
            Err(error) if error.object_exists() == ObjectExists::Yes => UploadPhase::Completed,
            Err(_) => UploadPhase::Open,
        };
        outcome.map_err(|error| error.with_upload_id(self.upload_id().as_str()))
    }
}

impl SharedUpload {
    fn complete(
        &self,
        target: &UploadTarget,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        cancel.check_process()?;
        self.engine.service().check_call()?;
        options.check_for(CallKind::StepByStep).map_err(|error| self.still_open(error))?;
        let parts = self.begin_complete()?;
        let mut ending = EndingCall { shared: self, next: UploadPhase::Open };
        let outcome = CallScope::new(
            self.engine.service(),
            cancel,
            options.deadline(),
            options.progress.as_ref(),
        )
        .map_err(|error| self.still_open(error))
        .and_then(|scope| {
            let outcome = self.complete_parts(target, parts, &scope);
            outcome.map_err(|error| scope.explain(error))
        });
        // A callback may have forked.
        self.engine.check_process()?;
        ending.next = match &outcome {
            Ok(_) => UploadPhase::Completed,
            Err(error) if error.object_exists() == ObjectExists::Yes => UploadPhase::Completed,
            Err(_) => UploadPhase::Open,
        };
        outcome
    }

    /// Returns the parts that are known.
    fn begin_complete(&self) -> Result<Vec<SentPart>> {
        let mut state = self.lock();
        state.check_open()?;
        if let Some((number, _)) = state.in_flight.first() {
            let error = Error::new(ErrorKind::State, "the part is still being sent");
            let error = error.with_part(number.get());
            drop(state);
            return Err(self.still_open(error));
        }
        state.phase = UploadPhase::Completing;
        Ok(state.parts.values().cloned().collect())
    }

    /// Adds to the error of a call that ends the upload and has sent nothing for it what there is.
    fn still_open(&self, error: Error) -> Error {
        // In a forked child, a thread that does not exist there may hold the lock.
        if error.kind() == ErrorKind::Forked {
            return error;
        }
        let error = error
            .with_upload_id(self.target.upload_id.as_str())
            .with_parts_left(true)
            .with_upload_may_exist(self.target.may_have_orphan);
        match safeguard!(EarlierCalls, self.lock().completes).may_have_taken_effect() {
            // It may still take effect.
            true => error.with_object_exists(ObjectExists::Unknown),
            false => error,
        }
    }

    fn complete_parts(
        &self,
        target: &UploadTarget,
        known: Vec<SentPart>,
        scope: &CallScope,
    ) -> Result<UploadResult> {
        let (earlier, delta) = {
            let state = self.lock();
            (safeguard!(EarlierCalls, state.completes), state.delta.clone())
        };
        let listing = UploadTarget { complete_all: false, ..target.clone() };
        // As for a whole object: only the list detects a copy that takes effect late.
        let (target, is_list_complete) = match (&delta, target.complete_all) {
            (Some(_), is_list_complete) => (&listing, is_list_complete),
            (None, is_list_complete) => (target, is_list_complete),
        };
        let parts = if is_list_complete { self.listed(target, scope) } else { Ok(known) }
            .and_then(|parts| scope.check().map(|()| parts))
            .and_then(checked)
            .and_then(|parts| self.confirm_delta(delta.as_deref(), parts, scope))
            .map_err(|error| {
                let is_left = !is_no_such_upload(&error);
                self.still_open(error).with_parts_left(is_left)
            })?;
        {
            let mut state = self.lock();
            state.completed.clone_from(&parts);
            // A callback may unwind the call before the outcome is known.
            state.completes = Evidence::Uncertain;
        }
        let cleanup_budget =
            Arc::new(CleanupBudget::new(self.engine.service().abort_timeout(), scope.deadline));
        let complete = CompleteUpload {
            service: self.engine.service(),
            target,
            parts: &parts,
            checksum: ObjectChecksum::of(&parts),
            scope,
            cleanup_budget: &cleanup_budget,
            earlier,
        };
        let uploaded = complete.complete().map(|uploaded| {
            let bytes_sent = self.lock().bytes_sent;
            let uploaded = UploadResult { bytes_sent, ..uploaded };
            match delta {
                Some(delta) => delta.add_to(uploaded),
                None => uploaded,
            }
        });
        uploaded.map_err(|failed| {
            let mut state = self.lock();
            state.completes = failed.evidence;
            let is_uncertain = failed.is_open && failed.evidence.may_have_taken_effect();
            let error = if is_uncertain { failed.error.into_unknown() } else { failed.error };
            let is_left = failed.is_open || error.parts_left();
            error.with_parts_left(is_left).with_upload_may_exist(target.may_have_orphan)
        })
    }

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
            Ok(StoredObject::Absent) => Ok(()),
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

    /// Lists the parts at OSS, whose total size and CRC-64 are needed to verify the object.
    ///
    /// If the upload is gone, an earlier Complete may have created the object from the parts that
    /// it listed.
    fn listed(&self, target: &UploadTarget, scope: &CallScope) -> Result<Vec<SentPart>> {
        let context =
            OperationContext { deadline: scope.deadline, ..OperationContext::new(&scope.cancel) };
        let listed = target.list_parts(self.engine.service(), &context);
        let state = self.lock();
        match listed {
            Err(error) if is_no_such_upload(&error) && state.completes.may_have_taken_effect() => {
                Ok(state.completed.clone())
            }
            Ok(listed) => state.as_sent(listed),
            Err(error) => Err(error),
        }
    }

    fn begin_abort(&self) -> Result<EndingCall<'_>> {
        let mut state = self.lock();
        if state.phase != UploadPhase::Aborted {
            state.check_open()?;
        }
        state.phase = UploadPhase::Aborting;
        Ok(EndingCall { shared: self, next: UploadPhase::Open })
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

    /// The parts that OSS has, those that are known as they were sent: their CRC-64 is that of the
    /// bytes sent, not the one of those that OSS has received.
    ///
    /// An error of kind `Integrity` if OSS does not have a known part, or another in its place: an
    /// earlier attempt that takes effect late may have replaced it. In a delta upload Complete, which
    /// lists the parts, says so.
    fn as_sent(&self, listed: Vec<SentPart>) -> Result<Vec<SentPart>> {
        let mut parts: BTreeMap<_, _> =
            listed.into_iter().map(|part| (part.number, part)).collect();
        for sent in self.parts.values() {
            match parts.get_mut(&sent.number) {
                Some(there) if self.delta.is_some() => there.clone_from(sent),
                Some(there) if sent.has_bytes_of(there) => {
                    there.crc64 = sent.crc64.or(there.crc64);
                }
                Some(_) => return Err(not_as_sent(sent, "OSS has other bytes than were sent")),
                None => return Err(not_as_sent(sent, "OSS does not have the part")),
            }
        }
        Ok(parts.into_values().collect())
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
struct EndingCall<'a> {
    shared: &'a SharedUpload,
    /// The phase after the call; the upload is open if a callback unwinds it.
    next: UploadPhase,
}

impl Drop for EndingCall<'_> {
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

fn not_as_sent(sent: &SentPart, text: &str) -> Error {
    Error::new(ErrorKind::Integrity, text).with_part(sent.number.get()).with_remedy("send it again")
}

/// Returns the parts if Complete may list them. Otherwise names the part for which OSS would refuse
/// Complete, before anything is sent.
fn checked(parts: Vec<SentPart>) -> Result<Vec<SentPart>> {
    let Some((_, all_but_last)) = parts.split_last() else {
        let text = "no part is known: add the parts that were sent, or complete all that OSS has";
        return Err(Error::invalid("parts", text));
    };
    match all_but_last.iter().find(|part| part.size < limits::PART_SIZE_MIN) {
        None => Ok(parts),
        Some(part) => {
            let text =
                format!("all parts except the last have at least 100 KiB, not {}", part.size);
            Err(Error::invalid("size", text).with_part(part.number.get()))
        }
    }
}
