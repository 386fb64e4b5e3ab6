//! Aborts an upload that will not be completed.

use std::time::Duration;

use super::upload_target::UploadTarget;
use crate::error::{Error, ErrorKind, ObjectExists, Result};
use crate::limits;
use crate::ops::{AbortMultipartUpload, ListParts};
use crate::runtime::{Cancel, CleanupBudget, Deadline, safeguard};
use crate::service::{AttemptLimit, ExpectedFailure, OperationContext, ServiceClient};
use crate::upload::call_scope::CallScope;
use crate::upload::progress::CallPhase;

/// Why no Complete of an upload can take effect any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fence {
    /// Abort was successful (204): no Complete has taken effect before it.
    Aborted,
    /// OSS does not know the upload: it was completed or aborted before.
    NoSuchUpload,
}

/// The outcome of Abort.
#[derive(Debug)]
pub(crate) struct AbortOutcome {
    /// `None` if a Complete that was sent may still take effect.
    pub(crate) fence: Option<Fence>,
    /// Why parts may be left, if so.
    pub(crate) failure: Option<Error>,
}

/// Aborts until ListParts shows no part: OSS keeps a part that it was receiving when Abort came,
/// and another Abort removes it. No part must be in flight.
///
/// Ignores cancel tokens, the retry budget and the configured number of attempts. Starts the
/// cleanup budget, which bounds it.
pub(crate) fn abort(
    service: &ServiceClient,
    target: &UploadTarget,
    scope: &CallScope,
    cleanup_budget: &CleanupBudget,
) -> AbortOutcome {
    scope.enter(CallPhase::Abort);
    let cancel = scope.cancel.shielded();
    let context = cleanup_context(&cancel, cleanup_budget.start());
    let mut fence = None;
    let failed = |fence, error| AbortOutcome { fence, failure: Some(error) };
    let mut delay = FIRST_DELAY;
    for _ in 0..limits::ABORT_ATTEMPTS_MAX {
        match send_abort(service, target, &context) {
            Ok(seen) => fence = fence.or(Some(seen)),
            Err(error) => return failed(fence, error),
        }
        match has_parts(service, target, &context) {
            Ok(is_left) if safeguard!(SecondAbort, is_left) => {}
            Ok(_) => return AbortOutcome { fence, failure: None },
            Err(error) => return failed(fence, error),
        }
        if context.deadline.left().is_some_and(|left| left <= delay) {
            break;
        }
        cancel.wait(Deadline::after(delay));
        delay = delay.saturating_mul(2).min(LONGEST_DELAY);
    }
    failed(fence, Error::new(ErrorKind::Timeout, "the upload still has parts after it was aborted"))
}

/// Aborts after a failure before Complete, and adds to the error whether parts are left.
pub(crate) fn abort_after_error(
    service: &ServiceClient,
    target: &UploadTarget,
    scope: &CallScope,
    cleanup_budget: &CleanupBudget,
    error: Error,
) -> Error {
    let error = error.with_upload_id(target.upload_id.as_str());
    match abort(service, target, scope, cleanup_budget).failure {
        None => error.with_upload_aborted(),
        Some(cause) => {
            service.logger().warn(|| format!("abort failed: {cause}"));
            error.with_parts_left(true)
        }
    }
}

/// The context of requests that end an upload.
pub(super) fn cleanup_context(cancel: &Cancel, deadline: Deadline) -> OperationContext<'_> {
    OperationContext {
        deadline,
        attempts: AttemptLimit::Deadline,
        expected_failure: ExpectedFailure::NotFound,
        ..OperationContext::new(cancel)
    }
}

fn send_abort(
    service: &ServiceClient,
    target: &UploadTarget,
    context: &OperationContext<'_>,
) -> Result<Fence> {
    let UploadTarget { bucket, key, upload_id, headers, .. } = target;
    let request = AbortMultipartUpload::new(bucket, key, upload_id).with_headers(headers);
    match service.execute(&request, context) {
        Ok(outcome) if safeguard!(RetriedAbort, outcome.output.is_retry_without_upload) => {
            Ok(Fence::NoSuchUpload)
        }
        Ok(_) => Ok(Fence::Aborted),
        Err(failed) if is_no_such_upload(&failed.error) => Ok(Fence::NoSuchUpload),
        Err(failed) => Err(failed.error),
    }
}

fn has_parts(
    service: &ServiceClient,
    target: &UploadTarget,
    context: &OperationContext<'_>,
) -> Result<bool> {
    let UploadTarget { bucket, key, upload_id, headers, .. } = target;
    let request = ListParts::new(bucket, key, upload_id).with_headers(headers).with_max_parts(1);
    match service.execute(&request, context) {
        Ok(outcome) => Ok(!outcome.output.parts.is_empty()),
        Err(failed) if is_no_such_upload(&failed.error) => Ok(false),
        Err(failed) => Err(failed.error),
    }
}

/// Returns true if OSS itself responded that the upload does not exist. A 404 without its error
/// document and request ID comes from a proxy or gateway and proves nothing.
pub(crate) fn is_no_such_upload(error: &Error) -> bool {
    let is_foreign = safeguard!(
        OwnDocument,
        error.oss_code() != Some("NoSuchUpload") || error.request_id().is_none()
    );
    error.http_status() == Some(404) && !is_foreign
}

/// Adds to NoSuchUpload of an upload that another call has initiated that it may have been completed.
pub(crate) fn or_completed(error: Error) -> Error {
    if !is_no_such_upload(&error) {
        return error;
    }
    error
        .with_object_exists(ObjectExists::Unknown)
        .with_remedy("it was completed or aborted; HeadObject shows the object")
}

const FIRST_DELAY: Duration = Duration::from_millis(50);
const LONGEST_DELAY: Duration = Duration::from_secs(1);
