//! The end of an upload: Complete, verified, and resolved when its answer is lost.
//!
//! Complete is the one request that may not be blindly repeated: if its answer was lost, the object
//! may exist already and the upload ID is gone. OSS is asked for both before it is called a failure.

use std::time::Duration;

use super::clean_up::is_gone;
use super::destination::Destination;
use super::part::{Whole, completed};
use super::{Integrity, SentPart, Uploaded};
use crate::client::{AfterSent, CallContext, Caller, Defeat};
use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::ops::{
    CompleteMultipartUpload, CompleteMultipartUploadResult, HeadObject, HeadObjectResult, ListParts,
};
use crate::runtime::{Cancel, Deadline};

/// What Complete is to do, and within which bounds.
pub(super) struct Ending<'a> {
    pub(super) caller: &'a Caller,
    pub(super) destination: &'a Destination,
    pub(super) parts: &'a [SentPart],
    pub(super) whole: Whole,
    pub(super) cancel: &'a Cancel,
    pub(super) deadline: Deadline,
}

/// Complete did not make the object, or it is not known whether it did.
pub(super) struct NotCompleted {
    pub(super) error: Error,
    /// The upload is still there, as far as is known.
    pub(super) open: bool,
}

/// What OSS says of the upload after a Complete whose answer was lost.
enum Found {
    Object(Box<HeadObjectResult>),
    OpenUpload,
    Neither,
}

impl Ending<'_> {
    pub(super) fn complete(&self) -> Result<Uploaded, NotCompleted> {
        let mut last: Option<Error> = None;
        let mut attempt = 0;
        let mut requests = 0;
        loop {
            attempt += 1;
            let mut defeat = match self.send_complete() {
                Ok(reply) => return self.verified(reply),
                Err(defeat) => defeat,
            };
            requests += defeat.error.attempts();
            defeat.error = defeat.error.with_attempts(requests);
            // The ID is gone after a Complete whose outcome is open, of this call or of an earlier
            // one that was killed: that may be its work.
            let open = last.is_some() || self.destination.is_taken_up;
            let may_be_done = defeat.perhaps_done || open && is_gone(&defeat);
            if !may_be_done {
                return Err(self.refused(defeat));
            }
            let sent_once = last.is_none() && !defeat.perhaps_done;
            let cause = last.unwrap_or(defeat.error).with_attempts(requests);
            match self.look() {
                Ok(Found::Object(object)) => return self.found(*object),
                Ok(Found::OpenUpload) if self.may_repeat(attempt, &cause) => last = Some(cause),
                Ok(Found::OpenUpload) => return Err(self.still_open(cause)),
                Ok(Found::Neither) if sent_once => return Err(self.gone(cause)),
                Ok(Found::Neither) => return Err(self.unknown(&cause, false)),
                Err(unclear) => {
                    self.caller.logger().warn(|| format!("Complete is not resolved: {unclear}"));
                    return Err(self.unknown(&cause, true));
                }
            }
        }
    }

    fn send_complete(&self) -> Result<CompleteMultipartUploadResult, Defeat> {
        let Destination { bucket, key, upload_id, headers, .. } = self.destination;
        let request = if self.destination.complete_all {
            CompleteMultipartUpload::all(bucket, key, upload_id)
        } else {
            CompleteMultipartUpload::new(bucket, key, upload_id, completed(self.parts))
        }
        .with_headers(headers);
        let context = CallContext {
            deadline: self.deadline,
            after_sent: AfterSent::Await(self.half_budget()),
            ..CallContext::new(self.cancel)
        };
        self.caller.call(&request, &context).map(|answer| answer.reply)
    }

    /// Compares the object that OSS has with what was sent.
    fn verified(&self, reply: CompleteMultipartUploadResult) -> Result<Uploaded, NotCompleted> {
        let crc64 = reply.crc64.or_else(|| self.crc64_of_object(&reply.version_id));
        self.check_crc64(crc64)?;
        Ok(Uploaded {
            etag: reply.etag,
            crc64,
            version_id: reply.version_id,
            location: reply.location,
            request_id: reply.request_id,
            callback_body: reply.callback_body,
            callback_error: reply.callback_error.map(|error| self.named(error)),
            ..self.uploaded()
        })
    }

    /// What the reply leaves out, as it may when a callback has failed, the object itself says.
    fn crc64_of_object(&self, version_id: &str) -> Option<u64> {
        let wanted = self.destination.integrity.contains(Integrity::CRC64);
        self.whole.crc64.filter(|_| wanted)?;
        let object = self.head(version_id).ok()?;
        object.crc64.filter(|_| object.size == self.whole.size)
    }

    fn check_crc64(&self, theirs: Option<u64>) -> Result<(), NotCompleted> {
        if !self.destination.integrity.contains(Integrity::CRC64) {
            return Ok(());
        }
        match (self.whole.crc64, theirs) {
            (Some(ours), Some(theirs)) if ours != theirs => {
                let text = format!("the CRC-64 of the object is {ours} here and {theirs} at OSS");
                let error = self.named(Error::new(ErrorKind::Integrity, text));
                Err(NotCompleted {
                    error: error.with_object_exists(ObjectExists::Yes),
                    open: false,
                })
            }
            (Some(_), Some(_)) => Ok(()),
            _ => {
                self.caller.logger().warn(|| {
                    "CompleteMultipartUpload: the CRC-64 of the object was not compared".to_owned()
                });
                Ok(())
            }
        }
    }

    /// The answer was lost, but the object is there and is ours.
    fn found(&self, object: HeadObjectResult) -> Result<Uploaded, NotCompleted> {
        self.caller
            .logger()
            .info(|| "the answer to Complete was lost; the object is there".to_owned());
        Ok(Uploaded {
            etag: Some(object.etag),
            crc64: object.crc64,
            version_id: object.version_id,
            request_id: object.request_id,
            ..self.uploaded()
        })
    }

    /// Asks OSS for the upload first: while it is there, Complete has not happened.
    fn look(&self) -> Result<Found> {
        let Destination { bucket, key, upload_id, headers, .. } = self.destination;
        let list = ListParts::new(bucket, key, upload_id).with_headers(headers).with_max_parts(1);
        let cancel = Cancel::never();
        match self.caller.call(&list, &self.looking(&cancel)) {
            Ok(_) => return Ok(Found::OpenUpload),
            Err(defeat) if is_gone(&defeat) => {}
            Err(defeat) => return Err(defeat.error),
        }
        let object = match self.head("") {
            Ok(object) => object,
            Err(error) if HeadObject::says_absent(&error) => return Ok(Found::Neither),
            Err(error) => return Err(error),
        };
        let same = object.size == self.whole.size
            && object.crc64.is_some()
            && object.crc64 == self.whole.crc64;
        Ok(if same { Found::Object(Box::new(object)) } else { Found::Neither })
    }

    /// Asks for that version, or if it has no name for the present one.
    fn head(&self, version_id: &str) -> Result<HeadObjectResult> {
        let Destination { bucket, key, headers, .. } = self.destination;
        let mut request = HeadObject::new(bucket, key).with_headers(headers);
        if !version_id.is_empty() {
            request = request.with_version(version_id);
        }
        let cancel = Cancel::never();
        let answer = self.caller.call(&request, &self.looking(&cancel))?;
        Ok(answer.reply)
    }

    /// Looking is part of the end of the upload, not of what was cancelled.
    fn looking<'a>(&self, cancel: &'a Cancel) -> CallContext<'a> {
        let deadline = Deadline::after(self.half_budget());
        CallContext { deadline, asks_whether: true, ..CallContext::new(cancel) }
    }

    /// Complete is sent again only when OSS has shown that the upload is still there, and then as
    /// often and after such pauses as any other request.
    fn may_repeat(&self, attempt: u32, cause: &Error) -> bool {
        self.caller.back_off(attempt, cause, self.cancel, self.deadline)
    }

    fn refused(&self, defeat: Defeat) -> NotCompleted {
        let open = !is_gone(&defeat);
        NotCompleted { error: self.named(defeat.error), open }
    }

    /// The upload was gone before Complete was sent for the first time, and it is no object.
    fn gone(&self, error: Error) -> NotCompleted {
        NotCompleted { error: self.named(error), open: false }
    }

    fn still_open(&self, error: Error) -> NotCompleted {
        let may_help = error.kind() != ErrorKind::Canceled;
        NotCompleted { error: self.named(error).with_retryable(may_help), open: true }
    }

    fn unknown(&self, cause: &Error, open: bool) -> NotCompleted {
        let error = self.named(cause.clone().into_unknown());
        NotCompleted { error: error.with_parts_left(open), open: false }
    }

    fn named(&self, error: Error) -> Error {
        error.with_upload_id(self.destination.upload_id.as_str())
    }

    fn uploaded(&self) -> Uploaded {
        Uploaded {
            size: self.whole.size,
            parts: u16::try_from(self.parts.len()).unwrap_or(u16::MAX),
            upload_id: Some(self.destination.upload_id.as_str().to_owned()),
            ..Uploaded::default()
        }
    }

    /// A cancelled Complete is awaited for one half of the clean-up's budget and resolved in the
    /// other.
    fn half_budget(&self) -> Duration {
        self.caller.abort_budget() / 2
    }
}
