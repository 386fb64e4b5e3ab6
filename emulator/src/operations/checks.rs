//! Checks shared by several operations: names, unsupported headers, traffic limit.

use crate::error::OssError;
use crate::operation_request::OperationRequest;
use crate::route::Operation;
use crate::target::is_object_name;
use crate::traffic_limit::TrafficLimit;

/// Maximum size of a part, and of an object uploaded by PutObject.
pub(super) const MAX_BODY: u64 = 5 << 30;

/// Runs the checks that apply to every operation before its body is read.
pub(super) fn before_body(
    operation: Operation,
    request: &OperationRequest,
) -> Result<(), OssError> {
    if operation.is_object_operation() && !is_object_name(&request.key) {
        // OSS looks for the object of a HEAD without checking its name.
        if request.method == hyper::Method::HEAD && request.key.starts_with(['/', '\\']) {
            return Err(OssError::no_such_key(&request.key));
        }
        return Err(OssError::bad_request(
            "InvalidObjectName",
            "The specified object is not valid.",
        ));
    }
    if request.method == hyper::Method::PUT || request.method == hyper::Method::POST {
        let unsupported = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];
        let is_sent = |name: &&&str| {
            let is_ignored =
                operation == Operation::InitiateMultipartUpload && **name == "if-modified-since";
            request.headers.contains_key(**name) && !is_ignored
        };
        if let Some(name) = unsupported.iter().find(is_sent) {
            return Err(OssError::not_implemented(name));
        }
    }
    if let Some(encoding) = request.header("content-encoding")
        && encoding.split(',').any(|item| item.trim() == "aws-chunked")
    {
        return Err(OssError::argument(
            "Content-Encoding",
            &encoding,
            "The content encoding aws-chunked is not supported.",
        ));
    }
    Ok(())
}

/// Parses `x-oss-traffic-limit`, of the header or the query.
pub(super) fn traffic_limit(request: &OperationRequest) -> Result<Option<TrafficLimit>, OssError> {
    const NAME: &str = "x-oss-traffic-limit";
    let invalid = |value: &str, message| Err(OssError::argument(NAME, value, message));
    let value = match (request.header(NAME), request.query.value(NAME)) {
        (None, None) => return Ok(None),
        (Some(value), Some(_)) => {
            return invalid(
                &value,
                "The traffic limit must be in the header or the query, not both.",
            );
        }
        (Some(value), None) => value,
        (None, Some(value)) => value.to_owned(),
    };
    match TrafficLimit::parse(&value) {
        Some(limit) => Ok(Some(limit)),
        None => invalid(&value, "The traffic limit must be between 245760 and 838860800."),
    }
}

/// Returns the upload ID; a missing or empty one is NoSuchUpload.
pub(super) fn upload_id(request: &OperationRequest) -> Result<&str, OssError> {
    request
        .query
        .value("uploadId")
        .ok_or_else(|| OssError::no_such_upload("", Some("0017-00000244")))
}

/// Creates NoSuchUpload; a malformed upload ID has its own EC.
pub(super) fn no_such_upload(id: &str, ec: &'static str) -> OssError {
    let plausible =
        id.len() == 32 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    OssError::no_such_upload(id, Some(if plausible { ec } else { "0017-00000244" }))
}

/// Parses `partNumber`, 1 to 10000.
pub(super) fn part_number(request: &OperationRequest) -> Result<u32, OssError> {
    let Some(text) = request.query.value("partNumber") else {
        return Err(OssError::argument(
            "ResourceType",
            "partNumber",
            "The part number is missing.",
        )
        .ec("0017-00000219"));
    };
    match text.parse::<u32>() {
        Ok(number) if (1..=10_000).contains(&number) => Ok(number),
        _ => Err(OssError::argument(
            "PartNumber",
            text,
            "Part number must be an integer between 1 and 10000, inclusive.",
        )
        .ec("0017-00000220")),
    }
}
