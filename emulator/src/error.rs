//! Errors of the server: an OSS error document, or closing the connection without a response.
//!
//! `response.rs` writes an [`OssError`] as an error document. The EC numbers are those of the OSS
//! documentation; unknown ones are omitted.

use hyper::StatusCode;

/// Why a request did not succeed.
#[derive(Debug)]
pub(crate) enum RequestError {
    /// Respond with an error document.
    Oss(Box<OssError>),
    /// Close the connection without a response.
    Close,
    /// Reset the connection without a response.
    Reset,
}

impl From<OssError> for RequestError {
    fn from(error: OssError) -> Self {
        RequestError::Oss(Box::new(error))
    }
}

/// Maps an I/O error of the emulator to InternalError.
impl From<std::io::Error> for RequestError {
    fn from(error: std::io::Error) -> Self {
        OssError::internal(&error.to_string()).into()
    }
}

/// Contents of an error document: status, code, message and code-specific elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OssError {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) elements: Vec<(&'static str, String)>,
    pub(crate) ec: Option<&'static str>,
    pub(crate) headers: Vec<(String, String)>,
    /// Whether to close the connection after the response.
    pub(crate) close: bool,
}

impl OssError {
    pub(crate) fn new(status: StatusCode, code: &str, message: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
            elements: Vec::new(),
            ec: None,
            headers: Vec::new(),
            close: false,
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.elements.push((name, value.into()));
        self
    }

    pub(crate) fn ec(mut self, ec: &'static str) -> Self {
        self.ec = Some(ec);
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    pub(crate) fn bad_request(code: &str, message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn forbidden(code: &str, message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// 400 InvalidArgument with the name and value of the argument.
    pub(crate) fn argument(name: &str, value: &str, message: &str) -> Self {
        Self::bad_request("InvalidArgument", message)
            .with("ArgumentName", name)
            .with("ArgumentValue", value)
    }

    pub(crate) fn not_implemented(header: &str) -> Self {
        Self::bad_request(
            "NotImplemented",
            "A header you provided implies functionality that is not implemented.",
        )
        .with("Header", header)
    }

    pub(crate) fn access_denied(message: &str) -> Self {
        Self::forbidden("AccessDenied", message)
    }

    pub(crate) fn no_such_bucket(bucket: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NoSuchBucket", "The specified bucket does not exist.")
            .with("BucketName", bucket)
            .ec("0015-00000101")
    }

    pub(crate) fn bucket_already_exists(bucket: &str, message: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "BucketAlreadyExists", message).with("BucketName", bucket)
    }

    pub(crate) fn no_such_key(key: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.")
            .with("Key", key)
            .ec("0026-00000001")
    }

    pub(crate) fn no_such_version(key: &str, version: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NoSuchVersion", "The specified version does not exist.")
            .with("Key", key)
            .with("VersionId", version)
    }

    /// 404 NoSuchUpload; the EC depends on the operation.
    pub(crate) fn no_such_upload(upload_id: &str, ec: Option<&'static str>) -> Self {
        let mut error = Self::new(
            StatusCode::NOT_FOUND,
            "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may \
             have been aborted or completed.",
        )
        .with("UploadId", upload_id);
        error.ec = ec;
        error
    }

    pub(crate) fn file_already_exists() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "FileAlreadyExists",
            "The object you specified already exists and can not be overwritten.",
        )
    }

    pub(crate) fn precondition_failed(condition: &str) -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold.",
        )
        .with("Condition", condition)
    }

    /// 304, which has no document.
    pub(crate) fn not_modified() -> Self {
        Self::new(StatusCode::NOT_MODIFIED, "NotModified", "")
    }

    pub(crate) fn method_not_allowed(method: &str, resource: &str, allow: &str) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        )
        .with("Method", method)
        .with("ResourceType", resource)
        .header("Allow", allow)
    }

    pub(crate) fn malformed_xml() -> Self {
        Self::bad_request(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published \
             schema.",
        )
        .ec("0042-00000205")
    }

    pub(crate) fn request_timeout() -> Self {
        Self::bad_request(
            "RequestTimeout",
            "Your socket connection to the server was not read from or written to within the \
             timeout period.",
        )
        .closing()
    }

    pub(crate) fn internal(message: &str) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
    }
}
