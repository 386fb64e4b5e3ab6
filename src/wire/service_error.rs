//! Reads error responses: the `<Error>` document of OSS.
//!
//! It is in the body, as XML or JSON, or, if the response has no body, as base64 in `x-oss-err`.
//! Without a document, status and request ID remain.

use std::time::SystemTime;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::Value;

use super::excerpt::excerpt;
use super::{Element, Response, service_remedy};
use crate::codec::date;
use crate::error::{Error, ErrorKind, ObjectExists};
use crate::model::oss_header;

/// An error response of OSS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ServiceError {
    pub(crate) status: u16,
    /// Never empty: [`ServiceError::NO_DOCUMENT`] if the response has none.
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) request_id: String,
    /// The detailed error code. Its values may change, so no decision depends on it.
    pub(crate) ec: String,
    /// The server's clock, used to correct clock skew.
    pub(crate) server_time: Option<SystemTime>,
    /// The target of a redirect, which is not followed.
    pub(crate) location: String,
    /// The other elements of the document, which depend on the code.
    pub(crate) fields: Vec<(String, String)>,
    /// The beginning of a body that is not an error document.
    pub(crate) excerpt: String,
    /// The current version of the object is a delete marker.
    pub(crate) is_delete_marker: bool,
}

impl ServiceError {
    /// The code of a response without a readable document; the official SDKs use the same.
    pub(crate) const NO_DOCUMENT: &'static str = "BadErrorResponse";

    /// Returns true if a proxy or gateway sent the response. OSS sends a document, or with HEAD at
    /// least its request ID.
    pub(crate) fn is_foreign(&self) -> bool {
        self.code == Self::NO_DOCUMENT && (self.request_id.is_empty() || !self.excerpt.is_empty())
    }

    pub(crate) fn read(response: &Response) -> Self {
        let document = if is_json(response) {
            json_fields(&response.body)
        } else {
            xml_fields(&response.body)
        }
        .or_else(|| hidden_fields(response));
        let mut error = Self {
            status: response.status,
            server_time: response.headers.get("date").and_then(date::parse_http_date),
            is_delete_marker: response.headers.get("x-oss-delete-marker") == Some("true"),
            location: response.headers.get("location").unwrap_or_default().to_owned(),
            ..Self::default()
        };
        match document {
            Some(fields) => error.fill(fields),
            None => {
                let compression = response.compression();
                error.excerpt = compression.unwrap_or_else(|| excerpt(&response.body));
            }
        }
        if error.code.is_empty() {
            Self::NO_DOCUMENT.clone_into(&mut error.code);
        }
        if error.request_id.is_empty() {
            response.request_id().clone_into(&mut error.request_id);
        }
        if error.ec.is_empty() {
            let header = response.headers.get(oss_header::EC);
            header.unwrap_or_default().clone_into(&mut error.ec);
        }
        error
    }

    /// Returns an element of the document, or "" if there is none of that name.
    pub(crate) fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    pub(crate) fn into_error(self) -> Error {
        let exists = if self.status == 203 { ObjectExists::Yes } else { ObjectExists::No };
        let part = self.field("PartNumber").parse().unwrap_or(0);
        Error::new(ErrorKind::Service, self.text())
            .with_argument(self.field("ArgumentName"))
            .with_part(part)
            .with_status(self.status)
            .with_object_exists(exists)
            .with_delete_marker(self.is_delete_marker)
            .with_cause(self.cause())
            .with_request_id(self.request_id)
            .with_service(self.code, self.message, self.ec)
    }

    fn fill(&mut self, fields: ErrorFields) {
        for (name, value) in fields {
            match name.as_str() {
                "Code" => self.code = value,
                "Message" => self.message = value,
                "RequestId" => self.request_id = value,
                "EC" => self.ec = value,
                name if SIGNATURE.iter().any(|start| name.starts_with(start)) => {}
                _ => self.fields.push((name, value)),
            }
        }
    }

    fn text(&self) -> String {
        let what = match self.status {
            203 => "the object is stored, but its callback failed",
            304 | 412 => "a condition was not met",
            300..400 => "redirect refused",
            _ => "refused by the service",
        };
        let endpoint = self.field("Endpoint");
        match service_remedy::remedy(self.status, &self.code, endpoint, &self.location) {
            Some(remedy) => format!("{what}; {remedy}"),
            None if self.is_foreign() => format!(
                "{what}; the response is not one of OSS: a proxy, a gateway or another server at \
                 the endpoint sent it"
            ),
            // The response to HeadObject has no body.
            None if self.status == 404 && self.code == Self::NO_DOCUMENT => {
                format!(
                    "{what}; there is no such object: check the bucket, the key and the version"
                )
            }
            None => what.to_owned(),
        }
    }

    /// Returns the details beyond code and message.
    fn cause(&self) -> String {
        let details = DETAILS.iter().map(|name| (*name, self.field(name)));
        details
            .chain([("Location", self.location.as_str()), ("body", self.excerpt.as_str())])
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name} {value}"))
            .collect::<Vec<_>>()
            .join("; ")
    }
}

/// The names and values of an error document, in document order.
type ErrorFields = Vec<(String, String)>;

fn xml_fields(bytes: &[u8]) -> Option<ErrorFields> {
    let root = Element::parse(bytes).ok().filter(|root| root.name() == "Error")?;
    let field = |child: &Element| (child.name().to_owned(), child.text().trim().to_owned());
    Some(root.all_children().map(field).collect())
}

fn hidden_fields(response: &Response) -> Option<ErrorFields> {
    let header = response.headers.get(oss_header::ERR)?;
    xml_fields(&BASE64_STANDARD.decode(header.trim()).ok()?)
}

fn is_json(response: &Response) -> bool {
    let kind = response.headers.get("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// Reads the same names from the object `Error` or from the top level.
fn json_fields(bytes: &[u8]) -> Option<ErrorFields> {
    let document: Value = serde_json::from_slice(bytes).ok()?;
    let document = document.get("Error").unwrap_or(&document).as_object()?;
    let fields = document.iter().filter_map(|(name, value)| {
        let value = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some((name.clone(), value))
    });
    Some(fields.collect())
}

/// Prefixes of the elements about a wrong signature. They are dropped, because they repeat the
/// headers of the request, including its security token.
const SIGNATURE: [&str; 4] = ["StringToSign", "CanonicalRequest", "Signature", "OSSAccessKeyId"];

/// The elements that help a person to find the mistake.
const DETAILS: [&str; 8] =
    ["ArgumentValue", "Header", "BucketName", "Key", "UploadId", "ETag", "Method", "ResourceType"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Headers;
    use proptest::collection::vec;
    use proptest::num::u8::ANY;
    use std::time::{Duration, UNIX_EPOCH};

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let mut header_fields = Headers::default();
        for (name, value) in headers {
            header_fields.append_received(name, (*value).to_owned());
        }
        Response { status, headers: header_fields, body: body.as_bytes().to_vec() }
    }

    const NO_SUCH_UPLOAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  \
        <Code>NoSuchUpload</Code>\n  <Message>The specified upload does not exist. The upload ID \
        may be invalid, or the upload may have been aborted or completed.</Message>\n  \
        <RequestId>5C3D9175B6FC201293AD4890</RequestId>\n  \
        <HostId>b.oss-cn-hangzhou.aliyuncs.com</HostId>\n  \
        <UploadId>0004B9894A22E5B1</UploadId>\n  <EC>0042-00000002</EC>\n  <RecommendDoc>https://api.aliyun.com/</RecommendDoc>\n</Error>";

    #[test]
    fn code_message_ids_and_details_are_read() {
        let error = ServiceError::read(&response(
            404,
            &[("Date", "Sat, 16 Dec 2023 16:20:57 GMT")],
            NO_SUCH_UPLOAD,
        ));
        assert_eq!(error.code, "NoSuchUpload");
        assert_eq!(error.request_id, "5C3D9175B6FC201293AD4890");
        assert_eq!(error.ec, "0042-00000002");
        assert_eq!(error.field("HostId"), "b.oss-cn-hangzhou.aliyuncs.com");
        assert_eq!(error.field("UploadId"), "0004B9894A22E5B1");
        assert_eq!(error.server_time, Some(UNIX_EPOCH + Duration::from_secs(1_702_743_657)));
        let error = error.into_error();
        assert_eq!((error.kind(), error.http_status()), (ErrorKind::Service, Some(404)));
        assert_eq!(error.oss_code(), Some("NoSuchUpload"));
        assert_eq!(error.cause(), Some("UploadId 0004B9894A22E5B1"));
        assert_eq!(error.object_exists(), ObjectExists::No);
    }

    #[test]
    fn the_response_to_head_has_the_document_in_a_header() {
        let hidden = BASE64_STANDARD.encode("<Error><Code>NoSuchKey</Code><Key>a</Key></Error>");
        let headers =
            [("x-oss-err", &*hidden), ("X-Oss-Ec", "0026-00000001"), ("x-oss-request-id", "ID")];
        let error = ServiceError::read(&response(404, &headers, ""));
        assert_eq!((error.code.as_str(), error.ec.as_str()), ("NoSuchKey", "0026-00000001"));
        assert_eq!((error.request_id.as_str(), error.field("Key")), ("ID", "a"));
    }

    #[test]
    fn a_document_may_be_json_inside_an_error_object_or_at_the_top() {
        let inner = r#"{"Code": "AccessDenied", "Message": " no ", "RequestId": "ID",
            "EC": "0003-00000001", "Key": "a", "PartNumber": 7, "StringToSign": "secret"}"#;
        for body in [inner.to_owned(), format!("{{\"Error\": {inner}}}")] {
            let headers = [("Content-Type", "application/JSON; charset=utf-8")];
            let error = ServiceError::read(&response(403, &headers, &body));
            assert_eq!((error.code.as_str(), error.message.as_str()), ("AccessDenied", "no"));
            assert_eq!((error.request_id.as_str(), error.ec.as_str()), ("ID", "0003-00000001"));
            assert_eq!((error.field("Key"), error.field("StringToSign")), ("a", ""));
            assert_eq!(error.into_error().part_number(), Some(7));
        }
    }

    #[test]
    fn json_is_read_only_with_its_content_type_and_only_as_an_object() {
        let code = |kind: &str, body: &str| {
            ServiceError::read(&response(403, &[("Content-Type", kind)], body)).code
        };
        let json = r#"{"Code": "AccessDenied"}"#;
        assert_eq!(code("application/json", json), "AccessDenied");
        assert_eq!(code("application/xml", json), ServiceError::NO_DOCUMENT);
        let xml = "<Error><Code>AccessDenied</Code></Error>";
        assert_eq!(code("application/xml", xml), "AccessDenied");
        for body in ["", "[]", "7", "{", r#"{"Error": "AccessDenied"}"#, r#"{"Code": {}}"#] {
            assert_eq!(code("application/json", body), ServiceError::NO_DOCUMENT, "{body}");
        }
    }

    #[test]
    fn the_body_takes_precedence_over_the_header() {
        let hidden = BASE64_STANDARD.encode("<Error><Code>B</Code></Error>");
        let received = response(404, &[("x-oss-err", &hidden)], "<Error><Code>A</Code></Error>");
        assert_eq!(ServiceError::read(&received).code, "A");
    }

    #[test]
    fn without_a_document_status_request_id_and_excerpt_remain() {
        for (status, headers, body) in [
            (502, vec![("x-oss-request-id", "ID")], "<html>\nBad Gateway"),
            (404, vec![("x-oss-err", "!!"), ("x-oss-request-id", "ID")], ""),
            (400, vec![("x-oss-request-id", "ID")], "<Error></Error>"),
        ] {
            let error = ServiceError::read(&response(status, &headers, body));
            assert_eq!(error.code, ServiceError::NO_DOCUMENT);
            assert_eq!(error.request_id, "ID");
        }
        let error = ServiceError::read(&response(502, &[], "<html>\nBad Gateway"));
        assert_eq!(error.into_error().cause(), Some("body <html> Bad Gateway"));
    }

    #[test]
    fn redirects_and_failed_conditions_have_their_own_text() {
        let received = response(307, &[("Location", "http://elsewhere/")], "");
        let error = ServiceError::read(&received).into_error();
        assert!(error.to_string().starts_with("redirect refused"), "{error}");
        assert_eq!(error.cause(), Some("Location http://elsewhere/"));
        let error = ServiceError::read(&response(304, &[], "")).into_error();
        assert!(error.to_string().starts_with("a condition was not met"), "{error}");
    }

    #[test]
    fn a_failed_callback_leaves_an_object() {
        let received = response(203, &[], "<Error><Code>CallbackFailed</Code></Error>");
        let error = ServiceError::read(&received).into_error();
        assert_eq!(error.object_exists(), ObjectExists::Yes);
    }

    #[test]
    fn request_headers_quoted_in_signature_errors_are_dropped() {
        let body = "<Error><Code>SignatureDoesNotMatch</Code><OSSAccessKeyId>LTAI</OSSAccessKeyId>\
            <SignatureProvided>ab</SignatureProvided><StringToSign>x</StringToSign>\
            <StringToSignBytes>78</StringToSignBytes><CanonicalRequest>PUT x-oss-security-token:s\
            </CanonicalRequest><EC>0002-00000201</EC></Error>";
        let error = ServiceError::read(&response(403, &[], body));
        assert!(error.fields.is_empty());
        assert_eq!(error.ec, "0002-00000201");
    }

    #[test]
    fn the_argument_and_the_part_are_named() {
        let body = "<Error><Code>InvalidArgument</Code><ArgumentName>PartNumber</ArgumentName>\
            <ArgumentValue>0</ArgumentValue></Error>";
        let error = ServiceError::read(&response(400, &[], body)).into_error();
        assert_eq!(
            (error.argument(), error.cause()),
            (Some("PartNumber"), Some("ArgumentValue 0"))
        );
        let body = "<Error><Code>InvalidPart</Code><PartNumber>7</PartNumber></Error>";
        let error = ServiceError::read(&response(400, &[], body)).into_error();
        assert_eq!(error.part_number(), Some(7));
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_it_panic(body in vec(ANY, 0..600)) {
            for kind in ["application/xml", "application/json"] {
                let mut received = response(500, &[("Content-Type", kind)], "");
                received.body.clone_from(&body);
                let error = ServiceError::read(&received);
                proptest::prop_assert!(!error.code.is_empty());
            }
        }
    }
}
