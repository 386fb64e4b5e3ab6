//! ListMultipartUploads: lists the unfinished uploads of a bucket.

use std::time::{Duration, SystemTime};

use super::response::{ResponseHeaders, ResponseReader, XmlDocument, non_empty, time};
use super::upload_marker::UploadMarker;
use super::{ENCODING_TYPE, Operation, RetrySafety, URL, check_page_size, request};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{BucketName, ObjectHeaders, RequestKind, UploadId};
use crate::wire::{Element, Method, Request, Response};

/// Lists one page of the unfinished uploads of a bucket, sorted by key and then by upload ID.
#[derive(Debug, Clone)]
pub struct ListMultipartUploads {
    bucket: BucketName,
    prefix: String,
    delimiter: String,
    marker: UploadMarker,
    max_uploads: Option<u16>,
    headers: ObjectHeaders,
}

/// One page of unfinished uploads.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ListMultipartUploadsResult {
    /// The uploads of this page.
    pub uploads: Vec<ListedUpload>,
    /// The common prefixes of the keys that the delimiter groups.
    pub common_prefixes: Vec<String>,
    /// True if there are more pages.
    pub is_truncated: bool,
    /// The key marker of the next page, which [`ListMultipartUploads::next_page`] uses.
    pub next_key_marker: Option<String>,
    /// The upload ID marker of the next page.
    pub next_upload_id_marker: Option<String>,
    /// The prefix of the request.
    pub prefix: Option<String>,
    /// The delimiter of the request.
    pub delimiter: Option<String>,
    /// The maximum number of entries per page, if OSS returned it.
    pub max_uploads: Option<u32>,
    /// The header `x-oss-request-id`.
    pub request_id: Option<String>,
    /// All response headers.
    pub headers: ResponseHeaders,
}

/// An upload that is neither completed nor aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedUpload {
    /// The key of the object.
    pub key: String,
    /// The ID of the upload.
    pub upload_id: UploadId,
    /// When the upload was initiated.
    pub initiated: Option<SystemTime>,
    /// How long before the response that was, both by the clock of OSS: the local clock may be wrong.
    pub age: Option<Duration>,
    /// The storage class of the object.
    pub storage_class: Option<String>,
}

impl ListMultipartUploads {
    /// Creates a request for the first page of all uploads.
    pub fn new(bucket: &BucketName) -> Self {
        Self {
            bucket: bucket.clone(),
            prefix: String::new(),
            delimiter: String::new(),
            marker: UploadMarker::default(),
            max_uploads: None,
            headers: ObjectHeaders::new(),
        }
    }

    /// Lists only keys with this prefix.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// Groups keys that are equal up to the first delimiter after the prefix.
    #[must_use]
    pub fn with_delimiter(mut self, delimiter: &str) -> Self {
        delimiter.clone_into(&mut self.delimiter);
        self
    }

    /// Starts after this key.
    #[must_use]
    pub fn with_key_marker(mut self, key: &str) -> Self {
        key.clone_into(&mut self.marker.key);
        self
    }

    /// Starts after this upload of the key marker. Has no effect without a key marker.
    #[must_use]
    pub fn with_upload_id_marker(mut self, upload_id: &str) -> Self {
        upload_id.clone_into(&mut self.marker.upload_id);
        self
    }

    /// Sets the page size, 1 to 1000; the default is 1000.
    #[must_use]
    pub fn with_max_uploads(mut self, count: u16) -> Self {
        self.max_uploads = Some(count);
        self
    }

    /// Sets the request payer; OSS accepts no other header of the object here.
    #[must_use]
    pub fn with_headers(mut self, headers: &ObjectHeaders) -> Self {
        self.headers = headers.clone();
        self
    }

    /// Returns the request for the page after `page`; `None` after the last page.
    ///
    /// # Errors
    ///
    /// `Protocol` if there are more pages, but the markers do not advance.
    pub fn next_page(&self, page: &ListMultipartUploadsResult) -> Result<Option<Self>> {
        if !page.is_truncated {
            return Ok(None);
        }
        let returned = UploadMarker::new(
            page.next_key_marker.as_deref().unwrap_or_default(),
            page.next_upload_id_marker.as_deref().unwrap_or_default(),
        );
        let last = page.uploads.last();
        let last = last.map(|last| UploadMarker::new(&last.key, last.upload_id.as_str()));
        let marker = [Some(returned), last].into_iter().flatten();
        match marker.into_iter().find(|marker| marker.advances(&self.marker)) {
            Some(marker) => Ok(Some(Self { marker, ..self.clone() })),
            None => Err(Error::new(
                ErrorKind::Protocol,
                "the list of uploads is truncated without a marker to continue from",
            )
            .with_request_id(page.request_id.as_deref().unwrap_or_default())),
        }
    }
}

impl Operation for ListMultipartUploads {
    const NAME: &'static str = "ListMultipartUploads";
    type Output = ListMultipartUploadsResult;

    fn request(&self) -> Result<Request> {
        let mut request =
            request(Method::Get, &self.bucket, None, &self.headers, RequestKind::ListUploads)?
                .with_query("uploads", "")
                .with_query(ENCODING_TYPE, URL);
        for (name, value) in [
            ("prefix", &self.prefix),
            ("delimiter", &self.delimiter),
            ("key-marker", &self.marker.key),
            ("upload-id-marker", &self.marker.upload_id),
        ] {
            if !value.is_empty() {
                request = request.with_query(name, value.as_str());
            }
        }
        if let Some(count) = check_page_size("max_uploads", self.max_uploads)? {
            request = request.with_query("max-uploads", count);
        }
        Ok(request)
    }

    fn parse(&self, response: &Response) -> Result<Self::Output> {
        let reader = ResponseReader::new(response);
        let document = reader.document("ListMultipartUploadsResult")?;
        let root = &document.root;
        let uploads = root.children("Upload").map(|upload| read_upload(reader, &document, upload));
        let prefixes = root.children("CommonPrefixes");
        // Each element may have one or more prefixes.
        let prefixes = prefixes.flat_map(|group| group.children("Prefix"));
        Ok(ListMultipartUploadsResult {
            uploads: uploads.collect::<Result<_>>()?,
            common_prefixes: prefixes
                .map(|prefix| document.decode("Prefix", prefix.text()))
                .collect::<Result<_>>()?,
            is_truncated: document.is_truncated()?,
            next_key_marker: non_empty(document.name(root, "NextKeyMarker")?),
            next_upload_id_marker: non_empty(document.text("NextUploadIdMarker")),
            prefix: non_empty(document.name(root, "Prefix")?),
            delimiter: non_empty(document.name(root, "Delimiter")?),
            max_uploads: document.number(root, "MaxUploads")?,
            request_id: non_empty(response.request_id()),
            headers: reader.headers(),
        })
    }

    fn retry_safety(&self) -> RetrySafety {
        RetrySafety::AlwaysSafe
    }
}

fn read_upload(
    reader: ResponseReader<'_>,
    document: &XmlDocument<'_>,
    upload: &Element,
) -> Result<ListedUpload> {
    let upload_id = upload.text_of("UploadId").trim();
    let initiated = time(upload, "Initiated");
    let now = reader.headers().date();
    Ok(ListedUpload {
        key: document.name(upload, "Key")?,
        upload_id: UploadId::parse(upload_id).map_err(|_| reader.refuse("UploadId", upload_id))?,
        initiated,
        // The header has no fractions of a second.
        age: initiated.zip(now).map(|(then, now)| now.duration_since(then).unwrap_or_default()),
        storage_class: non_empty(upload.text_of("StorageClass").trim()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::tests::{bucket, ok, query_of};

    fn operation() -> ListMultipartUploads {
        ListMultipartUploads::new(&bucket())
    }

    fn parse(body: &str) -> Result<ListMultipartUploadsResult> {
        operation().parse(&ok(body))
    }

    fn page(inner: &str) -> ListMultipartUploadsResult {
        let root = "ListMultipartUploadsResult";
        parse(&format!("<{root}><IsTruncated>true</IsTruncated>{inner}</{root}>")).unwrap()
    }

    #[test]
    fn the_request_matches_the_official_sdks() {
        let operation = operation().with_prefix("dir a/").with_delimiter("/").with_max_uploads(5);
        let operation = operation.with_key_marker("k&m").with_upload_id_marker("id");
        let request = operation.request().unwrap();
        assert_eq!((request.method, &request.key), (Method::Get, &None));
        assert_eq!(
            query_of(&request),
            "uploads&encoding-type=url&prefix=dir a/&delimiter=/&key-marker=k&m\
             &upload-id-marker=id&max-uploads=5"
        );
        let request = ListMultipartUploads::new(&bucket()).request().unwrap();
        assert_eq!(query_of(&request), "uploads&encoding-type=url");
        let error = operation.with_max_uploads(1001).request().unwrap_err();
        assert_eq!(error.argument(), Some("max_uploads"));
    }

    #[test]
    fn names_are_decoded_only_with_a_declared_encoding() {
        let body = |encoding: &str| {
            format!(
                "<ListMultipartUploadsResult xmlns=\"http://doc.oss-cn-hangzhou.aliyuncs.com\">\
                 {encoding}<Bucket>b</Bucket><KeyMarker/><UploadIdMarker/>\
                 <NextKeyMarker>a%2Fb+c%0C</NextKeyMarker>\
                 <NextUploadIdMarker>A+/=</NextUploadIdMarker>\
                 <Delimiter>%2F</Delimiter><Prefix>a%2F</Prefix><MaxUploads>1000</MaxUploads>\
                 <IsTruncated>false</IsTruncated><Upload><Key>a%2Fb+c%0C</Key>\
                 <UploadId>A+/=</UploadId><StorageClass>Standard</StorageClass>\
                 <Initiated>2012-02-23T04:18:23.000Z</Initiated></Upload>\
                 <CommonPrefixes><Prefix>a%2Fx%2F</Prefix></CommonPrefixes>\
                 <CommonPrefixes><Prefix>a%2Fy%2F</Prefix><Prefix>z</Prefix></CommonPrefixes>\
                 </ListMultipartUploadsResult>"
            )
        };
        let page = parse(&body("<EncodingType>url</EncodingType>")).unwrap();
        let upload = page.uploads.first().unwrap();
        assert_eq!(upload.key, "a/b c\u{c}");
        assert_eq!((upload.upload_id.as_str(), upload.initiated.is_some()), ("A+/=", true));
        assert_eq!(upload.age, None, "the response has no date");
        assert_eq!(page.common_prefixes, ["a/x/", "a/y/", "z"]);
        assert_eq!((page.prefix.as_deref(), page.delimiter.as_deref()), (Some("a/"), Some("/")));
        assert_eq!(page.next_key_marker.as_deref(), Some("a/b c\u{c}"));
        assert_eq!(page.next_upload_id_marker.as_deref(), Some("A+/="));
        assert!(operation().next_page(&page).unwrap().is_none());
        let page = parse(&body("")).unwrap();
        assert_eq!(page.uploads.first().unwrap().key, "a%2Fb+c%0C");
        assert_eq!(page.common_prefixes.first().unwrap(), "a%2Fx%2F");
    }

    #[test]
    fn the_age_is_that_of_the_server() {
        let age = |date: &str| {
            let mut response = ok("<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>\
                <Upload><Key>k</Key><UploadId>I</UploadId>\
                <Initiated>2012-02-23T04:18:23.500Z</Initiated></Upload>\
                </ListMultipartUploadsResult>");
            response.headers.set("Date", date).unwrap();
            operation().parse(&response).unwrap().uploads[0].age
        };
        let ms = |count| Some(Duration::from_millis(count));
        assert_eq!(age("Thu, 23 Feb 2012 05:18:24 GMT"), ms(3_600_500));
        assert_eq!(age("Thu, 23 Feb 2012 04:18:23 GMT"), ms(0));
        assert_eq!(age("yesterday"), None);
    }

    #[test]
    fn an_empty_list_has_empty_elements() {
        let page = parse(
            "<ListMultipartUploadsResult><Bucket>fake-bucket</Bucket><KeyMarker></KeyMarker>\
             <UploadIdMarker></UploadIdMarker><NextKeyMarker></NextKeyMarker>\
             <NextUploadIdMarker></NextUploadIdMarker><Delimiter></Delimiter><Prefix></Prefix>\
             <MaxUploads></MaxUploads><IsTruncated></IsTruncated></ListMultipartUploadsResult>",
        );
        let page = page.unwrap();
        assert!(page.uploads.is_empty() && page.max_uploads.is_none());
        assert!(operation().next_page(&page).unwrap().is_none());
    }

    #[test]
    fn an_upload_without_an_id_and_a_bad_name_are_refused() {
        for inner in [
            "<Upload><Key>a</Key></Upload>",
            "<EncodingType>url</EncodingType><Prefix>%ff</Prefix>",
            "<MaxUploads>x</MaxUploads>",
        ] {
            let root = "ListMultipartUploadsResult";
            let error = parse(&format!("<{root}>{inner}</{root}>")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{inner}");
        }
    }

    #[test]
    fn the_next_page_starts_after_the_markers_or_the_last_upload() {
        let upload = "<Upload><Key>k</Key><UploadId>7</UploadId></Upload>";
        let markers = "<NextKeyMarker>m</NextKeyMarker><NextUploadIdMarker>9</NextUploadIdMarker>";
        let after = |inner: &str, from: &ListMultipartUploads| {
            let next = from.next_page(&page(inner));
            next.map(Option::unwrap).map(|next| (next.marker.key, next.marker.upload_id))
        };
        let marker = |key: &str, upload_id: &str| (key.to_owned(), upload_id.to_owned());
        let both = format!("{upload}{markers}");
        assert_eq!(after(&both, &operation()).unwrap(), marker("m", "9"));
        assert_eq!(after(upload, &operation()).unwrap(), marker("k", "7"));
        assert_eq!(
            after("<NextKeyMarker>m</NextKeyMarker>", &operation()).unwrap(),
            marker("m", "")
        );
        let stuck = operation().with_key_marker("m").with_upload_id_marker("9");
        for inner in [&*both, upload, markers, "", "<NextUploadIdMarker>99</NextUploadIdMarker>"] {
            assert_eq!(after(inner, &stuck).unwrap_err().kind(), ErrorKind::Protocol, "{inner}");
        }
    }
}
