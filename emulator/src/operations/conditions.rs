//! Conditional headers of reads and of copy sources.

use crate::clock::parse_http_date;
use crate::error::OssError;
use crate::operation_request::{OperationRequest, same_etag};
use crate::store::VersionRecord;

/// Names of the four conditional headers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    pub(super) matches: &'static str,
    pub(super) none_match: &'static str,
    pub(super) modified_since: &'static str,
    pub(super) unmodified_since: &'static str,
}

pub(super) const READ: Names = Names {
    matches: "if-match",
    none_match: "if-none-match",
    modified_since: "if-modified-since",
    unmodified_since: "if-unmodified-since",
};

pub(super) const COPY: Names = Names {
    matches: "x-oss-copy-source-if-match",
    none_match: "x-oss-copy-source-if-none-match",
    modified_since: "x-oss-copy-source-if-modified-since",
    unmodified_since: "x-oss-copy-source-if-unmodified-since",
};

/// Checks the conditions; 412 takes precedence over 304. Invalid dates are ignored.
pub(super) fn check(
    request: &OperationRequest,
    names: Names,
    version: &VersionRecord,
) -> Result<(), OssError> {
    let date = |name: &str| request.header(name).and_then(|text| parse_http_date(&text));
    let etag = |name: &str| request.header(name).map(|sent| matches_any(&sent, &version.etag));
    if etag(names.matches) == Some(false) {
        return Err(OssError::precondition_failed(names.matches));
    }
    if date(names.unmodified_since).is_some_and(|limit| limit < version.modified) {
        return Err(OssError::precondition_failed(names.unmodified_since));
    }
    let unchanged = etag(names.none_match) == Some(true)
        || date(names.modified_since).is_some_and(|since| since >= version.modified);
    if unchanged {
        Err(OssError::not_modified().header("etag", format!("\"{}\"", version.etag)))
    } else {
        Ok(())
    }
}

fn matches_any(list: &str, etag: &str) -> bool {
    list.split(',').any(|sent| sent.trim() == "*" || same_etag(sent, etag))
}
