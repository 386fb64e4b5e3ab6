//! The operations, one file each. An operation gets a request that is genuine and permitted, and
//! checks the rest in the order: key, parameters and headers, upload ID, body, its own rules.

mod abort_multipart_upload;
mod attributes;
mod checks;
mod complete_multipart_upload;
mod conditions;
mod get_object;
mod head_object;
mod initiate_multipart_upload;
mod list_multipart_uploads;
mod list_parts;
mod listing;
mod object_headers;
mod part_list;
mod put_object;
mod range;
mod upload_part;

use crate::call::Call;
use crate::error::{OssError, Refusal};
use crate::reply::Reply;
use crate::route::Operation;

pub(crate) async fn perform(operation: Operation, call: &mut Call) -> Result<Reply, Refusal> {
    checks::before_body(operation, call)?;
    match operation {
        Operation::InitiateMultipartUpload => initiate_multipart_upload::run(call).await,
        Operation::UploadPart => upload_part::run(call).await,
        Operation::CompleteMultipartUpload => complete_multipart_upload::run(call).await,
        Operation::AbortMultipartUpload => abort_multipart_upload::run(call).await,
        Operation::ListParts => list_parts::run(call).await,
        Operation::ListMultipartUploads => list_multipart_uploads::run(call).await,
        Operation::PutObject => put_object::run(call).await,
        Operation::GetObject => get_object::run(call).await,
        Operation::HeadObject | Operation::GetObjectMeta => head_object::run(call).await,
        _ => Err(OssError::not_implemented(&operation.name()).into()),
    }
}
