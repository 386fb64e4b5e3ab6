//! The parts that OSS has of an upload, for a handle that is attached to it.

use super::MultipartUpload;
use crate::error::Result;
use crate::model::{BucketName, ObjectKey, UploadId};
use crate::runtime::Cancel;
use crate::upload::call_scope::CallScope;
use crate::upload::engine::Engine;
use crate::upload::options::UploadOptions;

impl MultipartUpload {
    pub(crate) fn attach_with_parts_on(
        engine: &Engine,
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &UploadId,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<Self> {
        let service = engine.service();
        service.check_call()?;
        let (deadline, progress) = (options.deadline(), options.progress.as_ref());
        let scope = CallScope::for_one_request(service, cancel, deadline, progress)?;
        let upload = Self::attach_on(engine, bucket, key, upload_id, options)?;
        let parts = scope
            .check()
            .and_then(|()| upload.0.listed(&upload.0.target, &scope))
            .map_err(|error| scope.explain(error))?;
        upload.0.lock().parts = parts.into_iter().map(|part| (part.number, part)).collect();
        Ok(upload)
    }
}
