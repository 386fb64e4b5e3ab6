//! One object made in parts: initiate, make the parts, complete; on failure, clean up.

use std::sync::Arc;

use super::clean_up::clean_up;
use super::complete::Ending;
use super::destination::Destination;
use super::parallel::{Bounds, PartWork, make_parts};
use super::part::Whole;
use super::plan::Parts;
use super::progress::{Meter, Reporter};
use super::source::expect_crc64;
use super::workers::Workers;
use super::{SentPart, UploadOptions, Uploaded};
use crate::client::{AfterSent, CallContext, Caller};
use crate::error::{Error, Result};
use crate::model::{BucketName, ObjectHeaders, ObjectKey, UploadId};
use crate::ops::InitiateMultipartUpload;
use crate::runtime::{Cancel, Deadline};

/// What is made, and within which bounds.
pub(super) struct Multipart<'a> {
    pub(super) caller: &'a Arc<Caller>,
    pub(super) workers: &'a Workers,
    pub(super) bucket: &'a BucketName,
    pub(super) key: &'a ObjectKey,
    pub(super) options: &'a UploadOptions,
    /// Those of the options, or of the source of a copy.
    pub(super) headers: &'a ObjectHeaders,
    /// Leaves the parts on OSS when the upload fails.
    pub(super) keep_parts: bool,
    pub(super) stop: &'a Cancel,
    pub(super) deadline: Deadline,
}

impl Multipart<'_> {
    /// Makes the object out of an upload; `expected_crc64` is what it must have before it is
    /// completed, and `work` makes the parts.
    pub(super) fn run(
        &self,
        destination: &Destination,
        parts: Parts,
        expected_crc64: Option<u64>,
        work: impl FnOnce(Arc<Meter>) -> Arc<dyn PartWork>,
    ) -> Result<Uploaded> {
        let meter = Arc::new(Meter::new(Some(parts.count() as u64), Some(parts.size())));
        let made = self.make(work(Arc::clone(&meter)), parts, &meter);
        let (whole, sent) = made
            .and_then(|sent| Ok((whole_of(&sent, expected_crc64)?, sent)))
            .map_err(|error| self.give_up(destination, error))?;
        let uploaded = self.complete(destination, whole, &sent)?;
        Ok(Uploaded { bytes_resumed: meter.snapshot().bytes_resumed, ..uploaded })
    }

    pub(super) fn initiate(&self) -> Result<Destination> {
        let request = initiation(self.bucket, self.key, self.headers, self.options);
        let initiated = initiate(self.caller, &request, self.stop, self.deadline)?;
        let destination = self.destination(initiated.upload_id);
        Ok(Destination { may_have_twin: initiated.may_have_twin, ..destination })
    }

    /// The upload of that ID.
    pub(super) fn destination(&self, upload_id: UploadId) -> Destination {
        Destination {
            bucket: self.bucket.clone(),
            key: self.key.clone(),
            upload_id,
            headers: self.headers.clone(),
            integrity: self.options.integrity,
            may_have_twin: false,
            is_taken_up: false,
            complete_all: self.options.complete_all,
        }
    }

    fn make(
        &self,
        work: Arc<dyn PartWork>,
        parts: Parts,
        meter: &Arc<Meter>,
    ) -> Result<Vec<SentPart>> {
        let reporter = Reporter::new(self.options.progress.as_ref(), meter);
        let bounds = Bounds {
            parts,
            parallelism: self.options.parallelism(),
            hedging: self.options.hedging(),
            stop: self.stop.clone(),
            deadline: self.deadline,
        };
        let sent = make_parts(work, bounds, self.workers, meter, &reporter)?;
        reporter.report()?;
        Ok(sent)
    }

    pub(super) fn complete(
        &self,
        destination: &Destination,
        whole: Whole,
        sent: &[SentPart],
    ) -> Result<Uploaded> {
        let ending = Ending {
            caller: self.caller,
            destination,
            parts: sent,
            whole,
            cancel: self.stop,
            deadline: self.deadline,
        };
        ending.complete().map_err(|failed| {
            if failed.open {
                return self.give_up(destination, failed.error);
            }
            failed.error.with_upload_may_exist(destination.may_have_twin)
        })
    }

    /// The error of an upload that failed, after its parts were kept or taken back.
    pub(super) fn give_up(&self, destination: &Destination, error: Error) -> Error {
        let error = error.with_upload_may_exist(destination.may_have_twin);
        if self.keep_parts {
            return error.with_upload_id(destination.upload_id.as_str()).with_parts_left(true);
        }
        self.clean_up(destination, error)
    }

    pub(super) fn clean_up(&self, destination: &Destination, error: Error) -> Error {
        clean_up(self.caller, destination, self.caller.abort_budget(), error)
    }
}

/// What begins an upload with those options.
pub(super) fn initiation(
    bucket: &BucketName,
    key: &ObjectKey,
    headers: &ObjectHeaders,
    options: &UploadOptions,
) -> InitiateMultipartUpload {
    let request = InitiateMultipartUpload::new(bucket, key).with_headers(headers);
    if options.sequential { request.sequential() } else { request }
}

/// An upload that was begun.
pub(super) struct Initiated {
    pub(super) upload_id: UploadId,
    pub(super) may_have_twin: bool,
}

/// Initiates; once the request is sent, a cancel waits for its answer, so that the ID is not lost.
pub(super) fn initiate(
    caller: &Caller,
    request: &InitiateMultipartUpload,
    cancel: &Cancel,
    deadline: Deadline,
) -> Result<Initiated> {
    let context = CallContext {
        deadline,
        after_sent: AfterSent::Await(caller.abort_budget() / 2),
        ..CallContext::new(cancel)
    };
    let answer = caller
        .call(request, &context)
        .map_err(|defeat| defeat.error.with_upload_may_exist(defeat.perhaps_done))?;
    let upload_id = answer.reply.upload_id;
    let may_have_twin = answer.perhaps_done_before;
    if may_have_twin {
        caller.logger().warn(|| {
            format!("besides upload {upload_id} another may exist: an answer to Initiate was lost")
        });
    }
    Ok(Initiated { upload_id, may_have_twin })
}

/// What the parts make together; what is expected of them counts where they do not say.
pub(super) fn whole_of(sent: &[SentPart], expected_crc64: Option<u64>) -> Result<Whole> {
    let whole = Whole::of(sent);
    if let (Some(found), Some(expected)) = (whole.crc64, expected_crc64) {
        expect_crc64(expected, found)?;
    }
    Ok(Whole { crc64: whole.crc64.or(expected_crc64), ..whole })
}
