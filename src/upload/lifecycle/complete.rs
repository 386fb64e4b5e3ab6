//! The end of an upload: Complete, verified, and resolved when its answer is lost.
//!
//! Complete is the one request that may not be blindly repeated: if its answer was lost, the object
//! may exist already and the upload ID is gone. OSS is asked for both before it is called a failure.

use std::time::Duration;

use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::ops::{
    CompleteMultipartUpload, CompleteMultipartUploadResult, HeadObject, HeadObjectResult, ListParts,
};
use crate::runtime::{Cancel, Deadline};
use crate::service::{CallContext, CallError, CancelPolicy, ServiceClient};
use crate::upload::lifecycle::abort::is_gone;
use crate::upload::lifecycle::upload_target::UploadTarget;
use crate::upload::options::Integrity;
use crate::upload::part::SentPart;
use crate::upload::part::{Whole, completed};
use crate::upload::upload_result::UploadResult;

/// What Complete is to do, and within which bounds.
pub(crate) struct CompleteUpload<'a> {
    pub(crate) service: &'a ServiceClient,
    pub(crate) target: &'a UploadTarget,
    pub(crate) parts: &'a [SentPart],
    pub(crate) whole: Whole,
    pub(crate) cancel: &'a Cancel,
    pub(crate) deadline: Deadline,
}

/// Complete did not make the object, or it is not known whether it did.
pub(crate) struct NotCompleted {
    pub(crate) error: Error,
    /// The upload is still there, as far as is known.
    pub(crate) open: bool,
}

/// What OSS says of the upload after a Complete whose answer was lost.
enum Resolution {
    Object(Box<HeadObjectResult>),
    OpenUpload,
    Neither,
}

impl CompleteUpload<'_> {
    pub(crate) fn complete(&self) -> Result<UploadResult, NotCompleted> {
        let mut last: Option<Error> = None;
        let mut attempt = 0;
        let mut requests = 0;
        loop {
            attempt += 1;
            let mut failed = match self.send_complete() {
                Ok(reply) => return self.verified(reply),
                Err(failed) => failed,
            };
            requests += failed.error.attempts();
            failed.error = failed.error.with_attempts(requests);
            // The ID is gone after a Complete whose outcome is open, of this call or of an earlier
            // one that was killed: that may be its work.
            let open = last.is_some() || self.target.is_attached;
            let may_be_done = failed.may_have_taken_effect || open && is_gone(&failed);
            if !may_be_done {
                return Err(self.refused(failed));
            }
            let sent_once = last.is_none() && !failed.may_have_taken_effect;
            let cause = last.unwrap_or(failed.error).with_attempts(requests);
            match self.resolve_outcome() {
                Ok(Resolution::Object(object)) => return self.resolved_by_head(*object),
                Ok(Resolution::OpenUpload) if self.may_repeat(attempt, &cause) => {
                    last = Some(cause)
                }
                Ok(Resolution::OpenUpload) => return Err(self.still_open(cause)),
                Ok(Resolution::Neither) if sent_once => return Err(self.gone(cause)),
                Ok(Resolution::Neither) => return Err(self.unknown(&cause, false)),
                Err(unclear) => {
                    self.service.logger().warn(|| format!("Complete is not resolved: {unclear}"));
                    return Err(self.unknown(&cause, true));
                }
            }
        }
    }

    fn send_complete(&self) -> Result<CompleteMultipartUploadResult, CallError> {
        let UploadTarget { bucket, key, upload_id, headers, .. } = self.target;
        let request = if self.target.complete_all {
            CompleteMultipartUpload::all(bucket, key, upload_id)
        } else {
            CompleteMultipartUpload::new(bucket, key, upload_id, completed(self.parts))
        }
        .with_headers(headers);
        let context = CallContext {
            deadline: self.deadline,
            cancel_policy: CancelPolicy::Await(self.half_budget()),
            ..CallContext::new(self.cancel)
        };
        self.service.call(&request, &context).map(|outcome| outcome.output)
    }

    /// Compares the object that OSS has with what was sent.
    fn verified(&self, reply: CompleteMultipartUploadResult) -> Result<UploadResult, NotCompleted> {
        let crc64 = reply.crc64.or_else(|| self.crc64_of_object(reply.version_id.as_deref()));
        self.check_crc64(crc64)?;
        Ok(UploadResult {
            etag: reply.etag,
            crc64,
            version_id: reply.version_id,
            location: reply.location,
            request_id: reply.request_id,
            callback_body: reply.callback_body,
            callback_error: reply.callback_error.map(|error| self.with_upload_id(error)),
            ..self.uploaded()
        })
    }

    /// What the reply leaves out, as it may when a callback has failed, the object itself says.
    fn crc64_of_object(&self, version_id: Option<&str>) -> Option<u64> {
        let wanted = self.target.integrity.contains(Integrity::CRC64);
        self.whole.crc64.filter(|_| wanted)?;
        let object = self.head(version_id).ok()?;
        object.crc64.filter(|_| object.size == self.whole.size)
    }

    fn check_crc64(&self, theirs: Option<u64>) -> Result<(), NotCompleted> {
        if !self.target.integrity.contains(Integrity::CRC64) {
            return Ok(());
        }
        match (self.whole.crc64, theirs) {
            (Some(ours), Some(theirs)) if ours != theirs => {
                let text = format!("the CRC-64 of the object is {ours} here and {theirs} at OSS");
                let error = self.with_upload_id(Error::new(ErrorKind::Integrity, text));
                Err(NotCompleted {
                    error: error.with_object_exists(ObjectExists::Yes),
                    open: false,
                })
            }
            (Some(_), Some(_)) => Ok(()),
            _ => {
                self.service.logger().warn(|| {
                    "CompleteMultipartUpload: the CRC-64 of the object was not compared".to_owned()
                });
                Ok(())
            }
        }
    }

    /// The answer was lost, but the object is there and is ours.
    fn resolved_by_head(&self, object: HeadObjectResult) -> Result<UploadResult, NotCompleted> {
        self.service
            .logger()
            .info(|| "the answer to Complete was lost; the object is there".to_owned());
        Ok(UploadResult {
            etag: Some(object.etag),
            crc64: object.crc64,
            version_id: object.version_id,
            request_id: object.request_id,
            ..self.uploaded()
        })
    }

    /// Asks OSS for the upload first: while it is there, Complete has not happened.
    fn resolve_outcome(&self) -> Result<Resolution> {
        let UploadTarget { bucket, key, upload_id, headers, .. } = self.target;
        let list = ListParts::new(bucket, key, upload_id).with_headers(headers).with_max_parts(1);
        let cancel = Cancel::never();
        match self.service.call(&list, &self.resolving(&cancel)) {
            Ok(_) => return Ok(Resolution::OpenUpload),
            Err(failed) if is_gone(&failed) => {}
            Err(failed) => return Err(failed.error),
        }
        let object = match self.head(None) {
            Ok(object) => object,
            Err(error) if HeadObject::says_absent(&error) => return Ok(Resolution::Neither),
            Err(error) => return Err(error),
        };
        let same = object.size == self.whole.size
            && object.crc64.is_some()
            && object.crc64 == self.whole.crc64;
        Ok(if same { Resolution::Object(Box::new(object)) } else { Resolution::Neither })
    }

    /// Asks for that version, or if it has no name for the present one.
    fn head(&self, version_id: Option<&str>) -> Result<HeadObjectResult> {
        let UploadTarget { bucket, key, headers, .. } = self.target;
        let mut request = HeadObject::new(bucket, key).with_headers(headers);
        if let Some(version_id) = version_id {
            request = request.with_version(version_id);
        }
        let cancel = Cancel::never();
        let outcome = self.service.call(&request, &self.resolving(&cancel))?;
        Ok(outcome.output)
    }

    /// Looking is part of the end of the upload, not of what was cancelled.
    fn resolving<'a>(&self, cancel: &'a Cancel) -> CallContext<'a> {
        let deadline = Deadline::after(self.half_budget());
        CallContext { deadline, expects_not_found: true, ..CallContext::new(cancel) }
    }

    /// Complete is sent again only when OSS has shown that the upload is still there, and then as
    /// often and after such pauses as any other request.
    fn may_repeat(&self, attempt: u32, cause: &Error) -> bool {
        self.service.back_off(attempt, cause, self.cancel, self.deadline)
    }

    fn refused(&self, failed: CallError) -> NotCompleted {
        let open = !is_gone(&failed);
        NotCompleted { error: self.with_upload_id(failed.error), open }
    }

    /// The upload was gone before Complete was sent for the first time, and it is no object.
    fn gone(&self, error: Error) -> NotCompleted {
        NotCompleted { error: self.with_upload_id(error), open: false }
    }

    fn still_open(&self, error: Error) -> NotCompleted {
        let may_help = error.kind() != ErrorKind::Canceled;
        NotCompleted { error: self.with_upload_id(error).with_retryable(may_help), open: true }
    }

    fn unknown(&self, cause: &Error, open: bool) -> NotCompleted {
        let error = self.with_upload_id(cause.clone().into_indeterminate());
        NotCompleted { error: error.with_parts_left(open), open: false }
    }

    fn with_upload_id(&self, error: Error) -> Error {
        error.with_upload_id(self.target.upload_id.as_str())
    }

    fn uploaded(&self) -> UploadResult {
        UploadResult {
            size: self.whole.size,
            parts: u16::try_from(self.parts.len()).unwrap_or(u16::MAX),
            upload_id: Some(self.target.upload_id.clone()),
            ..UploadResult::default()
        }
    }

    /// A cancelled Complete is awaited for one half of the clean-up's budget and resolved in the
    /// other.
    fn half_budget(&self) -> Duration {
        self.service.abort_budget() / 2
    }
}
