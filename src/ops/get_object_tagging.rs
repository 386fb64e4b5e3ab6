//! GetObjectTagging: reads the tags of an object.

use super::response::ResponseReader;
use super::{Operation, RetrySafety, request};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{BucketName, ObjectHeaders, ObjectKey, RequestKind};
use crate::wire::{Element, Method, Request, Response};

/// Reads the tags of an object, or of a version of it.
#[derive(Debug, Clone)]
pub(crate) struct GetObjectTagging {
    bucket: BucketName,
    key: ObjectKey,
    version_id: Option<String>,
    headers: ObjectHeaders,
}

impl GetObjectTagging {
    pub(crate) fn new(bucket: &BucketName, key: &ObjectKey, version_id: Option<&str>) -> Self {
        let version_id = version_id.map(str::to_owned);
        let headers = ObjectHeaders::new();
        Self { bucket: bucket.clone(), key: key.clone(), version_id, headers }
    }

    /// Sets the request payer.
    #[must_use]
    pub(crate) fn with_headers(self, headers: &ObjectHeaders) -> Self {
        Self { headers: headers.clone(), ..self }
    }
}

impl Operation for GetObjectTagging {
    const NAME: &'static str = "GetObjectTagging";
    /// Names and values.
    type Output = Vec<(String, String)>;

    fn request(&self) -> Result<Request> {
        let (key, kind) = (Some(&self.key), RequestKind::GetObjectTagging);
        let request =
            request(Method::Get, &self.bucket, key, &self.headers, kind)?.with_query("tagging", "");
        Ok(match &self.version_id {
            Some(version_id) => request.with_query("versionId", version_id.as_str()),
            None => request,
        })
    }

    fn parse(&self, response: &Response) -> Result<Self::Output> {
        let document = ResponseReader::new(response).document("Tagging")?;
        let sets = document.root.children("TagSet");
        let tags = sets.flat_map(|set| set.children("Tag"));
        let pair = |tag: &Element| match tag.text_of("Key") {
            "" => Err(Error::new(ErrorKind::Protocol, "the response has a tag without a name")),
            name => Ok((name.into(), tag.text_of("Value").into())),
        };
        tags.map(pair).collect()
    }

    fn retry_safety(&self) -> RetrySafety {
        RetrySafety::AlwaysSafe
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::tests::{bucket, key, ok, query_of};

    #[test]
    fn the_version_is_sent_and_the_tags_are_read() {
        let operation = GetObjectTagging::new(&bucket(), &key(), Some("V"));
        let request = operation.request().unwrap();
        assert_eq!(
            (request.method, query_of(&request)),
            (Method::Get, "tagging&versionId=V".into())
        );
        let body = "<Tagging><TagSet><Tag><Key>a b</Key><Value>&lt;1&gt;</Value></Tag>\
            <Tag><Key>c</Key><Value></Value></Tag></TagSet></Tagging>";
        let tags = operation.parse(&ok(body)).unwrap();
        assert_eq!(tags, [("a b".into(), "<1>".into()), ("c".into(), String::new())]);
        assert!(operation.parse(&ok("<Tagging><TagSet/></Tagging>")).unwrap().is_empty());
        for bad in ["<TagSet/>", "<Tagging><TagSet><Tag><Value>1</Value></Tag></TagSet></Tagging>"]
        {
            assert_eq!(operation.parse(&ok(bad)).unwrap_err().kind(), ErrorKind::Protocol, "{bad}");
        }
    }
}
