//! UploadPartCopy: copies a part from an existing object.

use std::ops::RangeInclusive;
use std::time::SystemTime;

use super::copy_source::CopySource;
use super::response::{ResponseHeaders, ResponseReader, non_empty, time};
use super::{Operation, PART_NUMBER, ResponseTimeout, RetrySafety, UPLOAD_ID, request};
use crate::error::{Error, Result};
use crate::limits;
use crate::model::{
    BucketName, ETag, ObjectHeaders, ObjectKey, PartNumber, RequestKind, UploadId, oss_header,
};
use crate::wire::{Method, Request, Response};

/// Copies an object in the same region, or a range of it, into a part.
#[derive(Debug, Clone)]
pub struct UploadPartCopy {
    bucket: BucketName,
    key: ObjectKey,
    upload_id: UploadId,
    number: PartNumber,
    source: CopySource,
    range: Option<RangeInclusive<u64>>,
    headers: ObjectHeaders,
}

/// The stored part.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UploadPartCopyResult {
    /// The ETag to list in Complete: the MD5 of the part in hex.
    pub etag: ETag,
    /// When the source was last modified.
    pub last_modified: Option<SystemTime>,
    /// The CRC-64 of the part, if OSS returned it; ListParts always returns it.
    pub crc64: Option<u64>,
    /// The version ID of the source; `None` if it has none.
    pub source_version_id: Option<String>,
    /// The copied range, for example `bytes 0-99/1000`; `None` if OSS did not return it. OSS
    /// ignores a range that goes beyond the end of the source and copies the whole object then.
    pub content_range: Option<String>,
    /// The header `x-oss-request-id`.
    pub request_id: Option<String>,
    /// All response headers.
    pub headers: ResponseHeaders,
}

impl UploadPartCopy {
    /// Copies the whole source into that part.
    pub fn new(
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &UploadId,
        number: PartNumber,
        source: &CopySource,
    ) -> Self {
        Self {
            bucket: bucket.clone(),
            key: key.clone(),
            upload_id: upload_id.clone(),
            number,
            source: source.clone(),
            range: None,
            headers: ObjectHeaders::new(),
        }
    }

    /// Sets the range of bytes to copy; the default is the whole source.
    #[must_use]
    pub fn with_range(mut self, range: RangeInclusive<u64>) -> Self {
        self.range = Some(range);
        self
    }

    /// Copies only if the source has this ETag.
    #[must_use]
    pub fn if_match(self, etag: &ETag) -> Self {
        Self { source: self.source.if_match(etag), ..self }
    }

    /// Copies only if the source has a different ETag.
    #[must_use]
    pub fn if_none_match(self, etag: &ETag) -> Self {
        Self { source: self.source.if_none_match(etag), ..self }
    }

    /// Copies only if the source was modified after this time.
    #[must_use]
    pub fn if_modified_since(self, time: SystemTime) -> Self {
        Self { source: self.source.if_modified_since(time), ..self }
    }

    /// Copies only if the source was not modified after this time.
    #[must_use]
    pub fn if_unmodified_since(self, time: SystemTime) -> Self {
        Self { source: self.source.if_unmodified_since(time), ..self }
    }

    /// Sets the request payer and the traffic limit; OSS accepts no other header of the object
    /// here.
    #[must_use]
    pub fn with_headers(mut self, headers: &ObjectHeaders) -> Self {
        self.headers = headers.clone();
        self
    }

    /// Formats the range. An invalid one is refused here, because OSS would ignore it.
    fn range_text(&self) -> Result<Option<String>> {
        let Some(range) = &self.range else {
            return Ok(None);
        };
        let refuse = |why: &str| Err(Error::invalid("source_range", why));
        let (first, last) = (*range.start(), *range.end());
        if range.is_empty() {
            return refuse("the range ends before it starts");
        }
        if last - first >= limits::PART_SIZE_MAX {
            return refuse("a part has at most 5 GiB");
        }
        Ok(Some(format!("{first}-{last}")))
    }
}

impl Operation for UploadPartCopy {
    const NAME: &'static str = "UploadPartCopy";
    type Output = UploadPartCopyResult;

    fn request(&self) -> Result<Request> {
        let key = Some(&self.key);
        let mut request =
            request(Method::Put, &self.bucket, key, &self.headers, RequestKind::UploadPartCopy)?
                .with_query(PART_NUMBER, self.number.to_string())
                .with_query(UPLOAD_ID, self.upload_id.as_str())
                .with_header(oss_header::COPY_SOURCE, self.source.text())?;
        if let Some(range) = self.range_text()? {
            let value = format!("bytes={range}");
            request = request.with_header(oss_header::COPY_SOURCE_RANGE, value)?;
        }
        for (condition, value) in self.source.conditions() {
            request = request.with_header(condition, value)?;
        }
        Ok(request)
    }

    fn parse(&self, response: &Response) -> Result<Self::Output> {
        let reader = ResponseReader::new(response);
        let document = reader.document("CopyPartResult")?;
        let content_range = reader.header("content-range");
        if let Some(range) = self.range_text()?.filter(|_| !content_range.is_empty())
            && !content_range.starts_with(&format!("bytes {range}/"))
        {
            return Err(reader.refuse("Content-Range", content_range));
        }
        let version = response.headers.get(oss_header::COPY_SOURCE_VERSION_ID);
        Ok(UploadPartCopyResult {
            etag: document.etag(&document.root)?,
            last_modified: time(&document.root, "LastModified"),
            crc64: response.crc64()?,
            source_version_id: version.map(str::to_owned),
            content_range: non_empty(content_range),
            request_id: non_empty(response.request_id()),
            headers: reader.headers(),
        })
    }

    fn retry_safety(&self) -> RetrySafety {
        RetrySafety::AlwaysSafe
    }

    /// OSS responds after the copy, which may be of gigabytes.
    fn response_timeout(&self) -> ResponseTimeout {
        ResponseTimeout::Complete
    }

    fn part_number(&self) -> Option<PartNumber> {
        Some(self.number)
    }

    fn upload_id(&self) -> &str {
        self.upload_id.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::ops::tests::{bucket, key, ok, query_of, response, upload};
    use std::time::{Duration, UNIX_EPOCH};

    fn operation() -> UploadPartCopy {
        let source = ObjectKey::parse("src dir/ключ").unwrap();
        let source = CopySource::new(&BucketName::parse("src-bucket").unwrap(), &source);
        UploadPartCopy::new(&bucket(), &key(), &upload(), PartNumber::new(3).unwrap(), &source)
    }

    const RESPONSE: &str = "<CopyPartResult><LastModified>2026-01-01T00:00:00.000Z</LastModified>\
        <ETag>\"D41D8CD98F00B204E9800998ECF8427E\"</ETag></CopyPartResult>";

    #[test]
    fn the_request_matches_the_official_sdks() {
        let request = operation().with_range(0..=99).request().unwrap();
        assert_eq!(query_of(&request), "partNumber=3&uploadId=0004B9894A22E5B1888A1E29F8236E2D");
        let sent: Vec<_> = request.headers.iter().collect();
        let source = "/src-bucket/src%20dir/%D0%BA%D0%BB%D1%8E%D1%87";
        let expected = [("x-oss-copy-source", source), ("x-oss-copy-source-range", "bytes=0-99")];
        assert_eq!(sent, expected);
        assert_eq!(request.body.length(), 0);
    }

    #[test]
    fn conditions_are_sent() {
        let time = UNIX_EPOCH + Duration::from_secs(1_702_743_657);
        let etag = ETag::parse("AB").unwrap();
        let operation = operation().if_match(&etag).if_none_match(&etag);
        let operation = operation.if_modified_since(time).if_unmodified_since(time);
        let headers = operation.request().unwrap().headers;
        assert_eq!(headers.get("x-oss-copy-source-if-match"), Some("\"AB\""));
        assert_eq!(headers.get("x-oss-copy-source-if-none-match"), Some("\"AB\""));
        for name in ["x-oss-copy-source-if-modified-since", "x-oss-copy-source-if-unmodified-since"]
        {
            assert_eq!(headers.get(name), Some("Sat, 16 Dec 2023 16:20:57 GMT"));
        }
    }

    #[test]
    fn a_range_that_oss_would_ignore_is_refused() {
        #[expect(clippy::reversed_empty_ranges, reason = "that is what is tested")]
        let reversed = 5..=4;
        for bad in [reversed, 0..=limits::PART_SIZE_MAX, 0..=u64::MAX] {
            let error = operation().with_range(bad).request().unwrap_err();
            assert_eq!(error.argument(), Some("source_range"));
        }
        let largest = 0..=limits::PART_SIZE_MAX - 1;
        assert!(operation().with_range(largest).request().is_ok());
    }

    #[test]
    fn the_response_is_parsed() {
        let headers = [
            ("x-oss-copy-source-version-id", "CAEQ"),
            ("Content-Range", "bytes 0-99/1000"),
            ("x-oss-hash-crc64ecma", "0"),
        ];
        let operation = operation().with_range(0..=99);
        let result = operation.parse(&response(200, &headers, RESPONSE)).unwrap();
        assert_eq!(result.etag.unquoted(), "D41D8CD98F00B204E9800998ECF8427E");
        assert_eq!(result.source_version_id.as_deref(), Some("CAEQ"));
        assert_eq!(
            (result.crc64, result.content_range.as_deref()),
            (Some(0), Some("bytes 0-99/1000"))
        );
        assert_eq!(result.last_modified, Some(UNIX_EPOCH + Duration::from_secs(1_767_225_600)));
        assert!(operation.parse(&ok(RESPONSE)).unwrap().content_range.is_none());
    }

    #[test]
    fn a_different_range_and_a_missing_etag_are_refused() {
        let headers = [("Content-Range", "bytes 0-9/1000")];
        let operation = operation().with_range(0..=99);
        for bad in [response(200, &headers, RESPONSE), ok("<CopyPartResult/>"), ok("")] {
            let error = operation.parse(&bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol);
        }
        let error = operation.parse(&ok("<Error><Code>InternalError</Code></Error>")).unwrap_err();
        assert_eq!((error.kind(), error.oss_code()), (ErrorKind::Service, Some("InternalError")));
    }
}
