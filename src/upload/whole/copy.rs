//! Copies an object inside OSS, part by part; its bytes do not pass through this machine.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::model::{BucketName, ObjectHeaders, ObjectKey, PartRange};
use crate::ops::{CopySource, HeadObjectResult, PutObject, UploadPartCopy, copy_source_changed};
use crate::runtime::{Cancel, CleanupBudget, Deadline};
use crate::service::{Evidence, OperationContext, ServiceClient};
use crate::upload::call_scope::CallScope;
use crate::upload::engine::Engine;
use crate::upload::lifecycle::upload_lifecycle::UploadLifecycle;
use crate::upload::lifecycle::upload_target::UploadTarget;
use crate::upload::option_conflicts::CallKind;
use crate::upload::options::UploadOptions;
use crate::upload::part::SentPart;
use crate::upload::progress::Meter;
use crate::upload::schedule::part_scheduler::{PartUploader, UploadedPart};
use crate::upload::schedule::plan::Parts;
use crate::upload::source::upload_source::expect_crc64;
use crate::upload::upload_result::UploadResult;

/// One copy of a whole object.
pub(crate) struct Copy<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) bucket: &'a BucketName,
    pub(crate) key: &'a ObjectKey,
    pub(crate) source: &'a CopySource,
    pub(crate) options: &'a UploadOptions,
}

impl Copy<'_> {
    /// Copies the source in parts and returns when OSS has acknowledged the object.
    pub(crate) fn run(&self, cancel: &Cancel) -> Result<UploadResult> {
        let options = self.options;
        self.engine.service().check_call()?;
        options.check_for(CallKind::Copy)?;
        let scope = CallScope::new(cancel, options.deadline(), options.progress.as_ref())?;
        self.copy(&scope).map_err(|error| scope.explain(error))
    }

    fn copy(&self, scope: &CallScope) -> Result<UploadResult> {
        let Self { bucket, key, source, options, .. } = *self;
        let service = self.engine.service();
        scope.check()?;
        let deadline = scope.deadline;
        let context = OperationContext { deadline, ..OperationContext::new(&scope.cancel) };
        let head = source.head().with_headers(&options.headers);
        let found = service.execute(&head, &context)?.output;
        let expected_crc64 = options.expected_crc64;
        if let (Some(expected), Some(found)) = (expected_crc64, found.crc64) {
            expect_crc64(expected, found)?;
        }
        let headers = headers_of_copy(&options.headers, &found)?;
        if found.size == 0 {
            return self.put_nothing(bucket, key, &headers, &context);
        }
        let part_size = options.part_size.unwrap_or(limits::COPY_PART_SIZE_DEFAULT);
        let parts = Parts::new(found.size, part_size)?;
        let multipart = UploadLifecycle {
            service,
            workers: self.engine.workers(),
            bucket,
            key,
            options,
            headers: &headers,
            keep_parts: options.keep_parts,
            scope,
            cleanup_budget: Arc::new(CleanupBudget::new(service.abort_timeout(), scope.deadline)),
        };
        let target = multipart.initiate()?;
        let earlier = Evidence::NotSent;
        multipart.run(
            &target,
            parts,
            found.crc64.or(expected_crc64),
            earlier,
            || Ok(()),
            |meter| {
                let (service, target) = (Arc::clone(service), target.clone());
                let source = source.pinned(&found.etag);
                Arc::new(CopyPartUploader { service, target, source, found, deadline, meter })
            },
        )
    }

    /// An empty range cannot be copied, and an empty object need not be.
    fn put_nothing(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        headers: &ObjectHeaders,
        context: &OperationContext<'_>,
    ) -> Result<UploadResult> {
        let request = PutObject::new(bucket, key).with_headers(headers);
        let response = self.engine.service().execute(&request, context)?.output;
        Ok(UploadResult::of_put_object(response, 0))
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
        let context = OperationContext {
            deadline: self.deadline,
            observer: Some(&*self.meter),
            ..OperationContext::new(cancel)
        };
        let response = self
            .service
            .execute(&request, &context)
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
            crc64: response.crc64,
        }))
    }

    /// Each part was copied on the condition that the source has the ETag of the start.
    fn check_source(&self, _sent: &[SentPart], _cancel: &Cancel) -> Result<()> {
        Ok(())
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

const CONTENT_HEADERS: [&str; 5] =
    ["content-type", "cache-control", "content-disposition", "content-encoding", "expires"];
