//! Failures as JSON.

use ossmpu::Error;
use serde::Serialize;

use crate::failure::{Failure, Subject};

/// A failure as `{"error": {...}}`, with every field of the library's error. Unknown fields are
/// null.
#[derive(Debug, Serialize)]
pub struct ErrorJson<'a> {
    error: Fields<'a>,
}

#[derive(Debug, Serialize)]
struct Fields<'a> {
    kind: &'static str,
    message: String,
    source: Option<&'a str>,
    target: Option<&'a str>,
    #[serde(flatten)]
    library: LibraryFields<'a>,
}

/// All `None` for an error that is not of the library.
#[derive(Debug, Default, Serialize)]
struct LibraryFields<'a> {
    operation: Option<&'static str>,
    phase: Option<&'static str>,
    argument: Option<&'a str>,
    host: Option<&'a str>,
    http_status: Option<u16>,
    oss_code: Option<&'a str>,
    oss_message: Option<&'a str>,
    ec: Option<&'a str>,
    request_id: Option<&'a str>,
    part_number: Option<u16>,
    attempts: Option<u32>,
    bytes_sent: Option<u64>,
    throttled_ms: Option<u64>,
    os_errno: Option<i32>,
    cause: Option<&'a str>,
    retryable: Option<bool>,
    upload_id: Option<&'a str>,
    parts_left: Option<bool>,
    upload_may_exist: Option<bool>,
    object_exists: Option<&'static str>,
}

impl<'a> ErrorJson<'a> {
    pub fn new(failure: &'a Failure) -> Self {
        let (source, target, library) = match failure {
            Failure::Library(Subject { source, target }, error)
            | Failure::Callback(Subject { source, target }, error) => {
                (source.as_deref(), target.as_deref(), LibraryFields::new(error))
            }
            Failure::Usage(_) | Failure::System(..) | Failure::Output(_) => {
                (None, None, LibraryFields::default())
            }
        };
        let (kind, message) = (failure.kind(), failure.to_string());
        Self { error: Fields { kind, message, source, target, library } }
    }

    /// An error of the command line parser.
    pub fn usage(message: String) -> Self {
        let (source, target, library) = (None, None, LibraryFields::default());
        Self { error: Fields { kind: "usage", message, source, target, library } }
    }
}

impl<'a> LibraryFields<'a> {
    fn new(error: &'a Error) -> Self {
        Self {
            operation: error.operation(),
            phase: error.phase().map(ossmpu::Phase::as_str),
            argument: error.argument(),
            host: error.host(),
            http_status: error.http_status(),
            oss_code: error.oss_code(),
            oss_message: error.oss_message(),
            ec: error.ec(),
            request_id: error.request_id(),
            part_number: error.part_number(),
            attempts: Some(error.attempts()),
            bytes_sent: Some(error.bytes_sent()),
            throttled_ms: Some(error.throttled_ms()),
            os_errno: error.os_errno(),
            cause: error.cause(),
            retryable: Some(error.is_retryable()),
            upload_id: error.upload_id(),
            parts_left: Some(error.parts_left()),
            upload_may_exist: Some(error.upload_may_exist()),
            object_exists: Some(error.object_exists().as_str()),
        }
    }
}
