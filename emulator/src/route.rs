//! Routing of requests to operations.

use hyper::{HeaderMap, Method};

use crate::error::OssError;
use crate::query::Query;
use crate::target::Target;

/// The supported operations, named as in the OSS API reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    ListBuckets,
    PutBucket,
    DeleteBucket,
    HeadBucket,
    GetBucketInfo,
    GetBucketAcl,
    PutBucketAcl,
    GetBucketLocation,
    PutBucketVersioning,
    GetBucketVersioning,
    ListObjects,
    ListObjectsV2,
    ListObjectVersions,
    DeleteMultipleObjects,
    ListMultipartUploads,
    InitiateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    ListParts,
    PutObject,
    CopyObject,
    GetObject,
    GetObjectTagging,
    HeadObject,
    GetObjectMeta,
    DeleteObject,
}

impl Operation {
    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }

    /// Returns whether the operation modifies data; `public-read` does not permit it then.
    pub(crate) fn writes(self) -> bool {
        matches!(
            self,
            Self::PutBucket
                | Self::DeleteBucket
                | Self::PutBucketAcl
                | Self::PutBucketVersioning
                | Self::DeleteMultipleObjects
                | Self::InitiateMultipartUpload
                | Self::UploadPart
                | Self::UploadPartCopy
                | Self::CompleteMultipartUpload
                | Self::AbortMultipartUpload
                | Self::PutObject
                | Self::CopyObject
                | Self::DeleteObject
        )
    }

    /// Returns whether only the bucket owner may execute the operation.
    pub(crate) fn is_owner_only(self) -> bool {
        matches!(
            self,
            Self::ListBuckets
                | Self::PutBucket
                | Self::DeleteBucket
                | Self::GetBucketInfo
                | Self::GetBucketAcl
                | Self::PutBucketAcl
                | Self::GetBucketLocation
                | Self::PutBucketVersioning
                | Self::GetBucketVersioning
        )
    }

    /// Returns whether the request needs `Content-Length` or a chunked body.
    pub(crate) fn needs_length(self) -> bool {
        matches!(self, Self::UploadPart | Self::PutObject)
    }

    pub(crate) fn is_object_operation(self) -> bool {
        matches!(
            self,
            Self::InitiateMultipartUpload
                | Self::UploadPart
                | Self::UploadPartCopy
                | Self::CompleteMultipartUpload
                | Self::AbortMultipartUpload
                | Self::ListParts
                | Self::PutObject
                | Self::CopyObject
                | Self::GetObject
                | Self::GetObjectTagging
                | Self::HeadObject
                | Self::GetObjectMeta
                | Self::DeleteObject
        )
    }

    pub(crate) fn of(
        method: &Method,
        target: &Target,
        query: &Query,
        headers: &HeaderMap,
    ) -> Result<Self, OssError> {
        let operation = match (&target.bucket, &target.key) {
            (None, _) => Self::of_service(method),
            (Some(_), None) => Self::of_bucket(method, query),
            (Some(_), Some(_)) => Self::of_object(method, query, headers),
        };
        let (resource, allow) = match (&target.bucket, &target.key) {
            (None, _) => ("Service", "GET"),
            (Some(_), None) => ("Bucket", "GET, HEAD, PUT, DELETE, POST"),
            (Some(_), Some(_)) => ("Object", "GET, HEAD, PUT, POST, DELETE"),
        };
        let operation = operation
            .ok_or_else(|| OssError::method_not_allowed(method.as_str(), resource, allow))?;
        let changes_bucket = matches!(operation, Self::PutBucket | Self::DeleteBucket);
        let unsupported = |(name, value): &&(String, String)| {
            UNSUPPORTED.contains(&name.as_str())
                || (name == "tagging" && operation != Self::GetObjectTagging)
                || (changes_bucket && value.is_empty() && !name.starts_with("x-oss-"))
        };
        match query.0.iter().find(unsupported) {
            Some((name, _)) => Err(OssError::not_implemented(name)),
            None if operation.is_object_operation() && query.has("acl") => {
                Err(OssError::not_implemented("acl"))
            }
            None => Ok(operation),
        }
    }

    fn of_service(method: &Method) -> Option<Self> {
        (method == Method::GET).then_some(Self::ListBuckets)
    }

    fn of_bucket(method: &Method, query: &Query) -> Option<Self> {
        Some(match *method {
            Method::GET if query.has("uploads") => Self::ListMultipartUploads,
            Method::GET if query.has("bucketInfo") => Self::GetBucketInfo,
            Method::GET if query.has("acl") => Self::GetBucketAcl,
            Method::GET if query.has("location") => Self::GetBucketLocation,
            Method::GET if query.has("versioning") => Self::GetBucketVersioning,
            Method::GET if query.has("versions") => Self::ListObjectVersions,
            Method::GET if query.value("list-type") == Some("2") => Self::ListObjectsV2,
            Method::GET => Self::ListObjects,
            Method::PUT if query.has("versioning") => Self::PutBucketVersioning,
            Method::PUT if query.has("acl") => Self::PutBucketAcl,
            Method::PUT => Self::PutBucket,
            Method::HEAD => Self::HeadBucket,
            Method::DELETE => Self::DeleteBucket,
            Method::POST if query.has("delete") => Self::DeleteMultipleObjects,
            _ => return None,
        })
    }

    fn of_object(method: &Method, query: &Query, headers: &HeaderMap) -> Option<Self> {
        let of_part = query.has("uploadId") || query.has("partNumber");
        Some(match *method {
            Method::POST if query.has("uploads") => Self::InitiateMultipartUpload,
            Method::POST if query.has("uploadId") => Self::CompleteMultipartUpload,
            Method::PUT if of_part && headers.contains_key("x-oss-copy-source") => {
                Self::UploadPartCopy
            }
            Method::PUT if of_part => Self::UploadPart,
            Method::PUT if headers.contains_key("x-oss-copy-source") => Self::CopyObject,
            Method::PUT => Self::PutObject,
            Method::GET if query.has("uploadId") => Self::ListParts,
            Method::GET if query.has("tagging") => Self::GetObjectTagging,
            Method::GET => Self::GetObject,
            Method::HEAD if query.has("objectMeta") => Self::GetObjectMeta,
            Method::HEAD => Self::HeadObject,
            Method::DELETE if query.has("uploadId") => Self::AbortMultipartUpload,
            Method::DELETE => Self::DeleteObject,
            _ => return None,
        })
    }
}

/// Sub-resources that are not supported. They are rejected, because ignoring them would execute the
/// wrong operation: PutBucketLifecycle would be treated as PutBucket. PutBucket and DeleteBucket
/// reject all names without a value.
const UNSUPPORTED: &[&str] = &[
    "append",
    "cors",
    "encryption",
    "inventory",
    "lifecycle",
    "logging",
    "policy",
    "referer",
    "replication",
    "requestPayment",
    "restore",
    "stat",
    "symlink",
    "website",
    "worm",
    "x-oss-process",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &Method, key: Option<&str>, query: &str) -> Result<Operation, OssError> {
        let target =
            Target { bucket: Some("b".into()), key: key.map(str::to_owned), is_path_style: true };
        Operation::of(method, &target, &Query::parse(query).unwrap(), &HeaderMap::new())
    }

    #[test]
    fn the_query_decides_between_operations() {
        use Operation::*;
        let key = Some("k");
        let cases = [
            (Method::POST, key, "uploads=", InitiateMultipartUpload),
            (Method::POST, key, "uploadId=1", CompleteMultipartUpload),
            (Method::PUT, key, "uploadId=1&partNumber=1", UploadPart),
            (Method::PUT, key, "unknown=1", PutObject),
            (Method::GET, key, "uploadId=1", ListParts),
            (Method::GET, key, "tagging", GetObjectTagging),
            (Method::DELETE, key, "uploadId=1", AbortMultipartUpload),
            (Method::HEAD, key, "objectMeta", GetObjectMeta),
            (Method::GET, None, "uploads&max-uploads=1", ListMultipartUploads),
            (Method::GET, None, "list-type=2", ListObjectsV2),
            (Method::GET, None, "prefix=a", ListObjects),
            (Method::PUT, None, "acl", PutBucketAcl),
            (Method::PUT, None, "", PutBucket),
            (Method::HEAD, None, "", HeadBucket),
        ];
        for (method, key, query, expected) in cases {
            assert_eq!(route(&method, key, query), Ok(expected), "{method} {query}");
        }
    }

    #[test]
    fn unknown_methods_and_sub_resources_are_rejected() {
        assert_eq!(route(&Method::PATCH, Some("k"), "").unwrap_err().code, "MethodNotAllowed");
        for query in ["lifecycle", "transferAcceleration", "bucketInfo=", "style&styleName=a"] {
            assert_eq!(route(&Method::PUT, None, query).unwrap_err().code, "NotImplemented");
            assert_eq!(route(&Method::DELETE, None, query).unwrap_err().code, "NotImplemented");
        }
        assert_eq!(route(&Method::PUT, Some("k"), "tagging").unwrap_err().code, "NotImplemented");
        assert_eq!(route(&Method::GET, None, "tagging").unwrap_err().code, "NotImplemented");
    }
}
