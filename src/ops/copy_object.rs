//! CopyObject: copies a whole object in one request.

use super::copy_source::CopySource;
use super::response::{ResponseReader, non_empty};
use super::{Effect, Operation, ResponseTimeout, RetrySafety, request};
use crate::error::Result;
use crate::model::{BucketName, ETag, ObjectHeaders, ObjectKey, RequestKind, oss_header};
use crate::wire::{Method, Request, Response, ServiceError};

/// Copies an object in the same region.
#[derive(Debug, Clone)]
pub(crate) struct CopyObject {
    bucket: BucketName,
    key: ObjectKey,
    source: CopySource,
    headers: ObjectHeaders,
    keeps_tags: bool,
}

/// The stored object.
#[derive(Debug, Clone)]
pub(crate) struct CopyObjectResult {
    pub(crate) etag: ETag,
    /// OSS need not return it for a copy.
    pub(crate) crc64: Option<u64>,
    /// `None` if the bucket has no versioning.
    pub(crate) version_id: Option<String>,
    pub(crate) request_id: Option<String>,
}

impl CopyObject {
    pub(crate) fn new(bucket: &BucketName, key: &ObjectKey, source: &CopySource) -> Self {
        Self {
            bucket: bucket.clone(),
            key: key.clone(),
            source: source.clone(),
            headers: ObjectHeaders::new(),
            keeps_tags: true,
        }
    }

    /// Sets the headers of the copy. Content headers and metadata replace all of those of the
    /// source, and so do tags.
    #[must_use]
    pub(crate) fn with_headers(self, headers: &ObjectHeaders) -> Self {
        Self { headers: headers.clone(), ..self }
    }

    /// Sets whether the copy has the tags of the source unless the headers have tags; the default
    /// is true.
    #[must_use]
    pub(crate) fn with_tags(self, on: bool) -> Self {
        Self { keeps_tags: on, ..self }
    }
}

impl Operation for CopyObject {
    const NAME: &'static str = "CopyObject";
    const EFFECT: Effect = Effect::CreatesObject;
    type Output = CopyObjectResult;

    fn request(&self) -> Result<Request> {
        let keeps_content = !self.headers.describes_content();
        let keeps_tags = self.keeps_tags && !self.headers.has_tags();
        let kind = match keeps_content {
            true => RequestKind::CopyObject,
            false => RequestKind::CopyObjectReplacing,
        };
        let directive = |keeps| if keeps { "COPY" } else { "REPLACE" };
        let request = request(Method::Put, &self.bucket, Some(&self.key), &self.headers, kind)?
            .with_header(oss_header::COPY_SOURCE, self.source.text())?
            .with_header(oss_header::METADATA_DIRECTIVE, directive(keeps_content))?
            .with_header(oss_header::TAGGING_DIRECTIVE, directive(keeps_tags))?;
        self.source
            .conditions()
            .try_fold(request, |request, (condition, value)| request.with_header(condition, value))
    }

    fn parse(&self, response: &Response) -> Result<Self::Output> {
        let reader = ResponseReader::new(response);
        let document = reader.document("CopyObjectResult")?;
        let version = response.headers.get(oss_header::VERSION_ID);
        Ok(CopyObjectResult {
            etag: document.etag(&document.root)?,
            crc64: response.crc64()?,
            version_id: version.map(str::to_owned),
            request_id: non_empty(response.request_id()),
        })
    }

    /// The copy exists then: a rule forbids replacing it, or it was its own source.
    fn refused_by_own_effect(&self, refusal: &ServiceError) -> bool {
        matches!(refusal.status, 409 | 412)
    }

    /// As for PutObject.
    fn retry_safety(&self) -> RetrySafety {
        if self.headers.forbids_overwrite() {
            RetrySafety::UnsafeAfterEffect
        } else {
            RetrySafety::AlwaysSafe
        }
    }

    /// OSS responds after the copy.
    fn response_timeout(&self) -> ResponseTimeout {
        ResponseTimeout::Complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::ops::tests::{bucket, key, ok, response};

    fn operation(headers: &ObjectHeaders) -> CopyObject {
        let source = ObjectKey::parse("src dir/a").unwrap();
        let source = CopySource::new(&BucketName::parse("src-bucket").unwrap(), &source);
        let source = source.if_match(&ETag::parse("AB").unwrap());
        CopyObject::new(&bucket(), &key(), &source).with_headers(headers)
    }

    fn sent(operation: &CopyObject) -> Vec<(String, String)> {
        let headers = operation.request().unwrap().headers;
        headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn what_the_caller_does_not_set_is_that_of_the_source() {
        let mut headers = ObjectHeaders::new();
        headers.set_storage_class("IA").unwrap();
        let expected = [
            ("x-oss-storage-class", "IA"),
            ("x-oss-copy-source", "/src-bucket/src%20dir/a"),
            ("x-oss-metadata-directive", "COPY"),
            ("x-oss-tagging-directive", "COPY"),
            ("x-oss-copy-source-if-match", "\"AB\""),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(sent(&operation(&headers)), expected);
    }

    #[test]
    fn metadata_and_tags_replace_those_of_the_source_independently() {
        let directives = |operation: &CopyObject| {
            let sent = sent(operation);
            let mut found = sent.into_iter().filter(|(name, _)| name.ends_with("-directive"));
            [found.next().unwrap().1, found.next().unwrap().1]
        };
        let mut metadata = ObjectHeaders::new();
        metadata.set_metadata("a", "b").unwrap();
        assert_eq!(directives(&operation(&metadata)), ["REPLACE", "COPY"]);
        let names: Vec<_> = sent(&operation(&metadata)).into_iter().map(|(name, _)| name).collect();
        assert!(names.contains(&"content-type".to_owned()), "{names:?}");
        let mut tags = ObjectHeaders::new();
        tags.set_tag("a", "b").unwrap();
        assert_eq!(directives(&operation(&tags)), ["COPY", "REPLACE"]);
        assert!(sent(&operation(&tags)).contains(&("x-oss-tagging".into(), "a=b".into())));
        let without = operation(&ObjectHeaders::new()).with_tags(false);
        assert_eq!(directives(&without), ["COPY", "REPLACE"]);
    }

    #[test]
    fn the_result_is_read_from_document_and_headers() {
        let body = "<CopyObjectResult><ETag>\"AB\"</ETag></CopyObjectResult>";
        let operation = operation(&ObjectHeaders::new());
        let result = operation.parse(&response(200, &[("x-oss-version-id", "V")], body)).unwrap();
        assert_eq!((result.etag.unquoted(), result.crc64), ("AB", None));
        assert_eq!(result.version_id.as_deref(), Some("V"));
        let error = operation.parse(&ok("<CopyObjectResult/>")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        let error = operation.parse(&ok("<Error><Code>InternalError</Code></Error>")).unwrap_err();
        assert_eq!((error.kind(), error.oss_code()), (ErrorKind::Service, Some("InternalError")));
    }
}
