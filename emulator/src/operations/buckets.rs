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

/// PutBucket. For an existing bucket of the owner it only sets the ACL.
pub(super) async fn put(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let acl = acl_header(request)?;
    let body = request.body.document().await?;
    let configuration = match body.is_empty() {
        true => Element::default(),
        false => Element::parse(&body, "CreateBucketConfiguration")
            .ok_or_else(OssError::malformed_xml)?,
    };
    let existing = request.store().bucket(&request.bucket);
    let is_new = existing.is_none();
    let mut record = existing.unwrap_or_else(|| BucketRecord::new(request.now));
    let class = configuration.first("StorageClass");
    let redundancy = configuration.first("DataRedundancyType");
    if is_new {
        check_bucket_count(request)?;
        class.into_iter().for_each(|class| class.clone_into(&mut record.storage_class));
        redundancy.into_iter().for_each(|kind| kind.clone_into(&mut record.redundancy));
    } else if class.is_some_and(|class| class != record.storage_class) {
        return Err(exists(request, "Cannot modify existing bucket's storage class.").into());
    } else if redundancy.is_some_and(|kind| kind != record.redundancy) {
        let message = "Bucket already exists can't modify data redundancy type.";
        return Err(exists(request, message).into());
    }
    acl.into_iter().for_each(|acl| record.acl = acl);
    request.store().put_bucket(&request.bucket, record)?;
    Ok(OssResponse::ok().header("location", format!("/{}", request.bucket)))
}

/// PutBucketAcl.
pub(super) async fn put_acl(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let acl = acl_header(request)?
        .ok_or_else(|| OssError::argument("x-oss-acl", "", "The bucket ACL is missing."))?;
    request.discard_body().await?;
    let mut record = record(request)?;
    record.acl = acl;
    request.store().put_bucket(&request.bucket, record)?;
    Ok(OssResponse::ok())
}

/// HeadBucket: whether the bucket exists and may be read.
pub(super) async fn head(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    request.discard_body().await?;
    record(request)?;
    Ok(OssResponse::ok())
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

fn acl_header(request: &OperationRequest) -> Result<Option<String>, OssError> {
    let allowed = ["private", "public-read", "public-read-write"];
    match request.header("x-oss-acl") {
        Some(acl) if !allowed.contains(&acl.as_str()) => {
            Err(OssError::argument("x-oss-acl", &acl, "The bucket ACL is not valid."))
        }
        acl => Ok(acl),
    }
}

fn check_bucket_count(request: &OperationRequest) -> Result<(), OssError> {
    if request.store().buckets().len() < MAX_BUCKETS {
        return Ok(());
    }
    Err(OssError::bad_request(
        "TooManyBuckets",
        "You have attempted to create more buckets than allowed.",
    ))
}

fn exists(request: &OperationRequest, message: &str) -> OssError {
    OssError::bucket_already_exists(&request.bucket, message)
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
