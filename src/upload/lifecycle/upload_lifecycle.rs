//! Runs one multipart upload: Initiate, the parts, Complete, and Abort after a failure.

use std::sync::Arc;
use std::time::SystemTime;

use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::model::{BucketName, ObjectHeaders, ObjectKey, UploadId};
use crate::ops::InitiateMultipartUpload;
use crate::runtime::{CleanupBudget, safeguard};
use crate::service::{CancelPolicy, Evidence, OperationContext, ServiceClient};
use crate::upload::call_scope::CallScope;
use crate::upload::lifecycle::abort::abort_after_error;
use crate::upload::lifecycle::complete::CompleteUpload;
use crate::upload::lifecycle::upload_target::UploadTarget;
use crate::upload::options::UploadOptions;
use crate::upload::part::ObjectChecksum;
use crate::upload::part::SentPart;
use crate::upload::progress::{CallPhase, Meter, Progress};
use crate::upload::schedule::part_scheduler::{PartUploader, ScheduleOptions, upload_parts};
use crate::upload::schedule::part_tracker::Hedging;
use crate::upload::schedule::plan::Parts;
use crate::upload::schedule::workers::Workers;
use crate::upload::source::upload_source::expect_crc64;
use crate::upload::upload_result::UploadResult;

/// Inputs of one multipart upload.
pub(crate) struct UploadLifecycle<'a> {
    pub(crate) service: &'a Arc<ServiceClient>,
    pub(crate) workers: &'a Workers,
    pub(crate) bucket: &'a BucketName,
    pub(crate) key: &'a ObjectKey,
    pub(crate) options: &'a UploadOptions,
    /// The headers of the options; for a copy also those of the source.
    pub(crate) headers: &'a ObjectHeaders,
    /// Leaves the parts on OSS when the upload fails.
    pub(crate) keep_parts: bool,
    pub(crate) scope: &'a CallScope,
    /// Bounds the requests that end the upload.
    pub(crate) cleanup_budget: Arc<CleanupBudget>,
}

impl UploadLifecycle<'_> {
    /// Sends the parts with the uploader and completes the upload. Fails before Complete if the parts do
    /// not have `expected_crc64` together.
    pub(crate) fn run(
        &self,
        target: &UploadTarget,
        parts: Parts,
        expected_crc64: Option<u64>,
        earlier: Evidence,
        before_complete: impl FnOnce() -> Result<()>,
        uploader: impl FnOnce(Arc<Meter>) -> Arc<dyn PartUploader>,
    ) -> Result<UploadResult> {
        let meter = self.scope.meter();
        meter.set_totals(parts.count() as u64, parts.size());
        let uploaded = self
            .upload(uploader(Arc::clone(meter)), parts)
            .and_then(|sent| Ok((object_checksum(&sent, expected_crc64)?, sent)))
            .and_then(|sent| before_complete().map(|()| sent))
            .map_err(|error| self.keep_or_abort_after(earlier, target, error))
            .and_then(|(checksum, sent)| self.complete(target, checksum, &sent, earlier));
        let progress = meter.snapshot();
        let uploaded = uploaded.map_err(|error| error.with_throttled_ms(progress.throttled_ms))?;
        let Progress { bytes_resumed, bytes_sent, throttled_ms, .. } = progress;
        Ok(UploadResult { bytes_resumed, bytes_sent, throttled_ms, ..uploaded })
    }

    pub(crate) fn initiate(&self) -> Result<UploadTarget> {
        self.scope.enter(CallPhase::Initiate);
        let request = initiate_request(self.bucket, self.key, self.headers, self.options);
        let initiated = initiate(self.service, &request, self.scope, &self.cleanup_budget)?;
        let Initiated { upload_id, may_have_orphan, time } = initiated;
        let target = self.target(upload_id);
        Ok(UploadTarget { may_have_orphan, initiated: time, ..target })
    }

    /// Returns the target for that upload ID.
    pub(crate) fn target(&self, upload_id: UploadId) -> UploadTarget {
        UploadTarget {
            bucket: self.bucket.clone(),
            key: self.key.clone(),
            upload_id,
            headers: self.headers.clone(),
            initiated_with: self.headers.clone(),
            initiated: None,
            integrity: self.options.integrity,
            verification: self.options.verification(),
            may_have_orphan: false,
            is_attached: false,
            // A copy that takes effect late may have replaced a part: only the list detects that.
            complete_all: self.options.complete_all
                && !safeguard!(ListedParts, self.options.is_delta()),
        }
    }

    fn upload(&self, uploader: Arc<dyn PartUploader>, parts: Parts) -> Result<Vec<SentPart>> {
        self.scope.enter(CallPhase::Send);
        let options = ScheduleOptions {
            parts,
            parallelism: self.options.parallelism(),
            hedging: if self.options.hedging() { Hedging::LastParts } else { Hedging::Never },
            cancel: self.scope.cancel.clone(),
            deadline: self.scope.deadline,
            logger: self.service.logger().clone(),
        };
        let sent = upload_parts(uploader, options, self.workers, self.scope.meter())?;
        self.scope.report()?;
        Ok(sent)
    }

    pub(crate) fn complete(
        &self,
        target: &UploadTarget,
        checksum: ObjectChecksum,
        sent: &[SentPart],
        earlier: Evidence,
    ) -> Result<UploadResult> {
        let complete = CompleteUpload {
            service: self.service,
            target,
            parts: sent,
            checksum,
            scope: self.scope,
            cleanup_budget: &self.cleanup_budget,
            earlier,
            // A checkpoint with others is not resumed.
            earlier_headers: &[],
        };
        complete.complete().or_else(|failed| {
            let error = failed.error.with_upload_may_exist(target.may_have_orphan);
            match (failed.is_open, failed.evidence.may_have_taken_effect()) {
                (true, false) => Err(self.keep_or_abort(target, error)),
                (true, true) if self.keep_parts => Err(error.into_unknown().with_parts_left(true)),
                (true, true) => complete.determine_by_abort(error),
                (false, _) => Err(error),
            }
        })
    }

    /// Ends a failed upload: keeps its parts or aborts it. Returns the error with what is left.
    pub(crate) fn keep_or_abort(&self, target: &UploadTarget, error: Error) -> Error {
        if error.kind() == ErrorKind::Forked {
            // The parent process continues the upload.
            return error;
        }
        let error = error.with_upload_may_exist(target.may_have_orphan);
        if self.keep_parts {
            return error.with_upload_id(target.upload_id.as_str()).with_parts_left(true);
        }
        self.abort_after_error(target, error)
    }

    /// Ends a failed upload for which an earlier process may have sent Complete, which may still
    /// take effect.
    fn keep_or_abort_after(&self, earlier: Evidence, target: &UploadTarget, error: Error) -> Error {
        let error = self.keep_or_abort(target, error);
        if earlier.may_have_taken_effect() {
            return error.with_object_exists(ObjectExists::Unknown);
        }
        error
    }

    pub(crate) fn abort_after_error(&self, target: &UploadTarget, error: Error) -> Error {
        abort_after_error(self.service, target, self.scope, &self.cleanup_budget, error)
    }
}

/// Creates the Initiate request.
pub(crate) fn initiate_request(
    bucket: &BucketName,
    key: &ObjectKey,
    headers: &ObjectHeaders,
    options: &UploadOptions,
) -> InitiateMultipartUpload {
    InitiateMultipartUpload::new(bucket, key)
        .with_headers(headers)
        .with_sequential(options.sequential)
}

/// An upload that was initiated.
pub(crate) struct Initiated {
    pub(crate) upload_id: UploadId,
    /// An earlier attempt may have started another upload, whose ID was lost.
    pub(crate) may_have_orphan: bool,
    /// The service's clock.
    pub(crate) time: Option<SystemTime>,
}

/// Initiates. Once the request is sent, a cancellation waits for its response, so that the ID is
/// not lost.
pub(crate) fn initiate(
    service: &ServiceClient,
    request: &InitiateMultipartUpload,
    scope: &CallScope,
    cleanup_budget: &Arc<CleanupBudget>,
) -> Result<Initiated> {
    let context = OperationContext {
        deadline: scope.deadline,
        cancel_policy: CancelPolicy::AwaitResponse(cleanup_budget),
        ..OperationContext::new(&scope.cancel)
    };
    let outcome = service.execute(request, &context)?;
    let upload_id = outcome.output.upload_id;
    let may_have_orphan =
        safeguard!(OrphanedUpload, outcome.earlier_attempts.may_have_taken_effect());
    if may_have_orphan {
        service.logger().warn(|| {
            format!("besides upload {upload_id} another may exist: a response to Initiate was lost")
        });
    }
    let time = outcome.output.headers.date();
    Ok(Initiated { upload_id, may_have_orphan, time })
}

/// Returns the size and combined CRC-64 of the parts; the expected CRC-64 if a part has none.
pub(crate) fn object_checksum(
    sent: &[SentPart],
    expected_crc64: Option<u64>,
) -> Result<ObjectChecksum> {
    let checksum = ObjectChecksum::of(sent);
    if let (Some(found), Some(expected)) = (checksum.crc64, expected_crc64) {
        expect_crc64(expected, found)?;
    }
    Ok(ObjectChecksum { crc64: checksum.crc64.or(expected_crc64), ..checksum })
}
