//! Takes back an upload that will not be completed, within a budget of time of its own.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::limits;
use crate::ops::{AbortMultipartUpload, ListParts};
use crate::runtime::{Cancel, Deadline};
use crate::service::{CallContext, CallError, ServiceClient};
use crate::upload::lifecycle::upload_target::UploadTarget;

/// Aborts until OSS says that the upload is gone: a part that was still arriving when the first
/// Abort came stays behind and needs another. Nothing must be sending parts any more.
///
/// Ignores cancel tokens, and is bounded in time and number instead.
///
/// # Errors
///
/// Why the upload may still be there.
pub(crate) fn abort(
    service: &ServiceClient,
    target: &UploadTarget,
    budget: Duration,
) -> Result<()> {
    let cancel = Cancel::never();
    let deadline = Deadline::after(budget);
    let context = CallContext { deadline, expects_not_found: true, ..CallContext::new(&cancel) };
    let mut pause = FIRST_PAUSE;
    for _ in 0..limits::ABORT_ATTEMPTS_MAX {
        if !send_abort(service, target, &context)? || !has_parts(service, target, &context)? {
            return Ok(());
        }
        if context.deadline.left().is_some_and(|left| left <= pause) {
            break;
        }
        cancel.wait(Deadline::after(pause));
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
    Err(Error::new(
        crate::error::ErrorKind::Timeout,
        "the upload is still there after it was aborted",
    ))
}

/// The error of an upload that failed, after its parts were taken back or not.
pub(crate) fn abort_after_error(
    service: &ServiceClient,
    target: &UploadTarget,
    budget: Duration,
    error: Error,
) -> Error {
    let error = error.with_upload_id(target.upload_id.as_str());
    match abort(service, target, budget) {
        Ok(()) => error,
        Err(cause) => {
            service.logger().warn(|| format!("clean-up failed: {cause}"));
            error.with_parts_left(true)
        }
    }
}

/// False if the upload was gone already.
fn send_abort(
    service: &ServiceClient,
    target: &UploadTarget,
    context: &CallContext<'_>,
) -> Result<bool> {
    let UploadTarget { bucket, key, upload_id, headers, .. } = target;
    let request = AbortMultipartUpload::new(bucket, key, upload_id).with_headers(headers);
    match service.call(&request, context) {
        Ok(_) => Ok(true),
        Err(failed) if is_gone(&failed) => Ok(false),
        Err(failed) => Err(failed.error),
    }
}

fn has_parts(
    service: &ServiceClient,
    target: &UploadTarget,
    context: &CallContext<'_>,
) -> Result<bool> {
    let UploadTarget { bucket, key, upload_id, headers, .. } = target;
    let request = ListParts::new(bucket, key, upload_id).with_headers(headers).with_max_parts(1);
    match service.call(&request, context) {
        Ok(outcome) => Ok(!outcome.output.parts.is_empty()),
        Err(failed) if is_gone(&failed) => Ok(false),
        Err(failed) => Err(failed.error),
    }
}

/// OSS says NoSuchUpload; other stores of its kind answer any 404.
pub(crate) fn is_gone(failed: &CallError) -> bool {
    failed.error.http_status() == Some(404) && failed.error.oss_code() != Some("NoSuchBucket")
}

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
