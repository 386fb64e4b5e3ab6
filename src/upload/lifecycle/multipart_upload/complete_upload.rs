//! Completes the upload of a handle.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{MultipartUpload, PhaseGuard, SharedUpload, UploadPhase, UploadState};
use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::limits;
use crate::model::ObjectHeaders;
use crate::runtime::{Cancel, CleanupBudget, safeguard};
use crate::service::{Evidence, OperationContext};
use crate::upload::call_scope::CallScope;
use crate::upload::lifecycle::abort::{is_no_such_upload, or_completed};
use crate::upload::lifecycle::complete::CompleteUpload;
use crate::upload::lifecycle::upload_target::UploadTarget;
use crate::upload::option_conflicts::CallKind;
use crate::upload::options::UploadOptions;
use crate::upload::part::{ObjectChecksum, SentPart};
use crate::upload::upload_result::UploadResult;

impl MultipartUpload {
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
    /// match, or with complete-all when OSS does not have a known part as it was sent (a delta upload
    /// may leave that to OSS: `Service`); `Unknown`, when the object may exist; and those of
    /// CompleteMultipartUpload.
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
}

impl SharedUpload {
    fn complete(
        &self,
        target: &UploadTarget,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        cancel.check_process()?;
        let service = self.engine.service();
        service
            .check_call()
            .and_then(|()| options.check_for(CallKind::StepByStep))
            .map_err(|error| self.with_upload(error))?;
        let parts = self.begin_complete()?;
        let mut guard = PhaseGuard { shared: self, next: UploadPhase::Open };
        let (deadline, progress) = (options.deadline(), options.progress.as_ref());
        let outcome = CallScope::new(service, cancel, deadline, progress)
            .map_err(|error| self.with_open_upload(error))
            .and_then(|scope| {
                let outcome = self.complete_parts(target, parts, &scope);
                outcome.map_err(|error| scope.explain(error))
            });
        // A callback may have forked.
        self.engine.check_process()?;
        guard.next = match &outcome {
            Ok(_) => UploadPhase::Completed,
            Err(error) if error.object_exists() == ObjectExists::Yes => UploadPhase::Completed,
            Err(_) => UploadPhase::Open,
        };
        outcome
    }

    /// Returns the parts that are known.
    fn begin_complete(&self) -> Result<Vec<SentPart>> {
        let mut state = self.lock();
        let checked = state.check_open().and_then(|()| match state.in_flight.first() {
            None => Ok(()),
            Some((number, _)) => {
                let error = Error::new(ErrorKind::State, "the part is still being sent");
                Err(error.with_part(number.get()))
            }
        });
        checked.map_err(|error| state.with_upload(error, &self.target))?;
        state.phase = UploadPhase::Completing;
        Ok(state.parts.values().cloned().collect())
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
                let error = if target.is_attached { or_completed(error) } else { error };
                self.with_open_upload(error).with_parts_left(is_left)
            })?;
        let earlier_headers = self.lock().begin_complete(&parts, &target.headers);
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
            earlier_headers: &earlier_headers,
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
}

impl UploadState {
    /// Records that a Complete is sent. Returns the headers of those that are uncertain.
    fn begin_complete(
        &mut self,
        parts: &[SentPart],
        headers: &ObjectHeaders,
    ) -> Vec<ObjectHeaders> {
        if !self.completes.may_have_taken_effect() {
            self.completed_with.clear();
        }
        let earlier = self.completed_with.clone();
        self.completed_with.push(headers.clone());
        self.completed = parts.to_vec();
        // A callback may unwind the call before the outcome is known.
        self.completes = Evidence::Uncertain;
        earlier
    }

    /// Returns the parts that OSS has. A part that this handle sent keeps the CRC-64 of the bytes
    /// sent.
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
