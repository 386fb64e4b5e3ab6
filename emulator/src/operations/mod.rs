//! The operations, one file each. An operation receives an authorized request and checks, in this
//! order: key, parameters and headers, upload ID, body, operation-specific rules.

mod abort_multipart_upload;
mod attributes;
mod buckets;
mod callback;
mod callback_address;
mod checks;
mod complete_multipart_upload;
mod conditions;
mod copy_object;
mod delete_multiple_objects;
mod delete_object;
mod get_object;
mod get_object_tagging;
mod head_object;
mod initiate_multipart_upload;
mod list_multipart_uploads;
mod list_object_versions;
mod list_objects;
mod list_parts;
mod listing;
mod object_assembly;
mod object_headers;
mod owner;
mod part_list;
mod put_object;
mod range;
mod upload_part;
mod upload_part_copy;

use crate::error::RequestError;
use crate::operation_request::OperationRequest;
use crate::response::OssResponse;
use crate::route::Operation;

pub(crate) async fn perform(
    operation: Operation,
    request: &mut OperationRequest,
) -> Result<OssResponse, RequestError> {
    checks::before_body(operation, request)?;
    request.traffic_limit = checks::traffic_limit(request)?;
    request.traffic_limit.into_iter().for_each(|limit| request.body.limit(limit));
    match operation {
        Operation::ListBuckets => buckets::list(request).await,
        Operation::PutBucket => buckets::put(request).await,
        Operation::DeleteBucket => buckets::delete(request).await,
        Operation::HeadBucket => buckets::head(request).await,
        Operation::GetBucketInfo => buckets::info(request).await,
        Operation::GetBucketAcl => buckets::acl(request).await,
        Operation::PutBucketAcl => buckets::put_acl(request).await,
        Operation::GetBucketLocation => buckets::location(request).await,
        Operation::PutBucketVersioning => buckets::put_versioning(request).await,
        Operation::GetBucketVersioning => buckets::versioning(request).await,
        Operation::ListObjects => list_objects::version_one(request).await,
        Operation::ListObjectsV2 => list_objects::version_two(request).await,
        Operation::ListObjectVersions => list_object_versions::run(request).await,
        Operation::DeleteMultipleObjects => delete_multiple_objects::run(request).await,
        Operation::ListMultipartUploads => list_multipart_uploads::run(request).await,
        Operation::InitiateMultipartUpload => initiate_multipart_upload::run(request).await,
        Operation::UploadPart => upload_part::run(request).await,
        Operation::UploadPartCopy => upload_part_copy::run(request).await,
        Operation::CompleteMultipartUpload => complete_multipart_upload::run(request).await,
        Operation::AbortMultipartUpload => abort_multipart_upload::run(request).await,
        Operation::ListParts => list_parts::run(request).await,
        Operation::PutObject => put_object::run(request).await,
        Operation::CopyObject => copy_object::run(request).await,
        Operation::GetObject => get_object::run(request).await,
        Operation::GetObjectTagging => get_object_tagging::run(request).await,
        Operation::HeadObject | Operation::GetObjectMeta => head_object::run(request).await,
        Operation::DeleteObject => delete_object::run(request).await,
    }
}
