//! CompleteMultipartUpload: creates an object from the parts.

use super::response::{ResponseHeaders, ResponseReader, non_empty};
use super::{
    CALLBACK_FAILED, CONTENT_MD5, ENCODING_TYPE, Effect, Operation, ResponseTimeout, RetrySafety,
    UPLOAD_ID, URL, md5_text, request,
};
use crate::codec::md5::md5;
use crate::error::{Error, Result};
use crate::model::{
    BucketName, ETag, ObjectHeaders, ObjectKey, PartNumber, RequestKind, UploadId, oss_header,
};
use crate::wire::{Body, Method, Request, Response, ServiceError, XmlWriter};

/// Creates an object from uploaded parts and ends the upload. Parts that are not listed are
/// deleted.
#[derive(Debug, Clone)]
pub struct CompleteMultipartUpload {
    bucket: BucketName,
    key: ObjectKey,
    upload_id: UploadId,
    parts: PartList,
    headers: ObjectHeaders,
}

/// A part for Complete, with the ETag from the response to its UploadPart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletedPart {
    /// The part number.
    pub number: PartNumber,
    /// The ETag of the part.
    pub etag: ETag,
}

/// The completed object.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CompleteMultipartUploadResult {
    /// The ETag of the object; may be `None` only with a callback.
    pub etag: Option<ETag>,
    /// The URL of the object; `None` with a callback.
    pub location: Option<String>,
    /// The CRC-64 of the object, if OSS returned it.
    pub crc64: Option<u64>,
    /// The version ID of the object; `None` if the bucket has no versioning.
    pub version_id: Option<String>,
    /// The body that the callback server returned; `None` without a callback.
    pub callback_body: Option<String>,
    /// Why the callback failed, if it did. The object is stored nevertheless.
    pub callback_error: Option<Error>,
    /// The header `x-oss-request-id`.
    pub request_id: Option<String>,
    /// All response headers, including those of server-side encryption.
    pub headers: ResponseHeaders,
}

#[derive(Debug, Clone)]
enum PartList {
    Listed(Vec<CompletedPart>),
    All,
}

impl CompleteMultipartUpload {
    /// Completes with those parts, in any order. An empty list creates an empty object.
    pub fn new(
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &UploadId,
        parts: Vec<CompletedPart>,
    ) -> Self {
        Self {
            bucket: bucket.clone(),
            key: key.clone(),
            upload_id: upload_id.clone(),
            parts: PartList::Listed(parts),
            headers: ObjectHeaders::new(),
        }
    }

    /// Completes with all uploaded parts.
    pub fn all(bucket: &BucketName, key: &ObjectKey, upload_id: &UploadId) -> Self {
        Self { parts: PartList::All, ..Self::new(bucket, key, upload_id, Vec::new()) }
    }

    /// Sets the ACL, the callback, forbid-overwrite and the request payer.
    #[must_use]
    pub fn with_headers(mut self, headers: &ObjectHeaders) -> Self {
        self.headers = headers.clone();
        self
    }

    /// The content type that was set. Only a presigned URL has one: for its signature.
    pub(crate) fn content_type(&self) -> Option<&str> {
        self.headers.content_type()
    }
}

impl CompleteMultipartUploadResult {
    /// Reads the headers, which is all there is besides the body of a callback.
    fn from_headers(response: &Response) -> Result<Self> {
        let reader = ResponseReader::new(response);
        let version = response.headers.get(oss_header::VERSION_ID);
        Ok(Self {
            etag: reader.etag_header().ok(),
            location: None,
            crc64: response.crc64()?,
            version_id: version.map(str::to_owned),
            callback_body: None,
            callback_error: None,
            request_id: non_empty(response.request_id()),
            headers: reader.headers(),
        })
    }
}

impl Operation for CompleteMultipartUpload {
    const NAME: &'static str = "CompleteMultipartUpload";
    const EFFECT: Effect = Effect::CreatesObject;
    type Output = CompleteMultipartUploadResult;

    fn request(&self) -> Result<Request> {
        let key = Some(&self.key);
        let request =
            request(Method::Post, &self.bucket, key, &self.headers, RequestKind::Complete)?
                .with_query(UPLOAD_ID, self.upload_id.as_str())
                .with_query(ENCODING_TYPE, URL);
        match &self.parts {
            PartList::All => request.with_header(oss_header::COMPLETE_ALL, "yes"),
            PartList::Listed(parts) => {
                let list = part_list(parts)?;
                let digest = *md5(list.as_bytes()).as_bytes();
                request
                    .with_body(Body::Text(list.into()))
                    .with_header(CONTENT_MD5, md5_text(digest))
            }
        }
    }

    /// Only a result with an ETag is a success: an error or a truncated document may have status
    /// 200. With a callback, its JSON replaces the document.
    fn parse(&self, response: &Response) -> Result<Self::Output> {
        let reader = ResponseReader::new(response);
        let result = CompleteMultipartUploadResult::from_headers(response)?;
        let with_callback = self.headers.has_callback();
        if with_callback && response.status == CALLBACK_FAILED {
            let callback_error = Some(reader.callback_error()?);
            return Ok(CompleteMultipartUploadResult { callback_error, ..result });
        }
        let is_document = response.body.trim_ascii_start().starts_with(b"<");
        if with_callback && !is_document {
            let callback_body = Some(reader.callback_body()?);
            return Ok(CompleteMultipartUploadResult { callback_body, ..result });
        }
        let document = reader.document("CompleteMultipartUploadResult")?;
        Ok(CompleteMultipartUploadResult {
            etag: Some(document.etag(&document.root)?),
            location: non_empty(document.name(&document.root, "Location")?),
            ..result
        })
    }

    /// An earlier attempt has ended the upload and created the object.
    fn refused_by_own_effect(&self, refusal: &ServiceError) -> bool {
        matches!(refusal.status, 404 | 409 | 412)
    }

    fn retry_safety(&self) -> RetrySafety {
        RetrySafety::UnsafeAfterEffect
    }

    fn response_timeout(&self) -> ResponseTimeout {
        ResponseTimeout::Complete
    }

    fn upload_id(&self) -> &str {
        self.upload_id.as_str()
    }
}

/// Writes the list for OSS, sorted by part number; refuses duplicates.
fn part_list(parts: &[CompletedPart]) -> Result<String> {
    let mut parts: Vec<_> = parts.iter().collect();
    parts.sort_by_key(|part| part.number);
    for pair in parts.windows(2) {
        if let [first, second] = pair
            && first.number == second.number
        {
            let text = format!("part {} is listed twice", first.number);
            return Err(Error::invalid("parts", text));
        }
    }
    let mut xml = XmlWriter::new();
    xml.start("CompleteMultipartUpload");
    for part in parts {
        xml.start("Part");
        xml.text_element("PartNumber", &part.number.to_string());
        xml.text_element("ETag", part.etag.as_str());
        xml.end();
    }
    Ok(xml.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::ops::tests::{body_of, bucket, key, ok, query_of, response, upload};
    use crate::wire::Headers;

    fn part(number: u16, etag: &str) -> CompletedPart {
        CompletedPart { number: PartNumber::new(number).unwrap(), etag: ETag::parse(etag).unwrap() }
    }

    fn operation(parts: Vec<CompletedPart>) -> CompleteMultipartUpload {
        CompleteMultipartUpload::new(&bucket(), &key(), &upload(), parts)
    }

    fn with_callback() -> CompleteMultipartUpload {
        let mut headers = ObjectHeaders::new();
        headers.set_callback("{\"callbackUrl\":\"http://a/\"}").unwrap();
        operation(Vec::new()).with_headers(&headers)
    }

    const RESPONSE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <CompleteMultipartUploadResult xmlns=\"http://doc.oss-cn-hangzhou.aliyuncs.com\">\n  \
        <EncodingType>url</EncodingType>\n  \
        <Location>http://b.oss-cn-hangzhou.aliyuncs.com/dir%20a/%2B.bin</Location>\n  \
        <Bucket>b</Bucket>\n  <Key>dir%20a%2F%2B.bin</Key>\n  \
        <ETag>\"B864DB6A936D376F9F8D3ED3BBE540DD-3\"</ETag>\n</CompleteMultipartUploadResult>";

    #[test]
    fn the_list_is_sorted_and_matches_the_official_sdks() {
        let parts = vec![
            part(2, "\"30A83621CE5422FBDFDD539777458C78\""),
            part(1, "AED563ECAFB4BCC5654C597A421547B2"),
        ];
        let request = operation(parts).request().unwrap();
        assert_eq!(request.method, Method::Post);
        assert_eq!(query_of(&request), format!("uploadId={}&encoding-type=url", upload()));
        assert_eq!(
            body_of(&request),
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>\
             <ETag>&quot;AED563ECAFB4BCC5654C597A421547B2&quot;</ETag></Part><Part>\
             <PartNumber>2</PartNumber><ETag>&quot;30A83621CE5422FBDFDD539777458C78&quot;</ETag>\
             </Part></CompleteMultipartUpload>"
        );
        let sent: Vec<_> = request.headers.iter().collect();
        assert_eq!(sent, [("content-md5", "215Scl2tzjitA3M0aTETwA==")]);
    }

    #[test]
    fn no_parts_are_an_empty_list_and_all_parts_have_no_body() {
        let request = operation(Vec::new()).request().unwrap();
        assert_eq!(body_of(&request), "<CompleteMultipartUpload></CompleteMultipartUpload>");
        let all = CompleteMultipartUpload::all(&bucket(), &key(), &upload());
        let request = all.request().unwrap();
        assert_eq!(request.headers.get("x-oss-complete-all"), Some("yes"));
        assert_eq!((request.body.length(), request.headers.iter().count()), (0, 1));
    }

    #[test]
    fn a_number_listed_twice_is_refused() {
        let error = operation(vec![part(3, "A"), part(1, "B"), part(3, "A")]);
        let error = error.request().unwrap_err();
        assert_eq!(error.to_string(), "parts: part 3 is listed twice");
    }

    #[test]
    fn the_result_is_read_from_body_and_headers() {
        let headers = [("x-oss-hash-crc64ecma", "16455019988251183941"), ("x-oss-version-id", "V")];
        let response = response(200, &headers, RESPONSE);
        let result = operation(Vec::new()).parse(&response).unwrap();
        assert_eq!(result.etag.unwrap().unquoted(), "B864DB6A936D376F9F8D3ED3BBE540DD-3");
        assert_eq!(
            result.location.as_deref(),
            Some("http://b.oss-cn-hangzhou.aliyuncs.com/dir a/+.bin")
        );
        assert_eq!(result.crc64, Some(16_455_019_988_251_183_941));
        assert_eq!((result.version_id.as_deref(), result.callback_body), (Some("V"), None));
    }

    #[test]
    fn the_callback_result_replaces_the_document() {
        let headers = [("ETag", "\"AB-1\""), ("x-oss-hash-crc64ecma", "7")];
        let json = response(200, &headers, " {\"Status\":\"OK\"}");
        let result = with_callback().parse(&json).unwrap();
        assert_eq!(result.callback_body.as_deref(), Some(" {\"Status\":\"OK\"}"));
        assert_eq!((result.etag, result.crc64), (ETag::parse("AB-1").ok(), Some(7)));
        let result = with_callback().parse(&ok(RESPONSE)).unwrap();
        assert!(result.etag.is_some() && result.callback_body.is_none());
    }

    #[test]
    fn the_page_of_a_proxy_is_not_a_callback_result() {
        for status in [200, 203] {
            let mut page = response(status, &[], "Sign in to the hotel network");
            page.headers = Headers::default();
            let error = with_callback().parse(&page).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        }
    }

    #[test]
    fn a_failed_callback_leaves_an_object() {
        let body = "<Error><Code>CallbackFailed</Code><EC>0007-00000203</EC></Error>";
        let failed = response(203, &[("x-oss-hash-crc64ecma", "7")], body);
        let result = with_callback().parse(&failed).unwrap();
        let error = result.callback_error.unwrap();
        assert_eq!((error.http_status(), error.oss_code()), (Some(203), Some("CallbackFailed")));
        assert_eq!((result.crc64, result.callback_body), (Some(7), None));
        let error = operation(Vec::new()).parse(&failed).unwrap_err();
        assert_eq!(error.oss_code(), Some("CallbackFailed"));
    }

    #[test]
    fn only_a_result_with_an_etag_is_a_success() {
        for body in [
            "",
            "{}",
            "<CompleteMultipartUploadResult/>",
            "<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>",
            "<InitiateMultipartUploadResult><ETag>\"A\"</ETag></InitiateMultipartUploadResult>",
            RESPONSE.strip_suffix('>').unwrap(),
        ] {
            let error = operation(Vec::new()).parse(&ok(body)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
        }
        let refused = ok("<Error><Code>InternalError</Code><Message>Try again.</Message></Error>");
        for operation in [operation(Vec::new()), with_callback()] {
            let error = operation.parse(&refused).unwrap_err();
            assert_eq!((error.kind(), error.http_status()), (ErrorKind::Service, Some(200)));
            assert_eq!(error.oss_code(), Some("InternalError"));
        }
    }

    const MARKUP: &str =
        "(<ETag>|</ETag>|<(/|)CompleteMultipartUploadResult>|[<>/&;a-z0-9\"]){0,12}";

    proptest::proptest! {
        #[test]
        fn no_body_makes_it_panic(body in MARKUP) {
            let _ = operation(Vec::new()).parse(&ok(&body));
        }
    }
}
