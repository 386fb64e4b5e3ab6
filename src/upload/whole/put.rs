//! A whole object from a source: in one request, or in parts.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::model::{BucketName, ETag, ObjectKey};
use crate::ops::{PutObject, PutObjectResult};
use crate::runtime::{Cancel, CleanupBudget, now, safeguard};
use crate::service::{Evidence, OperationContext, OperationError, RateLimiter, ServiceClient};
use crate::upload::call_scope::CallScope;
use crate::upload::lifecycle::checkpoint::{Checkpoint, CheckpointKey, CheckpointRecord};
use crate::upload::lifecycle::delta::delta_base::DeltaBase;
use crate::upload::lifecycle::delta::delta_upload::DeltaUpload;
use crate::upload::lifecycle::delta::manifest::Manifest;
use crate::upload::lifecycle::object_attributes::ExpectedAttributes;
use crate::upload::lifecycle::resume::{EarlierUpload, ResumedUpload, Resumption, with_checkpoint};
use crate::upload::lifecycle::stored_object::{ExpectedObject, NotBefore, warn_of_callback};
use crate::upload::lifecycle::upload_lifecycle::UploadLifecycle;
use crate::upload::lifecycle::verify::{CreatedObject, VerifiedObject, not_verified};
use crate::upload::option_conflicts::CallKind;
use crate::upload::options::{Integrity, UploadOptions, Verification};
use crate::upload::part::ObjectChecksum;
use crate::upload::progress::CallPhase;
use crate::upload::schedule::plan::{Parts, Plan};
use crate::upload::schedule::workers::Workers;
use crate::upload::source::part_md5::PartMd5s;
use crate::upload::source::upload_source::{
    Source, crc64_of, expect_crc64, expect_md5, md5_and_crc64_of, md5_of,
};
use crate::upload::upload_result::UploadResult;
use crate::upload::whole::determine::{determine, head_context, not_determined};
use crate::upload::whole::source_part::SourcePartUploader;

/// One whole-object upload.
pub(crate) struct Put<'a> {
    pub(crate) service: &'a Arc<ServiceClient>,
    pub(crate) workers: &'a Workers,
    pub(crate) bucket: &'a BucketName,
    pub(crate) key: &'a ObjectKey,
    pub(crate) options: &'a UploadOptions,
    /// The name of the source in a checkpoint; `None` for none.
    pub(crate) name: Option<&'a Path>,
}

impl Put<'_> {
    /// Names the source, a path, for its checkpoint.
    pub(crate) fn named<'a>(self, name: &'a Path) -> Put<'a>
    where
        Self: 'a,
    {
        Put { name: Some(name), ..self }
    }

    /// Uploads the source and returns when OSS has acknowledged the object. The error says what a
    /// failed upload leaves.
    pub(crate) fn run(&self, source: Source, cancel: &Cancel) -> Result<UploadResult> {
        self.service.check_call()?;
        let call = if self.name.is_some() { CallKind::File } else { CallKind::Unnamed };
        self.options.check_for(call)?;
        let progress = self.options.progress.as_ref();
        let plan = Plan::new(source.length(), self.options)?;
        let start = match plan {
            Plan::PutObject => CallScope::for_one_request,
            Plan::Parts(_) => CallScope::new,
        };
        let scope = start(self.service, cancel, self.options.deadline(), progress)?;
        self.put(source, plan, &scope).map_err(|error| scope.explain(error))
    }

    fn put(&self, source: Source, plan: Plan, scope: &CallScope) -> Result<UploadResult> {
        scope.meter().set_totals(plan.parts(), source.length());
        let checkpoint = self.lock_checkpoint(plan)?;
        let add_earlier = |error| match &checkpoint {
            Some((checkpoint, key)) => with_checkpoint(error, checkpoint, key),
            None => error,
        };
        let source = match self.options.keep_cache {
            true => source,
            false => source.with_footprint(|| scope.check()).map_err(add_earlier)?,
        };
        let expected_crc64 = self.expected_crc64(&source, plan, scope).map_err(add_earlier)?;
        let result = match plan {
            Plan::PutObject => self.put_small(&source, expected_crc64, checkpoint, scope),
            Plan::Parts(parts) => {
                let planned = PlannedSource { source: source.clone(), parts, expected_crc64 };
                self.put_parts(planned, checkpoint, scope)
            }
        };
        source.leave_cache_entirely();
        result
    }

    /// The CRC-64 that the bytes sent must have. If it takes reading the source to know that it is
    /// the expected one, it is read first: what was read must be what is sent.
    fn expected_crc64(
        &self,
        source: &Source,
        plan: Plan,
        scope: &CallScope,
    ) -> Result<Option<u64>> {
        let body = source.body(0, source.length());
        let UploadOptions { expected_md5, expected_crc64, .. } = *self.options;
        let found = match (expected_md5, expected_crc64, plan) {
            (Some(expected), ..) => {
                let (md5, crc64) = md5_and_crc64_of(&body, || scope.check())?;
                expect_md5(expected, md5)?;
                crc64
            }
            (None, Some(_), Plan::PutObject) => crc64_of(&body, || scope.check())?,
            (None, ..) => return Ok(expected_crc64),
        };
        if let Some(expected) = expected_crc64 {
            expect_crc64(expected, found)?;
        }
        Ok(Some(found))
    }

    /// Locks the checkpoint of the source. One PutObject has none of its own, only that of an
    /// earlier call, which sent the file in parts.
    fn lock_checkpoint(&self, plan: Plan) -> Result<Option<(Checkpoint, CheckpointKey)>> {
        let (Some(directory), Some(name)) = (&self.options.checkpoint_dir, self.name) else {
            return Ok(None);
        };
        let checkpoint_key = self.checkpoint_key(name)?;
        if matches!(plan, Plan::PutObject) && !Checkpoint::exists(directory, &checkpoint_key) {
            return Ok(None);
        }
        Ok(Some((Checkpoint::lock(directory, &checkpoint_key)?, checkpoint_key)))
    }

    /// One PutObject, after the upload of an earlier call is aborted.
    fn put_small(
        &self,
        source: &Source,
        expected_crc64: Option<u64>,
        checkpoint: Option<(Checkpoint, CheckpointKey)>,
        scope: &CallScope,
    ) -> Result<UploadResult> {
        let earlier = match &checkpoint {
            Some((checkpoint, key)) => {
                self.lifecycle(scope, true).abort_checkpoint(checkpoint, key)?
            }
            None => EarlierUpload::default(),
        };
        let put = self.put_object(source, expected_crc64, scope);
        let uploaded = put.map_err(|error| earlier.add_to(error))?;
        if let Some((checkpoint, _)) = checkpoint {
            checkpoint.remove();
        }
        Ok(UploadResult { upload_may_exist: earlier.may_have_orphan, ..uploaded })
    }

    /// One PutObject, on the caller's thread.
    pub(crate) fn put_single(&self, source: &Source, scope: &CallScope) -> Result<UploadResult> {
        let expected_crc64 = self.expected_crc64(source, Plan::PutObject, scope)?;
        self.put_object(source, expected_crc64, scope)
    }

    fn put_object(
        &self,
        source: &Source,
        expected_crc64: Option<u64>,
        scope: &CallScope,
    ) -> Result<UploadResult> {
        let started = now();
        let size = source.length();
        let body = source.body(0, size);
        let integrity = self.options.integrity;
        let mut request = PutObject::new(self.bucket, self.key).with_headers(&self.options.headers);
        if integrity.contains(Integrity::MD5) {
            request = request.with_content_md5(*md5_of(&body, || scope.check())?.as_bytes());
        }
        scope.meter().set_totals(0, size);
        scope.check()?;
        scope.enter(CallPhase::Send);
        let rate_limiter = RateLimiter::new(self.options.bytes_per_sec);
        let context = OperationContext {
            deadline: scope.deadline,
            check_crc64: self.options.verification() != Verification::Off,
            observer: Some(&**scope.meter()),
            rate_limiter: rate_limiter.as_ref(),
            ..OperationContext::new(&scope.cancel)
        };
        let outcome = match self.service.execute(&request.with_body(body.clone()), &context) {
            Ok(outcome) => outcome,
            Err(failed) => {
                let uncertain = failed.evidence == Evidence::Uncertain;
                if !uncertain || scope.check().is_err() {
                    return Err(failed.error);
                }
                return self.determine_put_object(failed, source, expected_crc64, scope, started);
            }
        };
        let crc64 = Some(outcome.sent.crc64);
        check_put(source, outcome.sent.crc64, expected_crc64, scope)?;
        let uploaded = self
            .verified(outcome.output, ObjectChecksum { size, crc64 }, scope)
            .map_err(wrong_object)?;
        self.finished(uploaded, size, scope)
    }

    /// Reports that the object is there.
    fn finished(
        &self,
        uploaded: UploadResult,
        size: u64,
        scope: &CallScope,
    ) -> Result<UploadResult> {
        scope.meter().object_done(size);
        // The object exists: a callback that cancels now has nothing left to cancel.
        let _ = scope.report();
        self.service.check_process()?;
        let (bytes_sent, throttled_ms) = (scope.meter().bytes_sent(), scope.meter().throttled_ms());
        Ok(UploadResult { bytes_sent, throttled_ms, ..uploaded })
    }

    fn verified(
        &self,
        response: PutObjectResult,
        checksum: ObjectChecksum,
        scope: &CallScope,
    ) -> Result<UploadResult> {
        let created = CreatedObject {
            bucket: self.bucket,
            key: self.key,
            headers: &self.options.headers,
            checksum,
            etag: response.etag.as_ref(),
            etags: Vec::new(),
            crc64: response.crc64,
            version_id: response.version_id.as_deref(),
        };
        let context = head_context(self.service, scope);
        let verified = created.verify(self.options.verification(), self.service, &context)?;
        let VerifiedObject { crc64, is_verified: verified, .. } = verified;
        Ok(UploadResult { crc64, verified, ..UploadResult::of_put_object(response, checksum.size) })
    }

    /// Determines the outcome with HeadObject, by the CRC-64 or by the ETag, which is the MD5 unless
    /// the object is encrypted.
    fn determine_put_object(
        &self,
        failed: OperationError,
        source: &Source,
        expected_crc64: Option<u64>,
        scope: &CallScope,
        started: Instant,
    ) -> Result<UploadResult> {
        if failed.error.kind() == ErrorKind::Changed {
            // An earlier attempt has sent other bytes, and may still take effect.
            return Err(failed.error);
        }
        scope.enter(CallPhase::Complete);
        let body = source.body(0, source.length());
        let (md5, crc64) = match md5_and_crc64_of(&body, || scope.check()) {
            Ok(checksums) => checksums,
            Err(cause) => return Err(not_determined(self.service, failed.error, &cause)),
        };
        let headers = &self.options.headers;
        let expected = ExpectedObject {
            bucket: self.bucket,
            key: self.key,
            headers,
            attributes: ExpectedAttributes::All(headers),
            checksum: ObjectChecksum { size: body.length(), crc64: Some(crc64) },
            etags: vec![ETag::of_md5(md5)],
            object_type: Some("Normal"),
            not_before: NotBefore::Since(started),
        };
        let object = determine(self.service, failed, &expected, scope)?;
        check_put(source, crc64, expected_crc64, scope)?;
        let verified = object.crc64.is_some();
        if !verified && self.options.verification() == Verification::Required {
            return Err(wrong_object(not_verified()));
        }
        warn_of_callback(headers, self.service);
        let uploaded = UploadResult { verified, ..UploadResult::of_found(*object) };
        self.finished(uploaded, body.length(), scope)
    }

    fn lifecycle<'a>(&'a self, scope: &'a CallScope, keep_parts: bool) -> UploadLifecycle<'a> {
        let Put { service, workers, bucket, key, options, .. } = *self;
        UploadLifecycle {
            service,
            workers,
            bucket,
            key,
            options,
            headers: &options.headers,
            keep_parts,
            scope,
            cleanup_budget: Arc::new(CleanupBudget::new(service.abort_timeout(), scope.deadline)),
        }
    }

    fn put_parts(
        &self,
        planned: PlannedSource,
        checkpoint: Option<(Checkpoint, CheckpointKey)>,
        scope: &CallScope,
    ) -> Result<UploadResult> {
        let options = self.options;
        let PlannedSource { source, parts, .. } = &planned;
        let parts = *parts;
        let lifecycle = self.lifecycle(scope, options.keep_parts || checkpoint.is_some());
        let place = checkpoint.as_ref().map(|(checkpoint, _)| checkpoint);
        let delta = self.find_delta_base(place, scope);
        let resumed = match (&checkpoint, &options.upload_id) {
            (Some((checkpoint, checkpoint_key)), _) => {
                let checkpoint_key = checkpoint_key.clone();
                match lifecycle.begin_with_checkpoint(checkpoint, checkpoint_key, source, parts)? {
                    Resumption::Upload(resumed) => Ok(*resumed),
                    Resumption::Completed(result) => Err(*result),
                }
            }
            (None, Some(upload_id)) => Ok(lifecycle.attach(upload_id)?),
            (None, None) => {
                scope.check()?;
                Ok(ResumedUpload::new(lifecycle.initiate()?, None))
            }
        };
        let uploaded = match resumed {
            Ok(resumed) => self.send(&lifecycle, resumed, planned, place, delta.as_ref())?,
            Err(completed) => completed,
        };
        let uploaded = match (delta, &checkpoint) {
            (Some(delta), Some((checkpoint, _))) => {
                self.save_manifest(&delta, &uploaded, parts, checkpoint);
                delta.add_to(uploaded)
            }
            (Some(delta), None) => delta.add_to(uploaded),
            (None, _) => uploaded,
        };
        if let Some((checkpoint, _)) = checkpoint {
            checkpoint.remove();
        }
        Ok(uploaded)
    }

    fn send(
        &self,
        lifecycle: &UploadLifecycle<'_>,
        resumed: ResumedUpload,
        planned: PlannedSource,
        checkpoint: Option<&Checkpoint>,
        delta: Option<&Arc<DeltaUpload>>,
    ) -> Result<UploadResult> {
        let options = self.options;
        let PlannedSource { source, parts, expected_crc64 } = planned;
        let sends_md5 = options.integrity.contains(Integrity::MD5);
        let ResumedUpload { target, listed, earlier, record } = resumed;
        let saved = checkpoint.zip(record.as_ref());
        let is_marked = Cell::new(false);
        let before_complete = || match saved {
            Some((checkpoint, record)) => {
                is_marked.set(true);
                let is_completing = safeguard!(CompletionMark, true);
                checkpoint.save(&CheckpointRecord { is_completing, ..record.clone() })
            }
            None => Ok(()),
        };
        if let Some(delta) = delta.filter(|_| !listed.is_empty()) {
            delta.note_resumed();
        }
        let part_md5s = match (delta, sends_md5) {
            (Some(_), _) => Some(PartMd5s::new(options.md5_kernel, parts).with_crc64()),
            (None, true) => Some(PartMd5s::new(options.md5_kernel, parts)),
            (None, false) => None,
        };
        let expected = expected_crc64;
        let uploaded = lifecycle.run(&target, parts, expected, earlier, before_complete, |meter| {
            Arc::new(SourcePartUploader {
                service: Arc::clone(self.service),
                target: target.clone(),
                source,
                parts,
                listed,
                part_md5s,
                sends_md5,
                delta: delta.cloned(),
                meter,
                rate_limiter: RateLimiter::new(options.bytes_per_sec),
                deadline: lifecycle.scope.deadline,
            })
        });
        uploaded.map_err(|error| {
            let (Some((checkpoint, record)), ObjectExists::No) = (saved, error.object_exists())
            else {
                return error;
            };
            let is_refused = is_marked.get() && !earlier.may_have_taken_effect();
            if is_refused && self.service.check_process().is_ok() {
                lifecycle.save_not_completing(checkpoint, record);
            }
            match record.object_may_exist {
                true => error.with_object_exists(ObjectExists::Unknown),
                false => error,
            }
        })
    }

    /// Looks for the base of a delta upload; `None` if the upload is none. No failure ends the call,
    /// not even a cancellation: an earlier process may have created the object, which only its
    /// checkpoint shows.
    fn find_delta_base(
        &self,
        checkpoint: Option<&Checkpoint>,
        scope: &CallScope,
    ) -> Option<Arc<DeltaUpload>> {
        let base = self.options.delta_base(self.bucket, self.key)?;
        let context =
            OperationContext { deadline: scope.deadline, ..OperationContext::new(&scope.cancel) };
        let base = DeltaBase::find(&base, self.service, &self.options.headers, &context);
        let manifest = checkpoint.and_then(|checkpoint| {
            let warn = |cause: &Error| {
                self.service.logger().warn(|| format!("delta: the manifest is not used: {cause}"));
            };
            Manifest::load(checkpoint).inspect_err(warn).ok().flatten()
        });
        let delta = DeltaUpload::new(base, self.options.verification(), self.service);
        Some(Arc::new(delta.with_manifest(manifest)))
    }

    /// Saves what the next delta upload of the source can use. The object exists, so a failure is
    /// not one of the call.
    fn save_manifest(
        &self,
        delta: &DeltaUpload,
        uploaded: &UploadResult,
        parts: Parts,
        checkpoint: &Checkpoint,
    ) {
        let saved = delta.next_manifest(uploaded, parts).map(|manifest| manifest.save(checkpoint));
        if let Some(Err(cause)) = saved {
            self.service.logger().warn(|| format!("delta: the manifest was not saved: {cause}"));
        }
    }

    /// Returns the key of the checkpoint of a source of that name.
    fn checkpoint_key(&self, name: &Path) -> Result<CheckpointKey> {
        let path = std::path::absolute(name)
            .map_err(|cause| Error::file(name.display(), &cause).with_argument("path"))?;
        Ok(CheckpointKey {
            endpoint: self.service.endpoint()?.to_string(),
            bucket: self.bucket.as_str().to_owned(),
            key: self.key.as_str().to_owned(),
            path,
        })
    }
}

/// The bytes to send in parts.
struct PlannedSource {
    source: Source,
    parts: Parts,
    expected_crc64: Option<u64>,
}

/// Checks that the bytes of an object that exists are those of the source, and the expected ones.
fn check_put(
    source: &Source,
    sent: u64,
    expected_crc64: Option<u64>,
    scope: &CallScope,
) -> Result<()> {
    source.check_sent(Some(sent), || scope.check()).map_err(wrong_object)?;
    expected_crc64.map_or(Ok(()), |expected| expect_crc64(expected, sent)).map_err(wrong_object)
}

fn wrong_object(error: Error) -> Error {
    error.with_operation("PutObject").with_object_exists(ObjectExists::Yes)
}
