//! Bucket operations and ListBuckets.

use hyper::StatusCode;

use super::owner;
use crate::clock::xml_date;
use crate::error::{OssError, RequestError};
use crate::operation_request::OperationRequest;
use crate::response::OssResponse;
use crate::store::{BucketRecord, DeleteBucketOutcome, Versioning};
use crate::xml_tree::Element;
use crate::xml_writer::Document;

const MAX_BUCKETS: usize = 100;

/// ListBuckets.
pub(super) async fn list(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let max = request.limit("max-keys", 100, 1000)?;
    request.discard_body().await?;
    let text = |name: &str| request.query.value(name).unwrap_or_default();
    let (prefix, marker) = (text("prefix"), text("marker"));
    let all = request.store().buckets();
    let found: Vec<_> =
        all.iter().filter(|(name, _)| name.starts_with(prefix) && name.as_str() > marker).collect();
    let count = found.len().min(usize::try_from(max).unwrap_or(usize::MAX));
    let page = found.get(..count).unwrap_or_default();
    let mut document = request.document("ListAllMyBucketsResult");
    document.element("Prefix", prefix);
    document.element("Marker", marker);
    document.element("MaxKeys", &max.to_string());
    document.element("IsTruncated", &(count < found.len()).to_string());
    if let Some((name, _)) = page.last().filter(|_| count < found.len()) {
        document.element("NextMarker", name);
    }
    owner::element(&mut document);
    document.open("Buckets");
    for (name, record) in page {
        document.open("Bucket");
        write_bucket(&mut document, request, name, record);
        document.element("Region", &request.service.region);
        document.element("StorageClass", &record.storage_class);
        document.close();
    }
    Ok(OssResponse::xml(document))
}

/// PutBucket.
pub(super) async fn put(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let acl = request.header("x-oss-acl");
    let allowed = ["private", "public-read", "public-read-write"];
    if let Some(acl) = acl.as_deref().filter(|acl| !allowed.contains(acl)) {
        return Err(OssError::argument("x-oss-acl", acl, "The bucket ACL is not valid.").into());
    }
    let body = request.body.document().await?;
    let mut record = BucketRecord::new(request.now);
    if !body.is_empty() {
        let configuration = Element::parse(&body, "CreateBucketConfiguration")
            .ok_or_else(OssError::malformed_xml)?;
        if let Some(class) = configuration.first("StorageClass") {
            class.clone_into(&mut record.storage_class);
        }
        if let Some(redundancy) = configuration.first("DataRedundancyType") {
            redundancy.clone_into(&mut record.redundancy);
        }
    }
    if let Some(acl) = acl {
        record.acl = acl;
    }
    if request.store().bucket(&request.bucket).is_some() {
        if request.options.put_own_bucket {
            return Ok(OssResponse::ok());
        }
        return Err(OssError::new(
            StatusCode::CONFLICT,
            "BucketAlreadyExists",
            "The requested bucket name is not available. Please select a different name and try \
             again.",
        )
        .with("BucketName", &request.bucket)
        .into());
    }
    if request.store().buckets().len() >= MAX_BUCKETS {
        return Err(OssError::bad_request(
            "TooManyBuckets",
            "You have attempted to create more buckets than allowed.",
        )
        .into());
    }
    request.store().put_bucket(&request.bucket, record)?;
    Ok(OssResponse::ok().header("location", format!("/{}", request.bucket)))
}

/// DeleteBucket.
pub(super) async fn delete(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    request.discard_body().await?;
    match request.store().delete_bucket(&request.bucket)? {
        DeleteBucketOutcome::Removed => Ok(OssResponse::new(StatusCode::NO_CONTENT)),
        DeleteBucketOutcome::Missing => Err(OssError::no_such_bucket(&request.bucket).into()),
        DeleteBucketOutcome::NotEmpty => Err(OssError::new(
            StatusCode::CONFLICT,
            "BucketNotEmpty",
            "The bucket has objects. Please delete them first.",
        )
        .with("BucketName", &request.bucket)
        .into()),
    }
}

/// GetBucketInfo.
pub(super) async fn info(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    request.discard_body().await?;
    let record = record(request)?;
    let mut document = request.document("BucketInfo");
    document.open("Bucket");
    write_bucket(&mut document, request, &request.bucket, &record);
    document.element("StorageClass", &record.storage_class);
    document.element("DataRedundancyType", &record.redundancy);
    document.element("AccessMonitor", "Disabled");
    document.element("TransferAcceleration", "Disabled");
    document.element("CrossRegionReplication", "Disabled");
    document.element("BlockPublicAccess", if record.acl == "private" { "true" } else { "false" });
    document.element("ResourceGroupId", "rg-default");
    document.element("Comment", "");
    if let Some(state) = versioning_text(record.versioning) {
        document.element("Versioning", state);
    }
    owner::element(&mut document);
    document.open("AccessControlList");
    document.element("Grant", &record.acl);
    document.close();
    document.open("ServerSideEncryptionRule");
    document.element("SSEAlgorithm", "None");
    document.close();
    Ok(OssResponse::xml(document))
}

/// GetBucketAcl.
pub(super) async fn acl(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    request.discard_body().await?;
    let record = record(request)?;
    let mut document = request.document("AccessControlPolicy");
    owner::element(&mut document);
    document.open("AccessControlList");
    document.element("Grant", &record.acl);
    Ok(OssResponse::xml(document))
}

/// GetBucketLocation.
pub(super) async fn location(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    request.discard_body().await?;
    record(request)?;
    let region = format!("oss-{}", request.service.region);
    Ok(OssResponse::xml(Document::with_text(
        "LocationConstraint",
        &region,
        request.options.xml_namespace,
    )))
}

/// GetBucketVersioning.
pub(super) async fn versioning(
    request: &mut OperationRequest,
) -> Result<OssResponse, RequestError> {
    request.discard_body().await?;
    let record = record(request)?;
    let mut document = request.document("VersioningConfiguration");
    if let Some(state) = versioning_text(record.versioning) {
        document.element("Status", state);
    }
    Ok(OssResponse::xml(document))
}

/// PutBucketVersioning.
pub(super) async fn put_versioning(
    request: &mut OperationRequest,
) -> Result<OssResponse, RequestError> {
    let body = request.body.document().await?;
    let configuration = Element::parse(&body, "VersioningConfiguration");
    let state = match configuration.as_ref().and_then(|element| element.first("Status")) {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        _ => return Err(OssError::malformed_xml().into()),
    };
    let mut record = record(request)?;
    record.versioning = state;
    request.store().put_bucket(&request.bucket, record)?;
    Ok(OssResponse::ok())
}

fn record(request: &OperationRequest) -> Result<BucketRecord, OssError> {
    request.store().bucket(&request.bucket).ok_or_else(|| OssError::no_such_bucket(&request.bucket))
}

fn versioning_text(state: Versioning) -> Option<&'static str> {
    match state {
        Versioning::Unset => None,
        Versioning::Enabled => Some("Enabled"),
        Versioning::Suspended => Some("Suspended"),
    }
}

/// Writes name, location, creation date and endpoints of a bucket.
fn write_bucket(
    document: &mut Document,
    request: &OperationRequest,
    name: &str,
    record: &BucketRecord,
) {
    let region = &request.service.region;
    document.element("Name", name);
    document.element("Location", &format!("oss-{region}"));
    document.element("CreationDate", &xml_date(record.created));
    document.element("ExtranetEndpoint", &format!("oss-{region}.aliyuncs.com"));
    document.element("IntranetEndpoint", &format!("oss-{region}-internal.aliyuncs.com"));
}
