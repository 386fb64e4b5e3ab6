//! The parts that OSS has of an upload, for a handle that is attached to it.

use super::{MultipartUpload, attached_target};
use crate::error::Result;
use crate::model::{BucketName, ObjectKey, UploadId};
use crate::runtime::Cancel;
use crate::service::OperationContext;
use crate::upload::call_scope::CallScope;
use crate::upload::engine::Engine;
use crate::upload::lifecycle::abort::or_completed;
use crate::upload::lifecycle::upload_target::UploadTarget;
use crate::upload::option_conflicts::CallKind;
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
        options.check_for(CallKind::StepByStep)?;
        let target = attached_target(bucket, key, upload_id, options);
        let context =
            OperationContext { deadline: scope.deadline, ..OperationContext::new(&scope.cancel) };
        let (parts, time) = scope
            .check()
            .and_then(|()| target.list_parts_and_time(service, &context))
            .map_err(|error| scope.explain(or_completed(error)))?;
        // It is open at this time, so an older object is not the one of this upload.
        let upload = Self::new(engine, UploadTarget { initiated: time, ..target }, options);
        upload.0.lock().parts = parts.into_iter().map(|part| (part.number, part)).collect();
        Ok(upload)
    }
}
