//! InitiateMultipartUpload: starts an upload and returns its ID.

use super::response::{ResponseHeaders, ResponseReader, non_empty};
use super::{ENCODING_TYPE, Effect, Operation, RetrySafety, URL, request};
use crate::error::Result;
use crate::model::{BucketName, ObjectHeaders, ObjectKey, RequestKind, UploadId};
use crate::wire::{Method, Request, Response};

/// Starts a multipart upload.
///
/// An existing object of that key does not change before Complete. Each call starts another upload.
#[derive(Debug, Clone)]
pub struct InitiateMultipartUpload {
    bucket: BucketName,
    key: ObjectKey,
    headers: ObjectHeaders,
    sequential: bool,
}

/// The new upload.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InitiateMultipartUploadResult {
    /// The ID of the upload.
    pub upload_id: UploadId,
    /// The header `x-oss-request-id`.
    pub request_id: Option<String>,
    /// All response headers, including those of server-side encryption.
    pub headers: ResponseHeaders,
}

impl InitiateMultipartUpload {
    /// Creates a request for the object of that key.
    pub fn new(bucket: &BucketName, key: &ObjectKey) -> Self {
        Self {
            bucket: bucket.clone(),
            key: key.clone(),
            headers: ObjectHeaders::new(),
            sequential: false,
        }
    }

    /// Sets content headers, metadata, tags, storage class and encryption of the object.
    #[must_use]
    pub fn with_headers(mut self, headers: &ObjectHeaders) -> Self {
        self.headers = headers.clone();
        self
    }

    /// Leaves the content type out if none was set.
    pub(crate) fn without_guessed_content_type(mut self) -> Self {
        self.headers.set_content_type_guess(false);
        self
    }

    /// Sets whether the upload is sequential; the default is false. OSS then requires the parts in
    /// order, each once, and the object gets a `Content-MD5`.
    #[must_use]
    pub fn with_sequential(self, on: bool) -> Self {
        Self { sequential: on, ..self }
    }
}

impl Operation for InitiateMultipartUpload {
    const NAME: &'static str = "InitiateMultipartUpload";
    const EFFECT: Effect = Effect::StartsUpload;
    type Output = InitiateMultipartUploadResult;

    fn request(&self) -> Result<Request> {
        let key = Some(&self.key);
        let mut request =
            request(Method::Post, &self.bucket, key, &self.headers, RequestKind::Initiate)?
                .with_query("uploads", "")
                .with_query(ENCODING_TYPE, URL);
        if self.sequential {
            request = request.with_query("sequential", "");
        }
        Ok(request)
    }

    fn parse(&self, response: &Response) -> Result<Self::Output> {
        let reader = ResponseReader::new(response);
        let document = reader.document("InitiateMultipartUploadResult")?;
        let bucket = document.text("Bucket");
        if !bucket.is_empty() && bucket != self.bucket.as_str() {
            return Err(reader.refuse("Bucket", &bucket));
        }
        let raw = document.root.text_of("Key");
        // Some servers declare an encoding and do not encode the names.
        let keys = [raw.to_owned(), document.name(&document.root, "Key")?];
        if !raw.is_empty() && !keys.iter().any(|key| key == self.key.as_str()) {
            return Err(reader.refuse("Key", raw));
        }
        let upload_id = document.text("UploadId");
        Ok(InitiateMultipartUploadResult {
            upload_id: UploadId::parse(&upload_id)
                .map_err(|_| reader.refuse("UploadId", &upload_id))?,
            request_id: non_empty(response.request_id()),
            headers: reader.headers(),
        })
    }

    fn retry_safety(&self) -> RetrySafety {
        RetrySafety::AlwaysSafe
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::ops::tests::{bucket, key, ok, query_of};

    fn operation() -> InitiateMultipartUpload {
        InitiateMultipartUpload::new(&bucket(), &key())
    }

    #[test]
    fn the_request_matches_the_official_sdks() {
        let mut headers = ObjectHeaders::new();
        headers
            .set_content_type("application/x-probe")
            .unwrap()
            .set_metadata("Foo", "bar")
            .unwrap();
        headers.set_acl("private").unwrap();
        let request = operation().with_headers(&headers).request().unwrap();
        assert_eq!(request.method, Method::Post);
        assert_eq!(query_of(&request), "uploads&encoding-type=url");
        assert_eq!(request.headers.get("Content-Type"), Some("application/x-probe"));
        assert_eq!(request.headers.get("X-Oss-Meta-Foo"), Some("bar"));
        assert_eq!(request.headers.iter().count(), 2);
        assert_eq!(request.body.length(), 0);
        let request = operation().with_sequential(true).request().unwrap();
        assert_eq!(query_of(&request), "uploads&encoding-type=url&sequential");
    }

    #[test]
    fn the_upload_id_is_read_with_and_without_encoding_and_namespace() {
        for body in [
            "<InitiateMultipartUploadResult><EncodingType>url</EncodingType>\
             <Bucket>fake-bucket</Bucket><Key>dir%20a/%D0%BA%D0%BB%D1%8E%D1%87%2B%D0%BF%D0%BB%25us\
             %20%26%20%E4%B8%AD%E6%96%87~.bin</Key><UploadId>0004B9+/=</UploadId>\
             </InitiateMultipartUploadResult>",
            "<InitiateMultipartUploadResult xmlns=\"http://doc.oss-cn-hangzhou.aliyuncs.com\">\
             <UploadId>0004B9+/=</UploadId><New><Er/></New>\
             <Key>dir a/ключ+пл%us &amp; 中文~.bin</Key></InitiateMultipartUploadResult>",
            "<InitiateMultipartUploadResult><EncodingType>URL</EncodingType>\
             <Key>dir+a%2F%D0%BA%D0%BB%D1%8E%D1%87%2B%D0%BF%D0%BB%25us+%26+%E4%B8%AD%E6%96%87~.bin\
             </Key><UploadId>0004B9+/=</UploadId></InitiateMultipartUploadResult>",
        ] {
            let result = operation().parse(&ok(body)).unwrap();
            assert_eq!(result.upload_id.as_str(), "0004B9+/=");
            assert_eq!(result.request_id.as_deref(), Some("5C3D9175B6FC201293AD4890"));
        }
    }

    #[test]
    fn an_unexpected_response_is_refused() {
        for body in [
            "",
            "{}",
            "<InitiateMultipartUploadResult><UploadId></UploadId></InitiateMultipartUploadResult>",
            "<InitiateMultipartUploadResult/>",
            "<ListPartsResult><UploadId>A</UploadId></ListPartsResult>",
            "<InitiateMultipartUploadResult><Bucket>other</Bucket><UploadId>A</UploadId>\
             </InitiateMultipartUploadResult>",
            "<InitiateMultipartUploadResult><Key>other</Key><UploadId>A</UploadId>\
             </InitiateMultipartUploadResult>",
            "<InitiateMultipartUploadResult><UploadId>A</Upl",
        ] {
            let error = operation().parse(&ok(body)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
            assert_eq!(error.request_id(), Some("5C3D9175B6FC201293AD4890"));
        }
    }
}
