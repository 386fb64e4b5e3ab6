//! Completes an upload and determines the outcome.
//!
//! Only a fence determines an uncertain Complete: a response after which it can no longer take
//! effect. HeadObject before the fence proves nothing.

use std::sync::Arc;

use super::abort::{Fence, abort, cleanup_context, is_no_such_upload};
use super::object_attributes::attribute_mismatch;
use super::stored_object::{ExpectedObject, StoredObject, warn_of_callback};
use super::upload_target::UploadTarget;
use super::verify::{CreatedObject, VerifiedObject, not_verified};
use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::model::{ObjectHeaders, oss_header};
use crate::ops::{
    CompleteMultipartUpload, CompleteMultipartUploadResult, HeadObjectResult, ListParts,
};
use crate::runtime::{Cancel, CleanupBudget, safeguard};
use crate::service::{
    AttemptLimit, CancelPolicy, Evidence, ExpectedFailure, OperationContext, OperationError,
    OperationOutcome, ServiceClient,
};
use crate::upload::call_scope::CallScope;
use crate::upload::options::Verification;
use crate::upload::part::{ObjectChecksum, SentPart, completed, multipart_etags};
use crate::upload::progress::CallPhase;
use crate::upload::upload_result::UploadResult;
use crate::wire::ServiceError;

/// Inputs of Complete.
pub(crate) struct CompleteUpload<'a> {
    pub(crate) service: &'a ServiceClient,
    pub(crate) target: &'a UploadTarget,
    pub(crate) parts: &'a [SentPart],
    pub(crate) checksum: ObjectChecksum,
    pub(crate) scope: &'a CallScope,
    pub(crate) cleanup_budget: &'a Arc<CleanupBudget>,
    /// Evidence of the Completes in earlier calls.
    pub(crate) earlier: Evidence,
    /// The headers of those whose outcome is uncertain, as far as they may be others.
    pub(crate) earlier_headers: &'a [ObjectHeaders],
}

/// Complete did not create the object, or its outcome is unknown.
pub(crate) struct NotCompleted {
    pub(crate) error: Error,
    /// Evidence of all Completes of the upload.
    pub(crate) evidence: Evidence,
    /// The upload still exists, as far as is known.
    pub(crate) is_open: bool,
}

impl CompleteUpload<'_> {
    /// Sends Complete and returns when its outcome is known, or cannot be determined without
    /// aborting the upload.
    pub(crate) fn complete(&self) -> Result<UploadResult, NotCompleted> {
        self.scope.enter(CallPhase::Complete);
        let mut evidence = self.earlier;
        let mut first_error: Option<Error> = None;
        let mut requests = 0;
        loop {
            let failed = match self.send_complete() {
                Ok(outcome) => return self.verified(outcome.output),
                Err(failed) => failed,
            };
            let is_refused = !evidence.may_have_taken_effect() && is_only_refused(&failed);
            evidence = evidence.join(failed.evidence);
            requests += failed.error.attempts();
            let is_gone = is_no_such_upload(&failed.error);
            let may_help = is_worth_another_attempt(&failed);
            let error = first_error.unwrap_or(failed.error).with_attempts(requests);
            if !evidence.may_have_taken_effect() {
                return Err(self.not_completed(error, evidence, true));
            }
            // While ListParts shows the upload, another Complete does no harm.
            match if is_gone { Ok(false) } else { self.is_listed() } {
                Ok(false) => return self.determine_by_object(error),
                // Its own object, made by a second copy of the request, would have ended the upload.
                Ok(true) if is_refused => {
                    let error = error.with_object_exists(ObjectExists::No);
                    return Err(self.not_completed(error, Evidence::NoEffect, true));
                }
                Ok(true) if may_help && self.back_off(requests, &error) => {
                    first_error = Some(error);
                }
                Ok(true) => return Err(self.not_completed(error, evidence, true)),
                Err(cause) => {
                    self.service.logger().warn(|| {
                        format!("the outcome of Complete could not be determined: {cause}")
                    });
                    return Err(self.not_completed(error, evidence, true));
                }
            }
        }
    }

    /// Aborts an upload whose Complete is uncertain, which determines the outcome of Complete.
    pub(crate) fn determine_by_abort(&self, uncertain: Error) -> Result<UploadResult> {
        let outcome = abort(self.service, self.target, self.scope, self.cleanup_budget);
        let parts_left = outcome.failure.is_some();
        if let Some(cause) = outcome.failure {
            self.service.logger().warn(|| format!("abort failed: {cause}"));
        }
        let result = match outcome.fence {
            Some(Fence::Aborted) => Err(uncertain.with_object_exists(ObjectExists::No)),
            Some(Fence::NoSuchUpload) => {
                self.determine_by_object(uncertain).map_err(|failed| failed.error)
            }
            None => Err(uncertain.into_unknown()),
        };
        result.map_err(|error| error.with_parts_left(parts_left))
    }

    fn send_complete(
        &self,
    ) -> Result<OperationOutcome<CompleteMultipartUploadResult>, OperationError> {
        let UploadTarget { bucket, key, upload_id, headers, .. } = self.target;
        let request = if self.target.complete_all {
            CompleteMultipartUpload::all(bucket, key, upload_id)
        } else {
            CompleteMultipartUpload::new(bucket, key, upload_id, completed(self.parts))
        }
        .with_headers(headers);
        let context = OperationContext {
            deadline: self.scope.deadline,
            cancel_policy: CancelPolicy::AwaitResponse(self.cleanup_budget),
            ..OperationContext::new(&self.scope.cancel)
        };
        self.service.execute(&request, &context)
    }

    /// Compares the object that OSS reports with what was sent.
    fn verified(
        &self,
        response: CompleteMultipartUploadResult,
    ) -> Result<UploadResult, NotCompleted> {
        let UploadTarget { bucket, key, headers, verification, .. } = self.target;
        let created = CreatedObject {
            bucket,
            key,
            headers,
            checksum: self.checksum,
            etag: response.etag.as_ref(),
            etags: multipart_etags(self.parts),
            crc64: response.crc64,
            version_id: response.version_id.as_deref(),
        };
        let cancel = self.scope.cancel.shielded();
        let context = self.outcome_context(&cancel);
        let verified = created
            .verify(*verification, self.service, &context)
            .map_err(|error| self.wrong_object(error))?;
        let VerifiedObject { crc64, is_verified, found } = verified;
        let attributes = self.target.attributes();
        if self.target.is_attached && !attributes.are_not_shown(key) {
            let found = match found {
                Some(found) => Ok(Some(found)),
                None => created.find(self.service, &context),
            };
            let found = found.map_err(|error| self.wrong_object(error))?;
            let differing = found.and_then(|found| attributes.mismatch(key, &found));
            if let Some(name) = differing {
                return Err(self.wrong_object(attribute_mismatch(&name)));
            }
        }
        Ok(UploadResult {
            crc64,
            verified: is_verified,
            etag: response.etag,
            version_id: response.version_id,
            location: response.location,
            request_id: response.request_id,
            callback_body: response.callback_body,
            callback_error: response.callback_error.map(|error| self.with_upload_id(error)),
            ..self.result()
        })
    }

    /// Complete was successful, but the object is not what was sent.
    fn wrong_object(&self, error: Error) -> NotCompleted {
        let error = error.with_operation("CompleteMultipartUpload");
        let error = self.with_upload_id(error).with_object_exists(ObjectExists::Yes);
        let error = error.with_upload_may_exist(self.target.may_have_orphan);
        NotCompleted { error, evidence: Evidence::TookEffect, is_open: false }
    }

    /// Determines the outcome with HeadObject: the upload is gone, so no Complete can still take
    /// effect.
    fn determine_by_object(&self, error: Error) -> Result<UploadResult, NotCompleted> {
        let cancel = self.scope.cancel.shielded();
        let etags = multipart_etags(self.parts);
        let expected = ExpectedObject::of_upload(self.target, self.checksum, etags);
        match expected.find(self.service, &self.outcome_context(&cancel)) {
            Ok(StoredObject::Ours(object)) => {
                self.service
                    .logger()
                    .info(|| "the response to Complete was lost; the object exists".to_owned());
                match self.differing_header() {
                    None => self.resolved_by_head(*object),
                    Some(name) => {
                        let text = format!("the object may have the {name} of an earlier Complete");
                        let error = Error::new(ErrorKind::Integrity, text).with_argument(name);
                        Err(self.wrong_object(error))
                    }
                }
            }
            Ok(StoredObject::Absent) => {
                let error = error.with_object_exists(ObjectExists::No);
                Err(self.not_completed(error, Evidence::NoEffect, false))
            }
            Ok(StoredObject::Other) => {
                Err(self.not_completed(error.into_unknown(), Evidence::Uncertain, false))
            }
            Err(cause) => {
                self.service
                    .logger()
                    .warn(|| format!("the outcome of Complete could not be determined: {cause}"));
                Err(self.not_completed(error.into_unknown(), Evidence::Uncertain, false))
            }
        }
    }

    /// Returns a header of Complete, which HeadObject does not show, that was another one in an
    /// earlier call which may have created the object.
    fn differing_header(&self) -> Option<&'static str> {
        COMPLETION_HEADERS.into_iter().find(|name| {
            let value = |headers: &ObjectHeaders| {
                let mut fields = headers.set_fields();
                fields.find(|(found, _)| found == name).map(|(_, value)| value.to_owned())
            };
            let ours = value(&self.target.headers);
            self.earlier_headers.iter().any(|earlier| value(earlier) != ours)
        })
    }

    /// The result for an object that HeadObject shows.
    fn resolved_by_head(&self, object: HeadObjectResult) -> Result<UploadResult, NotCompleted> {
        let verified = object.crc64.is_some() && object.crc64 == self.checksum.crc64;
        if !verified && self.target.verification == Verification::Required {
            return Err(self.wrong_object(not_verified()));
        }
        warn_of_callback(&self.target.headers, self.service);
        Ok(UploadResult {
            etag: Some(object.etag),
            crc64: object.crc64,
            verified,
            version_id: object.version_id,
            request_id: object.request_id,
            ..self.result()
        })
    }

    /// Returns whether ListParts shows the upload.
    fn is_listed(&self) -> Result<bool> {
        let UploadTarget { bucket, key, upload_id, headers, .. } = self.target;
        let list = ListParts::new(bucket, key, upload_id).with_headers(headers).with_max_parts(1);
        let cancel = self.scope.cancel.shielded();
        match self.service.execute(&list, &self.outcome_context(&cancel)) {
            Ok(_) => Ok(safeguard!(Fence, true)),
            Err(failed) if is_no_such_upload(&failed.error) => Ok(false),
            Err(failed) => Err(failed.error),
        }
    }

    /// The context of requests that determine the outcome. Until a cancellation each request has
    /// the abort timeout; a cancellation starts the cleanup budget, which the later ones share.
    fn outcome_context<'c>(&'c self, shielded: &'c Cancel) -> OperationContext<'c> {
        if self.scope.cancel.is_triggered() || self.cleanup_budget.has_started() {
            return cleanup_context(shielded, self.cleanup_budget.start());
        }
        OperationContext {
            deadline: self.cleanup_budget.next_request(),
            attempts: AttemptLimit::Deadline,
            cancel_policy: CancelPolicy::AwaitResponse(self.cleanup_budget),
            expected_failure: ExpectedFailure::NotFound,
            ..OperationContext::new(&self.scope.cancel)
        }
    }

    fn back_off(&self, attempts: u32, cause: &Error) -> bool {
        let CallScope { cancel, deadline, .. } = self.scope;
        self.service.back_off(attempts, cause, cancel, *deadline)
    }

    fn not_completed(&self, error: Error, evidence: Evidence, is_open: bool) -> NotCompleted {
        let error = self.with_upload_id(error);
        let error = if is_open && evidence.may_have_taken_effect() {
            let may_help = error.kind() != ErrorKind::Canceled;
            error.with_retryable(may_help)
        } else {
            error
        };
        NotCompleted { error, evidence, is_open }
    }

    fn with_upload_id(&self, error: Error) -> Error {
        error.with_upload_id(self.target.upload_id.as_str())
    }

    fn result(&self) -> UploadResult {
        UploadResult {
            size: self.checksum.size,
            parts: u16::try_from(self.parts.len()).unwrap_or(u16::MAX),
            upload_id: Some(self.target.upload_id.clone()),
            upload_may_exist: self.target.may_have_orphan,
            ..UploadResult::default()
        }
    }
}

/// What only Complete sends. The variables of a callback are not among them: they may be others in
/// each call.
pub(super) const COMPLETION_HEADERS: [&str; 2] = [oss_header::ACL, oss_header::CALLBACK];

/// OSS refused the first Complete that it received, because the object exists.
fn is_only_refused(failed: &OperationError) -> bool {
    let error = &failed.error;
    let exists = matches!(error.oss_code(), Some("FileAlreadyExists" | "FileImmutable"));
    let is_own = exists && error.http_status() == Some(409) && error.request_id().is_some();
    is_own && !failed.earlier_attempts.may_have_taken_effect()
}

/// Another attempt would be refused with the same 3xx or 4xx. After a lost response, a 5xx, a 2xx
/// that cannot be used or a 404 page of a proxy it may succeed.
fn is_worth_another_attempt(failed: &OperationError) -> bool {
    let status = failed.error.http_status();
    let is_page = status == Some(404) && failed.error.oss_code() == Some(ServiceError::NO_DOCUMENT);
    is_page || status.is_none_or(|status| !(300..500).contains(&status))
}
