//! A whole object: plan, send, complete; on failure, clean up.

use std::sync::Arc;
use std::time::Duration;

use super::clean_up::clean_up;
use super::complete::Ending;
use super::destination::Destination;
use super::parallel::{Transfer, no_descriptor, send_parts};
use super::plan::{Parts, Plan};
use super::progress::{InlineObserver, Meter, Reporter};
use super::source::{Source, md5_of};
use super::workers::Workers;
use super::{Integrity, UploadOptions, Uploaded};
use crate::client::{AfterSent, CallContext, Caller};
use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::model::{BucketName, ObjectKey};
use crate::ops::{InitiateMultipartUpload, PutObject};
use crate::runtime::{Cancel, Deadline};

/// One whole-object upload.
pub(super) struct Put<'a> {
    pub(super) caller: &'a Arc<Caller>,
    pub(super) workers: &'a Workers,
    pub(super) bucket: &'a BucketName,
    pub(super) key: &'a ObjectKey,
    pub(super) options: &'a UploadOptions,
}

impl Put<'_> {
    /// Uploads the source and returns when OSS has acknowledged the object, or when nothing of it
    /// is left but what the error says.
    pub(super) fn run(&self, source: Source, cancel: &Cancel) -> Result<Uploaded> {
        self.caller.check_process()?;
        cancel.check_process()?;
        let deadline = self.options.deadline.map_or(Deadline::NEVER, Deadline::after);
        let stop = cancel.child().map_err(|cause| no_descriptor(&cause))?;
        match Plan::new(source.length(), self.options)? {
            Plan::Single => self.put_single(&source, &stop, deadline),
            Plan::Parts(parts) => self.put_parts(source, parts, &stop, deadline),
        }
    }

    /// One PutObject, on the caller's thread.
    fn put_single(&self, source: &Source, stop: &Cancel, deadline: Deadline) -> Result<Uploaded> {
        let size = source.length();
        let body = source.body(0, size);
        let integrity = self.options.integrity;
        let mut request = PutObject::new(self.bucket, self.key).with_headers(&self.options.headers);
        if integrity.contains(Integrity::MD5) {
            request = request.with_content_md5(*md5_of(&body)?.as_bytes());
        }
        let meter = Meter::new(0, size);
        let reporter = Reporter::new(self.options.progress.as_ref(), &meter);
        let observer = InlineObserver { reporter: &reporter, stop };
        let context = CallContext {
            deadline,
            check_crc64: integrity.contains(Integrity::CRC64),
            observer: Some(&observer),
            ..CallContext::new(stop)
        };
        let answer = match self.caller.call(&request.with_body(body), &context) {
            Ok(answer) => answer,
            Err(defeat) => {
                let error = reporter.explain(defeat.error);
                let perhaps = defeat.perhaps_done && error.kind() != ErrorKind::Integrity;
                let exists = if perhaps { ObjectExists::Unknown } else { ObjectExists::No };
                return Err(error.with_object_exists(exists));
            }
        };
        source
            .check_unchanged()
            .map_err(|e| e.with_operation("PutObject").with_object_exists(ObjectExists::Yes))?;
        meter.part_done(size);
        // The object is there: a callback that asks to stop now has nothing left to stop.
        let _ = reporter.report();
        let reply = answer.reply;
        Ok(Uploaded {
            etag: reply.etag,
            size,
            crc64: reply.crc64,
            version_id: reply.version_id,
            request_id: reply.request_id,
            callback_body: reply.callback_body,
            callback_error: reply.callback_error,
            ..Uploaded::default()
        })
    }

    fn put_parts(
        &self,
        source: Source,
        parts: Parts,
        stop: &Cancel,
        deadline: Deadline,
    ) -> Result<Uploaded> {
        let destination = self.initiate(stop, deadline)?;
        let meter = Arc::new(Meter::new(parts.count() as u64, parts.size()));
        let reporter = Reporter::new(self.options.progress.as_ref(), &meter);
        let transfer = Transfer {
            caller: Arc::clone(self.caller),
            destination: destination.clone(),
            meter: Arc::clone(&meter),
            stop: stop.clone(),
            deadline,
        };
        let sent = send_parts(transfer, self.workers, source, parts, self.options, &reporter)
            .and_then(|sent| reporter.report().map(|()| sent))
            .map_err(|error| self.give_up(&destination, error))?;
        let ending = Ending {
            caller: self.caller,
            destination: &destination,
            parts: &sent,
            cancel: stop,
            deadline,
        };
        ending.complete().map_err(|failed| {
            if failed.open { self.give_up(&destination, failed.error) } else { failed.error }
        })
    }

    fn initiate(&self, stop: &Cancel, deadline: Deadline) -> Result<Destination> {
        let request =
            InitiateMultipartUpload::new(self.bucket, self.key).with_headers(&self.options.headers);
        let upload_id = initiate(self.caller, &request, stop, deadline)?;
        Ok(Destination {
            bucket: self.bucket.clone(),
            key: self.key.clone(),
            upload_id,
            headers: self.options.headers.clone(),
            integrity: self.options.integrity,
        })
    }

    fn give_up(&self, destination: &Destination, error: Error) -> Error {
        if self.options.keep_parts {
            return error.with_upload_id(destination.upload_id.as_str()).with_parts_left(true);
        }
        clean_up(self.caller, destination, self.caller.abort_budget(), error)
    }
}

/// Initiates; once the request is sent, a cancel waits for its answer, so that the ID is not lost.
pub(super) fn initiate(
    caller: &Caller,
    request: &InitiateMultipartUpload,
    cancel: &Cancel,
    deadline: Deadline,
) -> Result<crate::model::UploadId> {
    let half_budget: Duration = caller.abort_budget() / 2;
    let context = CallContext {
        deadline,
        after_sent: AfterSent::Await(half_budget),
        ..CallContext::new(cancel)
    };
    match caller.call(request, &context) {
        Ok(answer) => Ok(answer.reply.upload_id),
        Err(defeat) => Err(defeat.error.with_upload_may_exist(defeat.perhaps_done)),
    }
}
