//! Access control for requesters other than the owner: ACLs and requester-pays.

use crate::error::OssError;
use crate::route::Operation;
use crate::store::{BucketRecord, Store};

/// Identity of a requester.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Requester {
    pub(crate) signed: bool,
    pub(crate) is_owner: bool,
    /// Whether `x-oss-request-payer: requester` was sent.
    pub(crate) pays: bool,
}

/// Checks whether the requester may execute the operation. `bucket` is `None` for service
/// operations.
pub(crate) fn check_access(
    requester: Requester,
    operation: Operation,
    store: &Store,
    bucket: Option<(&str, &BucketRecord)>,
    key: &str,
) -> Result<(), OssError> {
    if requester.is_owner {
        return Ok(());
    }
    let denied = || {
        let message = if requester.signed {
            "You have no right to access this object because of bucket acl."
        } else {
            "Anonymous access is forbidden for this operation."
        };
        Err(OssError::access_denied(message))
    };
    let Some((name, record)) = bucket else { return denied() };
    if operation == Operation::PutBucket && requester.signed {
        return Err(OssError::bucket_already_exists(
            name,
            "The requested bucket name is not available. Please select a different name and try \
             again.",
        ));
    }
    if operation.is_owner_only() {
        return denied();
    }
    if record.requester_pays {
        return if requester.signed && requester.pays { Ok(()) } else { denied() };
    }
    let of_object = operation
        .is_object_operation()
        .then(|| store.current(name, key))
        .flatten()
        .and_then(|version| version.record.attributes.acl.clone())
        .filter(|acl| acl != "default");
    let acl = of_object.as_deref().unwrap_or(&record.acl);
    match acl {
        "public-read-write" => Ok(()),
        "public-read" if !operation.writes() => Ok(()),
        _ => denied(),
    }
}
