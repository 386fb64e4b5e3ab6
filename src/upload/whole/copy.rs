//! Copies an object inside OSS, at once or part by part; its bytes do not pass through this machine.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::limits;
use crate::model::{BucketName, CONTENT_HEADERS, ObjectHeaders, ObjectKey, PartRange, oss_header};
use crate::ops::{
    CopyObject, CopyObjectResult, CopySource, HeadObjectResult, UploadPartCopy, copy_source_changed,
};
use crate::runtime::{Cancel, CleanupBudget, Deadline, now};
use crate::service::{Evidence, OperationContext, OperationError, ServiceClient};
use crate::upload::call_scope::CallScope;
use crate::upload::engine::Engine;
use crate::upload::lifecycle::object_attributes::ExpectedAttributes;
use crate::upload::lifecycle::stored_object::{ExpectedObject, NotBefore};
use crate::upload::lifecycle::upload_lifecycle::UploadLifecycle;
use crate::upload::lifecycle::upload_target::UploadTarget;
use crate::upload::lifecycle::verify::CreatedObject;
use crate::upload::option_conflicts::CallKind;
use crate::upload::options::UploadOptions;
use crate::upload::part::{ObjectChecksum, SentPart, combined_crc64};
use crate::upload::progress::{CallPhase, Meter};
use crate::upload::schedule::part_scheduler::{PartUploader, UploadedPart};
use crate::upload::schedule::plan::Parts;
use crate::upload::source::upload_source::{Source, expect_crc64};
use crate::upload::upload_result::UploadResult;
use crate::upload::whole::determine::{determine, head_context};
use crate::upload::whole::put::Put;

/// One copy of a whole object.
pub(crate) struct Copy<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) bucket: &'a BucketName,
    pub(crate) key: &'a ObjectKey,
    pub(crate) source: &'a CopySource,
    pub(crate) options: &'a UploadOptions,
}

impl Copy<'_> {
    /// Copies the source and returns when OSS has acknowledged the object.
    pub(crate) fn run(&self, cancel: &Cancel) -> Result<UploadResult> {
        let options = self.options;
        self.engine.service().check_call()?;
        options.check_for(CallKind::Copy)?;
        let scope = CallScope::new(
            self.engine.service(),
            cancel,
            options.deadline(),
            options.progress.as_ref(),
        )?;
        self.copy(&scope).map_err(|error| scope.explain(error))
    }

    fn copy(&self, scope: &CallScope) -> Result<UploadResult> {
        let Self { source, options, .. } = *self;
        let service = self.engine.service();
        scope.check()?;
        let context =
            OperationContext { deadline: scope.deadline, ..OperationContext::new(&scope.cancel) };
        let head = source.head().with_headers(&options.headers);
        let found = service.execute(&head, &context)?.output;
        let expected_crc64 = options.expected_crc64;
        if let (Some(expected), Some(found)) = (expected_crc64, found.crc64) {
            expect_crc64(expected, found)?;
        }
        let headers = headers_of_copy(&options.headers, &found)?;
        if self.is_single(&found) {
            return self.copy_at_once(&found, &headers, scope);
        }
        let headers = self.with_tags(headers, &found, &context)?;
        match found.size {
            0 => self.put_empty_object(&headers, scope),
            _ => self.copy_parts(found, &headers, scope),
        }
    }

    /// True if one CopyObject does everything that the options want: OSS makes no callback then, the
    /// object of a sequential upload has a `Content-MD5`, and the expected CRC-64 is compared before
    /// the object is made.
    fn is_single(&self, found: &HeadObjectResult) -> bool {
        let UploadOptions { single_below, headers, sequential, expected_crc64, .. } = self.options;
        let largest = (*single_below).min(limits::COPY_OBJECT_MAX);
        let is_small = (1..largest).contains(&found.size);
        let is_expected = expected_crc64.is_none() || found.crc64.is_some();
        is_small && is_expected && !headers.has_callback() && !sequential
    }

    fn copy_at_once(
        &self,
        found: &HeadObjectResult,
        headers: &ObjectHeaders,
        scope: &CallScope,
    ) -> Result<UploadResult> {
        let started = now();
        let Self { engine, bucket, key, source, options } = *self;
        let service = engine.service();
        scope.meter().set_totals(0, found.size);
        scope.check()?;
        scope.enter(CallPhase::Send);
        // Of an object that is copied onto itself, OSS drops what the request does not have.
        let sent = if source.is_object(bucket, key) { headers } else { &options.headers };
        let request = CopyObject::new(bucket, key, &source.pinned(&found.etag))
            .with_headers(sent)
            .with_tags(options.copy_tags);
        let context = OperationContext {
            deadline: scope.deadline,
            observer: Some(&**scope.meter()),
            ..OperationContext::new(&scope.cancel)
        };
        let checksum = ObjectChecksum { size: found.size, crc64: found.crc64 };
        let copied = match service.execute(&request, &context) {
            Ok(outcome) => outcome.output,
            Err(failed) => {
                let failed = OperationError { error: copy_source_changed(failed.error), ..failed };
                if failed.evidence != Evidence::Uncertain || scope.check().is_err() {
                    return Err(failed.error);
                }
                scope.enter(CallPhase::Complete);
                let expected = ExpectedObject {
                    bucket,
                    key,
                    headers: &options.headers,
                    attributes: ExpectedAttributes::All(headers),
                    checksum,
                    etags: vec![found.etag.clone()],
                    object_type: None,
                    not_before: NotBefore::Since(started),
                };
                let object = *determine(service, failed, &expected, scope)?;
                CopyObjectResult {
                    etag: object.etag,
                    crc64: object.crc64,
                    version_id: object.version_id,
                    request_id: object.request_id,
                }
            }
        };
        let uploaded = self.verified(copied, checksum, scope)?;
        scope.meter().object_done(found.size);
        // The object exists: a callback that cancels now has nothing left to cancel.
        let _ = scope.report();
        service.check_process()?;
        Ok(UploadResult { throttled_ms: scope.meter().throttled_ms(), ..uploaded })
    }

    fn verified(
        &self,
        copied: CopyObjectResult,
        checksum: ObjectChecksum,
        scope: &CallScope,
    ) -> Result<UploadResult> {
        let service = self.engine.service();
        let created = CreatedObject {
            bucket: self.bucket,
            key: self.key,
            headers: &self.options.headers,
            checksum,
            etag: Some(&copied.etag),
            etags: Vec::new(),
            crc64: copied.crc64,
            version_id: copied.version_id.as_deref(),
        };
        let context = head_context(service, scope);
        let verified = created
            .verify(self.options.verification(), service, &context)
            .map_err(|e| e.with_operation("CopyObject").with_object_exists(ObjectExists::Yes))?;
        Ok(UploadResult {
            crc64: verified.crc64,
            verified: verified.is_verified,
            etag: Some(copied.etag),
            size: checksum.size,
            version_id: copied.version_id,
            request_id: copied.request_id,
            ..UploadResult::default()
        })
    }

    /// Adds the tags of the source. HeadObject counts them only for a caller who may read them, so
    /// that no count does not mean no tags.
    fn with_tags(
        &self,
        mut headers: ObjectHeaders,
        found: &HeadObjectResult,
        context: &OperationContext<'_>,
    ) -> Result<ObjectHeaders> {
        let has_none = found.headers.value(oss_header::TAGGING_COUNT) == Some("0");
        if !self.options.copy_tags || headers.has_tags() || has_none {
            return Ok(headers);
        }
        let request = self.source.tagging().with_headers(&self.options.headers);
        let tags = self.engine.service().execute(&request, context).map_err(|failed| {
            failed.error.with_context("reading the tags of the source; copy_tags=0 leaves them out")
        })?;
        for (name, value) in tags.output {
            headers.set_tag(&name, &value)?;
        }
        Ok(headers)
    }

    /// An empty range cannot be copied, and an empty object need not be.
    fn put_empty_object(&self, headers: &ObjectHeaders, scope: &CallScope) -> Result<UploadResult> {
        let options = UploadOptions { headers: headers.clone(), ..self.options.clone() };
        let put = Put {
            service: self.engine.service(),
            workers: self.engine.workers(),
            bucket: self.bucket,
            key: self.key,
            options: &options,
            name: None,
        };
        put.put_single(&Source::memory(Arc::new([])), scope)
    }

    fn copy_parts(
        &self,
        found: HeadObjectResult,
        headers: &ObjectHeaders,
        scope: &CallScope,
    ) -> Result<UploadResult> {
        let Self { bucket, key, source, options, .. } = *self;
        let service = self.engine.service();
        let deadline = scope.deadline;
        let part_size = options.part_size.unwrap_or(limits::COPY_PART_SIZE_DEFAULT);
        let parts = Parts::new(found.size, part_size)?;
        let multipart = UploadLifecycle {
            service,
            workers: self.engine.workers(),
            bucket,
            key,
            options,
            headers,
            keep_parts: options.keep_parts,
            scope,
            cleanup_budget: Arc::new(CleanupBudget::new(service.abort_timeout(), deadline)),
        };
        let target = multipart.initiate()?;
        let (earlier, crc64) = (Evidence::NotSent, found.crc64.or(options.expected_crc64));
        multipart.run(
            &target,
            parts,
            crc64,
            earlier,
            || Ok(()),
            |meter| {
                let (service, target) = (Arc::clone(service), target.clone());
                let source = source.pinned(&found.etag);
                let compares_crc64 = crc64.is_some();
                let needs_crc64 = compares_crc64 && found.crc64.is_none();
                Arc::new(CopyPartUploader {
                    service,
                    target,
                    source,
                    found,
                    compares_crc64,
                    needs_crc64,
                    deadline,
                    meter,
                })
            },
        )
    }
}

/// Copies ranges of one object into the parts of one upload.
struct CopyPartUploader {
    service: Arc<ServiceClient>,
    target: UploadTarget,
    /// With the condition that it still has the ETag of the start.
    source: CopySource,
    /// The source as it was at the start.
    found: HeadObjectResult,
    /// The CRC-64 of the source is known, or expected.
    compares_crc64: bool,
    /// Only the CRC-64s of the parts show whether the source has the expected one.
    needs_crc64: bool,
    deadline: Deadline,
    meter: Arc<Meter>,
}

impl PartUploader for CopyPartUploader {
    fn upload(&self, part: PartRange, cancel: &Cancel) -> Result<UploadedPart> {
        let UploadTarget { bucket, key, upload_id, headers, .. } = &self.target;
        let last = part.offset.saturating_add(part.length).saturating_sub(1);
        let request = UploadPartCopy::new(bucket, key, upload_id, part.number, &self.source)
            .with_range(part.offset..=last)
            .with_headers(headers);
        let response = self
            .service
            .execute(&request, &self.context(cancel))
            .map_err(|failed| copy_source_changed(failed.error))?
            .output;
        // For a range that OSS does not accept it copies the whole source, and returns no range.
        if response.content_range.is_none() && part.length != self.found.size {
            let text = "the response does not confirm that only a range was copied";
            return Err(Error::new(ErrorKind::Protocol, text).with_part(part.number.get()));
        }
        Ok(UploadedPart::Sent(SentPart {
            number: part.number,
            size: part.length,
            etag: response.etag,
            // Without that of the source it would show nothing about the copy.
            crc64: response.crc64.filter(|_| self.compares_crc64),
        }))
    }

    /// Adds the CRC-64s of ListParts where UploadPartCopy returned none and they are needed.
    fn confirm(&self, mut sent: Vec<SentPart>, cancel: &Cancel) -> Result<Vec<SentPart>> {
        if !self.needs_crc64 || combined_crc64(&sent).is_some() {
            return Ok(sent);
        }
        let listed = self.target.list_parts(&self.service, &self.context(cancel))?;
        for part in &mut sent {
            let found = listed.binary_search_by_key(&part.number, |listed| listed.number);
            let found = found.ok().and_then(|index| listed.get(index));
            let same = found
                .filter(|found| found.size == part.size && found.etag.is_md5(part.etag.unquoted()));
            part.crc64 = part.crc64.or(same.and_then(|same| same.crc64));
        }
        if combined_crc64(&sent).is_none() {
            let text = "the expected CRC-64 cannot be compared: OSS shows none of the source or of \
                        all parts";
            return Err(Error::new(ErrorKind::Integrity, text));
        }
        Ok(sent)
    }

    /// Each part was copied on the condition that the source has the ETag of the start.
    fn check_source(&self, _sent: &[SentPart], _cancel: &Cancel) -> Result<()> {
        Ok(())
    }
}

impl CopyPartUploader {
    fn context<'c>(&'c self, cancel: &'c Cancel) -> OperationContext<'c> {
        OperationContext {
            deadline: self.deadline,
            observer: Some(&*self.meter),
            ..OperationContext::new(cancel)
        }
    }
}

/// Adds the content headers and metadata of the source, unless the caller sets any.
fn headers_of_copy(requested: &ObjectHeaders, source: &HeadObjectResult) -> Result<ObjectHeaders> {
    let mut headers = requested.clone();
    if requested.describes_content() {
        return Ok(headers);
    }
    for name in CONTENT_HEADERS {
        if let Some(value) = source.headers.value(name) {
            headers.set_header(name, value)?;
        }
    }
    for (name, value) in &source.metadata {
        headers.set_metadata(name, value)?;
    }
    Ok(headers)
}
