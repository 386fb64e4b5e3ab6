//! Determines the outcome of a request that creates an object at once, and whose response was lost.

use crate::error::{Error, ObjectExists, Result};
use crate::ops::HeadObjectResult;
use crate::runtime::Deadline;
use crate::service::{
    AttemptLimit, ExpectedFailure, OperationContext, OperationError, ServiceClient,
};
use crate::upload::call_scope::CallScope;
use crate::upload::lifecycle::stored_object::{ExpectedObject, StoredObject};

/// Returns the object if HeadObject shows that the request has created it, otherwise the error of
/// the request.
///
/// There is no fence: HeadObject can prove that the object was created, but the contrary only if
/// another object made OSS refuse the request.
pub(crate) fn determine(
    service: &ServiceClient,
    failed: OperationError,
    expected: &ExpectedObject<'_>,
    scope: &CallScope,
) -> Result<Box<HeadObjectResult>> {
    let context = head_context(service, scope);
    // If no earlier attempt can have created the object, another one made OSS refuse the request:
    // the caller, or a rule of the bucket, forbids replacing it.
    let is_refused = !failed.earlier_attempts.may_have_taken_effect()
        && matches!(failed.error.http_status(), Some(409 | 412));
    let error = failed.error;
    match expected.find(service, &context) {
        // An identical object may have been stored in the same second by another call.
        Ok(StoredObject::Ours(_)) if is_refused => Err(error),
        Ok(StoredObject::Ours(object)) => {
            service.logger().info(|| "the response was lost; the object exists".to_owned());
            Ok(object)
        }
        Ok(StoredObject::Other | StoredObject::Absent) if is_refused => {
            Err(error.with_object_exists(ObjectExists::No))
        }
        Ok(StoredObject::Other | StoredObject::Absent) => Err(error),
        Err(cause) => Err(not_determined(service, error, &cause)),
    }
}

/// Logs why the outcome remains unknown, and returns the error of the request.
pub(crate) fn not_determined(service: &ServiceClient, error: Error, cause: &Error) -> Error {
    service.logger().warn(|| format!("the outcome could not be determined: {cause}"));
    error
}

/// The context of HeadObject after such a request.
pub(crate) fn head_context<'a>(
    service: &ServiceClient,
    scope: &'a CallScope,
) -> OperationContext<'a> {
    OperationContext {
        deadline: scope.deadline.earlier(Deadline::after(service.abort_timeout())),
        attempts: AttemptLimit::Deadline,
        expected_failure: ExpectedFailure::NotFound,
        ..OperationContext::new(&scope.cancel)
    }
}
