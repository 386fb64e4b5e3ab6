//! The operations, one file each. An operation gets a request that is genuine and permitted, and
//! checks the rest in the order: key, parameters and headers, upload ID, body, its own rules.

mod abort_multipart_upload;
mod assembly;
mod attributes;
mod buckets;
mod callback;
mod checks;
mod complete_multipart_upload;
mod conditions;
mod delete_multiple_objects;
mod delete_object;
mod get_object;
mod head_object;
mod initiate_multipart_upload;
mod list_multipart_uploads;
mod list_object_versions;
mod list_objects;
mod list_parts;
mod listing;
mod object_headers;
mod owner;
mod part_list;
mod put_object;
mod range;
mod upload_part;
mod upload_part_copy;

use crate::call::Call;
use crate::error::RequestError;
use crate::response::OssResponse;
use crate::route::Operation;

pub(crate) async fn perform(
    operation: Operation,
    call: &mut Call,
) -> Result<OssResponse, RequestError> {
    checks::before_body(operation, call)?;
    match operation {
        Operation::ListBuckets => buckets::list(call).await,
        Operation::PutBucket => buckets::put(call).await,
        Operation::DeleteBucket => buckets::delete(call).await,
        Operation::GetBucketInfo => buckets::info(call).await,
        Operation::GetBucketAcl => buckets::acl(call).await,
        Operation::GetBucketLocation => buckets::location(call).await,
        Operation::PutBucketVersioning => buckets::put_versioning(call).await,
        Operation::GetBucketVersioning => buckets::versioning(call).await,
        Operation::ListObjects => list_objects::version_one(call).await,
        Operation::ListObjectsV2 => list_objects::version_two(call).await,
        Operation::ListObjectVersions => list_object_versions::run(call).await,
        Operation::DeleteMultipleObjects => delete_multiple_objects::run(call).await,
        Operation::ListMultipartUploads => list_multipart_uploads::run(call).await,
        Operation::InitiateMultipartUpload => initiate_multipart_upload::run(call).await,
        Operation::UploadPart => upload_part::run(call).await,
        Operation::UploadPartCopy => upload_part_copy::run(call).await,
        Operation::CompleteMultipartUpload => complete_multipart_upload::run(call).await,
        Operation::AbortMultipartUpload => abort_multipart_upload::run(call).await,
        Operation::ListParts => list_parts::run(call).await,
        Operation::PutObject => put_object::run(call).await,
        Operation::GetObject => get_object::run(call).await,
        Operation::HeadObject | Operation::GetObjectMeta => head_object::run(call).await,
        Operation::DeleteObject => delete_object::run(call).await,
    }
}
