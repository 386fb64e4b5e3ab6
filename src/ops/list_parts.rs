//! ListParts: lists the parts of an upload.

use std::time::SystemTime;

use super::response::{ResponseHeaders, ResponseReader, XmlDocument, non_empty, time};
use super::{ENCODING_TYPE, Operation, RetrySafety, UPLOAD_ID, URL, check_page_size, request};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{BucketName, ETag, ObjectHeaders, ObjectKey, PartNumber, RequestKind, UploadId};
use crate::wire::{Element, Method, Request, Response};

/// Lists one page of the parts of an upload, in ascending order of part numbers.
#[derive(Debug, Clone)]
pub struct ListParts {
    bucket: BucketName,
    key: ObjectKey,
    upload_id: UploadId,
    max_parts: Option<u16>,
    marker: Option<PartNumber>,
    headers: ObjectHeaders,
}

/// One page of parts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ListPartsResult {
    /// The parts of this page.
    pub parts: Vec<ListedPart>,
    /// True if there are more pages.
    pub is_truncated: bool,
    /// The marker of the next page, which [`ListParts::next_page`] uses.
    pub next_part_number_marker: Option<PartNumber>,
    /// The maximum number of entries per page, if OSS returned it.
    pub max_parts: Option<u32>,
    /// The storage class of the object.
    pub storage_class: Option<String>,
    /// The header `x-oss-request-id`.
    pub request_id: Option<String>,
    /// All response headers.
    pub headers: ResponseHeaders,
}

/// An uploaded part.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedPart {
    /// The part number.
    pub number: PartNumber,
    /// The ETag to list in Complete.
    pub etag: ETag,
    /// The size in bytes.
    pub size: u64,
    /// The CRC-64, if OSS returned it.
    pub crc64: Option<u64>,
    /// When the part was uploaded.
    pub last_modified: Option<SystemTime>,
}

impl ListParts {
    /// Creates a request for the first page.
    pub fn new(bucket: &BucketName, key: &ObjectKey, upload_id: &UploadId) -> Self {
        Self {
            bucket: bucket.clone(),
            key: key.clone(),
            upload_id: upload_id.clone(),
            max_parts: None,
            marker: None,
            headers: ObjectHeaders::new(),
        }
    }

    /// Sets the page size, 1 to 1000; the default is 1000.
    #[must_use]
    pub fn with_max_parts(mut self, count: u16) -> Self {
        self.max_parts = Some(count);
        self
    }

    /// Starts after the part of that number.
    #[must_use]
    pub fn with_part_number_marker(mut self, marker: PartNumber) -> Self {
        self.marker = Some(marker);
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
    /// Markers only increase from page to page, so a loop over the pages terminates.
    ///
    /// # Errors
    ///
    /// `Protocol` if there are more pages, but the marker does not advance.
    pub fn next_page(&self, page: &ListPartsResult) -> Result<Option<Self>> {
        if !page.is_truncated {
            return Ok(None);
        }
        let last = page.parts.last().map(|part| part.number);
        let markers = [page.next_part_number_marker, last];
        let marker = markers.into_iter().flatten().find(|marker| Some(*marker) > self.marker);
        match marker {
            Some(marker) => Ok(Some(self.clone().with_part_number_marker(marker))),
            None => Err(Error::new(
                ErrorKind::Protocol,
                "the list of parts is truncated without a marker to continue from",
            )
            .with_request_id(page.request_id.as_deref().unwrap_or_default())),
        }
    }
}

impl Operation for ListParts {
    const NAME: &'static str = "ListParts";
    type Output = ListPartsResult;

    fn request(&self) -> Result<Request> {
        let key = Some(&self.key);
        let mut request =
            request(Method::Get, &self.bucket, key, &self.headers, RequestKind::ListParts)?
                .with_query(UPLOAD_ID, self.upload_id.as_str())
                .with_query(ENCODING_TYPE, URL);
        if let Some(count) = check_page_size("max_parts", self.max_parts)? {
            request = request.with_query("max-parts", count);
        }
        if let Some(marker) = self.marker {
            request = request.with_query("part-number-marker", marker.to_string());
        }
        Ok(request)
    }

    fn parse(&self, response: &Response) -> Result<Self::Output> {
        let reader = ResponseReader::new(response);
        let document = reader.document("ListPartsResult")?;
        let root = &document.root;
        let marker = document.number::<i64>(root, MARKER)?.filter(|marker| *marker != 0);
        let marker = marker.map(PartNumber::try_from).transpose();
        Ok(ListPartsResult {
            parts: root
                .children("Part")
                .map(|part| read_part(&document, part))
                .collect::<Result<_>>()?,
            is_truncated: document.is_truncated()?,
            next_part_number_marker: marker
                .map_err(|_| reader.refuse(MARKER, root.text_of(MARKER)))?,
            max_parts: document.number(root, "MaxParts")?,
            storage_class: non_empty(document.text("StorageClass")),
            request_id: non_empty(response.request_id()),
            headers: reader.headers(),
        })
    }

    fn retry_safety(&self) -> RetrySafety {
        RetrySafety::AlwaysSafe
    }

    fn upload_id(&self) -> &str {
        self.upload_id.as_str()
    }
}

fn read_part(document: &XmlDocument<'_>, part: &Element) -> Result<ListedPart> {
    Ok(ListedPart {
        number: document.part_number(part)?,
        etag: document.etag(part)?,
        size: document.number(part, "Size")?.unwrap_or(0),
        crc64: document.crc64(part)?,
        last_modified: time(part, "LastModified"),
    })
}

const MARKER: &str = "NextPartNumberMarker";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::tests::{bucket, key, ok, query_of, upload};
    use std::time::{Duration, UNIX_EPOCH};

    fn operation() -> ListParts {
        ListParts::new(&bucket(), &key(), &upload())
    }

    fn number(number: u16) -> PartNumber {
        PartNumber::new(number).unwrap()
    }

    fn parse(body: &str) -> Result<ListPartsResult> {
        operation().parse(&ok(body))
    }

    fn page(inner: &str) -> ListPartsResult {
        parse(&format!("<ListPartsResult>{inner}</ListPartsResult>")).unwrap()
    }

    const PAGE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <ListPartsResult xmlns=\"http://doc.oss-cn-hangzhou.aliyuncs.com\">\n\
        <Bucket>multipart_upload</Bucket><Key>multipart.data</Key>\n\
        <UploadId>0004B999EF5A239BB9138C6227D69F95</UploadId>\n\
        <NextPartNumberMarker>5</NextPartNumberMarker><MaxParts>1000</MaxParts>\n\
        <StorageClass>Standard</StorageClass><IsTruncated>false</IsTruncated>\n\
        <Part>\n<PartNumber>1</PartNumber><LastModified>2012-02-23T07:01:34.000Z</LastModified>\n\
        <ETag>\"3349DC700140D7F86A0784842780****\"</ETag><Size>6291456</Size></Part>\n\
        <Part><Size>1024</Size><HashCrc64ecma>18446744073709551615</HashCrc64ecma>\
        <ETag>&quot;7265F4D211B56873A381D321F586****&quot;</ETag><New/>\
        <PartNumber>5</PartNumber></Part></ListPartsResult>";

    #[test]
    fn the_request_matches_the_official_sdks() {
        let request = operation().with_max_parts(2).request().unwrap();
        assert_eq!(request.method, Method::Get);
        let start = "uploadId=0004B9894A22E5B1888A1E29F8236E2D&encoding-type=url";
        assert_eq!(query_of(&request), format!("{start}&max-parts=2"));
        let request = operation().with_part_number_marker(number(7)).request().unwrap();
        assert_eq!(query_of(&request), format!("{start}&part-number-marker=7"));
        for bad in [0, 1001] {
            let error = operation().with_max_parts(bad).request().unwrap_err();
            assert_eq!(error.argument(), Some("max_parts"));
        }
    }

    #[test]
    fn elements_are_read_in_any_order() {
        let page = parse(PAGE).unwrap();
        let [first, fifth] = page.parts.as_slice() else { panic!("{page:?}") };
        assert_eq!((first.number, first.size, first.crc64), (number(1), 6_291_456, None));
        assert_eq!(first.etag.as_str(), "\"3349DC700140D7F86A0784842780****\"");
        let time = UNIX_EPOCH + Duration::from_secs(1_329_980_494);
        assert_eq!((first.last_modified, fifth.last_modified), (Some(time), None));
        assert_eq!((fifth.number, fifth.crc64), (number(5), Some(u64::MAX)));
        assert_eq!((page.max_parts, page.storage_class.as_deref()), (Some(1000), Some("Standard")));
        assert!(operation().next_page(&page).unwrap().is_none());
    }

    #[test]
    fn an_empty_list_may_have_empty_elements() {
        for inner in [
            "",
            "<NextPartNumberMarker></NextPartNumberMarker><MaxParts/><IsTruncated/>",
            "<NextPartNumberMarker>0</NextPartNumberMarker><IsTruncated>false</IsTruncated>",
        ] {
            let page = page(inner);
            assert!(page.parts.is_empty() && page.next_part_number_marker.is_none());
            assert!(operation().next_page(&page).unwrap().is_none());
        }
    }

    #[test]
    fn invalid_elements_are_refused_by_name() {
        let part = |inner: &str| format!("<Part><ETag>A</ETag>{inner}</Part>");
        for (element, inner) in [
            ("PartNumber", part("<PartNumber>0</PartNumber>")),
            ("PartNumber", part("<PartNumber>10001</PartNumber>")),
            ("PartNumber", part("<PartNumber>x</PartNumber>")),
            ("PartNumber", part("")),
            ("Size", part("<PartNumber>1</PartNumber><Size>-1</Size>")),
            ("HashCrc64ecma", part("<PartNumber>1</PartNumber><HashCrc64ecma>g</HashCrc64ecma>")),
            ("ETag", "<Part><PartNumber>1</PartNumber></Part>".to_owned()),
            ("NextPartNumberMarker", "<NextPartNumberMarker>x</NextPartNumberMarker>".to_owned()),
            ("NextPartNumberMarker", "<NextPartNumberMarker>-1</NextPartNumberMarker>".to_owned()),
            ("MaxParts", "<MaxParts>many</MaxParts>".to_owned()),
            ("IsTruncated", "<IsTruncated>maybe</IsTruncated>".to_owned()),
        ] {
            let error = parse(&format!("<ListPartsResult>{inner}</ListPartsResult>")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{inner}");
            assert!(error.to_string().contains(element), "{error}");
        }
    }

    #[test]
    fn the_next_page_starts_after_the_marker_or_the_last_part() {
        let part = "<Part><PartNumber>7</PartNumber><ETag>A</ETag></Part>";
        let cut = "<IsTruncated>true</IsTruncated>";
        let marker = "<NextPartNumberMarker>9</NextPartNumberMarker>";
        let after = |page: &ListPartsResult, from: &ListParts| {
            from.next_page(page).map(|next| next.unwrap().marker.unwrap().get())
        };
        let with_marker = page(&format!("{cut}{part}{marker}"));
        assert_eq!(after(&with_marker, &operation()).unwrap(), 9);
        let without = page(&format!("{cut}{part}"));
        assert_eq!(after(&without, &operation()).unwrap(), 7);
        let stuck = operation().with_part_number_marker(number(9));
        assert_eq!(after(&with_marker, &stuck).unwrap_err().kind(), ErrorKind::Protocol);
        assert_eq!(after(&page(cut), &operation()).unwrap_err().kind(), ErrorKind::Protocol);
        let next = operation().with_max_parts(3).next_page(&without).unwrap().unwrap();
        assert_eq!(next.max_parts, Some(3));
    }
}
