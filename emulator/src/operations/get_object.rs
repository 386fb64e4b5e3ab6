//! GetObject.

use hyper::StatusCode;

use super::conditions::{self, READ};
use super::object_headers::{describe, find};
use super::range::{Selected, of_read};
use crate::error::{OssError, RequestError};
use crate::operation_request::OperationRequest;
use crate::response::{Content, OssResponse};

const OVERRIDES: &[&str] = &[
    "content-type",
    "content-language",
    "expires",
    "cache-control",
    "content-disposition",
    "content-encoding",
];

pub(super) async fn run(request: &mut OperationRequest) -> Result<OssResponse, RequestError> {
    let overrides = overrides(request)?;
    request.discard_body().await?;
    let version = find(request)?;
    conditions::check(request, READ, &version.record)?;
    let size = version.record.size;
    let standard = request.header("x-oss-range-behavior").as_deref() == Some("standard");
    let selected =
        request.header("range").map_or(Selected::Whole, |header| of_read(&header, size, standard));
    let mut response = describe(request, &version);
    let (start, length) = match selected {
        Selected::Whole => (0, size),
        Selected::Slice(start, length) => {
            response.status = StatusCode::PARTIAL_CONTENT;
            let last = start + length - 1;
            response.set("content-range", &format!("bytes {start}-{last}/{size}"));
            (start, length)
        }
        Selected::Unsatisfiable => {
            return Err(OssError::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "InvalidRange",
                "The requested range cannot be satisfied.",
            )
            .with("ActualObjectSize", size.to_string())
            .with("RangeRequested", request.header("range").unwrap_or_default())
            .header("content-range", format!("bytes */{size}"))
            .into());
        }
    };
    let limit = request.traffic_limit;
    if let Some(limit) = limit {
        response.set_delay(limit.time_for(length));
    }
    overrides.iter().for_each(|(name, value)| response.set(name, value));
    response.content = Content::Blobs { blobs: version.blobs.clone(), start, length, limit };
    Ok(response)
}

/// Returns the response headers set by `response-*` parameters; signed requests only.
fn overrides(request: &OperationRequest) -> Result<Vec<(&'static str, String)>, OssError> {
    let mut found = Vec::new();
    for name in OVERRIDES {
        let parameter = format!("response-{name}");
        let Some(value) = request.query.value(&parameter) else { continue };
        if !request.signed {
            return Err(OssError::bad_request(
                "InvalidRequest",
                "Response headers cannot be overridden by anonymous requests.",
            ));
        }
        found.push((*name, value.to_owned()));
    }
    Ok(found)
}
