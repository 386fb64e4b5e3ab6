//! A whole object from a source: in one request, or in parts.

use std::sync::Arc;

use super::checkpoint::{Binding, Checkpoint};
use super::digests::Digests;
use super::multipart::Multipart;
use super::parallel::no_descriptor;
use super::plan::{Parts, Plan};
use super::progress::{InlineObserver, Meter, Reporter};
use super::resume::Begun;
use super::sending::Sending;
use super::source::{Source, crc64_of, expect_crc64, expect_md5, md5_of};
use super::workers::Workers;
use super::{Integrity, UploadOptions, Uploaded};
use crate::client::{CallContext, Caller, Rate};
use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::model::{BucketName, ObjectKey};
use crate::ops::PutObject;
use crate::runtime::{Cancel, Deadline};

/// One whole-object upload.
pub(super) struct Put<'a> {
    pub(super) caller: &'a Arc<Caller>,
    pub(super) workers: &'a Workers,
    pub(super) bucket: &'a BucketName,
    pub(super) key: &'a ObjectKey,
    pub(super) options: &'a UploadOptions,
    /// What a checkpoint calls the source; without one there is none.
    pub(super) name: Option<&'a str>,
}

impl Put<'_> {
    /// Lets a checkpoint tell the source from others by that name, a path.
    pub(super) fn named<'a>(self, name: &'a str) -> Put<'a>
    where
        Self: 'a,
    {
        Put { name: Some(name), ..self }
    }

    /// Uploads the source and returns when OSS has acknowledged the object, or when nothing of it
    /// is left but what the error says.
    pub(super) fn run(&self, source: Source, cancel: &Cancel) -> Result<Uploaded> {
        self.caller.check_process()?;
        cancel.check_process()?;
        let deadline = self.options.deadline.map_or(Deadline::NEVER, Deadline::after);
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
    pub(super) fn put_single(
        &self,
        source: &Source,
        stop: &Cancel,
        deadline: Deadline,
    ) -> Result<Uploaded> {
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
        let rate = Rate::new(self.options.bytes_per_sec);
        let observer = InlineObserver { reporter: &reporter, stop };
        let context = CallContext {
            deadline,
            check_crc64: integrity.contains(Integrity::CRC64),
            observer: Some(&observer),
            rate: rate.as_ref(),
            ..CallContext::new(stop)
        };
        let answer = match self.caller.call(&request.with_body(body), &context) {
            Ok(answer) => answer,
            Err(defeat) => {
                let error = reporter.explain(defeat.error);
                let exists = match (defeat.perhaps_done, error.kind()) {
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
        let Put { caller, workers, bucket, key, options, .. } = *self;
        let checkpoint = match (&options.checkpoint_dir, self.name) {
            (Some(folder), Some(name)) => {
                let binding = self.binding(name)?;
                Some((Checkpoint::lock(folder, &binding)?, binding))
            }
            _ => None,
        };
        let multipart = Multipart {
            caller,
            workers,
            bucket,
            key,
            options,
            headers: &options.headers,
            keep_parts: options.keep_parts || checkpoint.is_some(),
            stop,
            deadline,
        };
        let begun = match (&checkpoint, &options.upload_id) {
            (Some((checkpoint, binding)), _) => {
                multipart.begin_with_checkpoint(checkpoint, binding.clone(), &source, parts)?
            }
            (None, Some(upload_id)) => multipart.take_up(upload_id)?,
            (None, None) => Begun::new(multipart.initiate()?),
        };
        let uploaded = self.send(&multipart, begun, source, parts)?;
        if let Some((checkpoint, _)) = checkpoint {
            checkpoint.remove();
        }
        Ok(uploaded)
    }

    fn send(
        &self,
        multipart: &Multipart<'_>,
        begun: Begun,
        source: Source,
        parts: Parts,
    ) -> Result<Uploaded> {
        let options = self.options;
        let md5 = options.integrity.contains(Integrity::MD5);
        let Begun { destination, listed } = begun;
        multipart.run(&destination, parts, options.expected_crc64, |meter| {
            Arc::new(Sending {
                caller: Arc::clone(self.caller),
                destination: destination.clone(),
                source,
                listed,
                digests: md5.then(|| Digests::new(options.md5_kernel, parts)),
                meter,
                rate: Rate::new(options.bytes_per_sec),
                deadline: multipart.deadline,
            })
        })
    }

    /// What the checkpoint of a source of that name is bound to.
    fn binding(&self, name: &str) -> Result<Binding> {
        let path = std::path::absolute(name)
            .map_err(|cause| Error::file(name, &cause).with_argument("path"))?;
        Ok(Binding {
            endpoint: self.caller.endpoint()?.to_string(),
            bucket: self.bucket.as_str().to_owned(),
            key: self.key.as_str().to_owned(),
            path: path.to_string_lossy().into_owned(),
        })
    }
}
