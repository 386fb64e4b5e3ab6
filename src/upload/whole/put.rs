//! A whole object from a source: in one request, or in parts.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::model::{BucketName, ObjectKey};
use crate::ops::PutObject;
use crate::runtime::{Cancel, Deadline};
use crate::service::{CallContext, RateLimiter, ServiceClient};
use crate::upload::lifecycle::checkpoint::{Binding, Checkpoint};
use crate::upload::lifecycle::resume::ResumedUpload;
use crate::upload::lifecycle::upload_lifecycle::UploadLifecycle;
use crate::upload::options::{Integrity, UploadOptions};
use crate::upload::progress::{InlineObserver, Meter, Reporter};
use crate::upload::schedule::part_scheduler::no_descriptor;
use crate::upload::schedule::plan::{Parts, Plan};
use crate::upload::schedule::workers::Workers;
use crate::upload::source::part_md5::PartMd5s;
use crate::upload::source::upload_source::{Source, crc64_of, expect_crc64, expect_md5, md5_of};
use crate::upload::upload_result::UploadResult;
use crate::upload::whole::source_part::SourcePartUploader;

/// One whole-object upload.
pub(crate) struct Put<'a> {
    pub(crate) service: &'a Arc<ServiceClient>,
    pub(crate) workers: &'a Workers,
    pub(crate) bucket: &'a BucketName,
    pub(crate) key: &'a ObjectKey,
    pub(crate) options: &'a UploadOptions,
    /// What a checkpoint calls the source; without one there is none.
    pub(crate) name: Option<&'a str>,
}

impl Put<'_> {
    /// Lets a checkpoint tell the source from others by that name, a path.
    pub(crate) fn named<'a>(self, name: &'a str) -> Put<'a>
    where
        Self: 'a,
    {
        Put { name: Some(name), ..self }
    }

    /// Uploads the source and returns when OSS has acknowledged the object, or when nothing of it
    /// is left but what the error says.
    pub(crate) fn run(&self, source: Source, cancel: &Cancel) -> Result<UploadResult> {
        self.service.check_process()?;
        cancel.check_process()?;
        let deadline = self.options.deadline();
        let stop = cancel.child().map_err(|cause| no_descriptor(&cause))?;
        if let Some(expected) = self.options.expected_md5 {
            expect_md5(expected, md5_of(&source.body(0, source.length()))?)?;
        }
        match Plan::new(source.length(), self.options)? {
            Plan::Single => self.put_single(&source, &stop, deadline),
            Plan::Parts(parts) => self.put_parts(source, parts, &stop, deadline),
        }
    }

    /// One PutObject, on the caller's thread.
    pub(crate) fn put_single(
        &self,
        source: &Source,
        stop: &Cancel,
        deadline: Deadline,
    ) -> Result<UploadResult> {
        let size = source.length();
        let body = source.body(0, size);
        let integrity = self.options.integrity;
        if let Some(expected) = self.options.expected_crc64 {
            expect_crc64(expected, crc64_of(&body)?)?;
        }
        let mut request = PutObject::new(self.bucket, self.key).with_headers(&self.options.headers);
        if integrity.contains(Integrity::MD5) {
            request = request.with_content_md5(*md5_of(&body)?.as_bytes());
        }
        let meter = Arc::new(Meter::new(Some(0), Some(size)));
        let reporter = Reporter::new(self.options.progress.as_ref(), &meter);
        let rate = RateLimiter::new(self.options.bytes_per_sec);
        let observer = InlineObserver { reporter: &reporter, stop };
        let context = CallContext {
            deadline,
            check_crc64: integrity.contains(Integrity::CRC64),
            observer: Some(&observer),
            rate: rate.as_ref(),
            ..CallContext::new(stop)
        };
        let outcome = match self.service.call(&request.with_body(body), &context) {
            Ok(outcome) => outcome,
            Err(failed) => {
                let error = reporter.explain(failed.error);
                let exists = match (failed.may_have_taken_effect, error.kind()) {
                    (false, _) => ObjectExists::No,
                    // OSS has acknowledged an object, though not with the bytes that were read.
                    (true, ErrorKind::Integrity) => ObjectExists::Yes,
                    (true, _) => ObjectExists::Unknown,
                };
                return Err(error.with_object_exists(exists));
            }
        };
        source
            .check_unchanged()
            .map_err(|e| e.with_operation("PutObject").with_object_exists(ObjectExists::Yes))?;
        meter.object_done(size);
        // The object is there: a callback that asks to stop now has nothing left to stop.
        let _ = reporter.report();
        let reply = outcome.output;
        Ok(UploadResult {
            etag: reply.etag,
            size,
            crc64: reply.crc64,
            version_id: reply.version_id,
            request_id: reply.request_id,
            callback_body: reply.callback_body,
            callback_error: reply.callback_error,
            ..UploadResult::default()
        })
    }

    fn put_parts(
        &self,
        source: Source,
        parts: Parts,
        stop: &Cancel,
        deadline: Deadline,
    ) -> Result<UploadResult> {
        let Put { service, workers, bucket, key, options, .. } = *self;
        let checkpoint = match (&options.checkpoint_dir, self.name) {
            (Some(folder), Some(name)) => {
                let binding = self.binding(name)?;
                Some((Checkpoint::lock(folder, &binding)?, binding))
            }
            _ => None,
        };
        let multipart = UploadLifecycle {
            service,
            workers,
            bucket,
            key,
            options,
            headers: &options.headers,
            keep_parts: options.keep_parts || checkpoint.is_some(),
            stop,
            deadline,
        };
        let resumed = match (&checkpoint, &options.upload_id) {
            (Some((checkpoint, binding)), _) => {
                multipart.begin_with_checkpoint(checkpoint, binding.clone(), &source, parts)?
            }
            (None, Some(upload_id)) => multipart.attach(upload_id)?,
            (None, None) => ResumedUpload::new(multipart.initiate()?),
        };
        let uploaded = self.send(&multipart, resumed, source, parts)?;
        if let Some((checkpoint, _)) = checkpoint {
            checkpoint.remove();
        }
        Ok(uploaded)
    }

    fn send(
        &self,
        multipart: &UploadLifecycle<'_>,
        resumed: ResumedUpload,
        source: Source,
        parts: Parts,
    ) -> Result<UploadResult> {
        let options = self.options;
        let md5 = options.integrity.contains(Integrity::MD5);
        let ResumedUpload { target, listed } = resumed;
        multipart.run(&target, parts, options.expected_crc64, |meter| {
            Arc::new(SourcePartUploader {
                service: Arc::clone(self.service),
                target: target.clone(),
                source,
                listed,
                part_md5s: md5.then(|| PartMd5s::new(options.md5_kernel, parts)),
                meter,
                rate: RateLimiter::new(options.bytes_per_sec),
                deadline: multipart.deadline,
            })
        })
    }

    /// What the checkpoint of a source of that name is bound to.
    fn binding(&self, name: &str) -> Result<Binding> {
        let path = std::path::absolute(name)
            .map_err(|cause| Error::file(name, &cause).with_argument("path"))?;
        Ok(Binding {
            endpoint: self.service.endpoint()?.to_string(),
            bucket: self.bucket.as_str().to_owned(),
            key: self.key.as_str().to_owned(),
            path: path.to_string_lossy().into_owned(),
        })
    }
}
