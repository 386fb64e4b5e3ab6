//! The multipart upload that parts are sent to.

use std::time::SystemTime;

use crate::codec::md5::Digest;
use crate::error::{Error, Result};
use crate::limits;
use crate::model::{BucketName, ObjectHeaders, ObjectKey, PartNumber, UploadId};
use crate::ops::{ListParts, UploadPart};
use crate::service::{OperationContext, ServiceClient};
use crate::upload::lifecycle::object_attributes::ExpectedAttributes;
use crate::upload::options::{Integrity, Verification};
use crate::upload::part::SentPart;
use crate::wire::Body;

/// One multipart upload, and the headers and checks of its requests.
#[derive(Debug, Clone)]
pub(crate) struct UploadTarget {
    pub(crate) bucket: BucketName,
    pub(crate) key: ObjectKey,
    pub(crate) upload_id: UploadId,
    pub(crate) headers: ObjectHeaders,
    pub(crate) integrity: Integrity,
    pub(crate) verification: Verification,
    /// The headers that Initiate sent, as far as this call knows.
    pub(crate) initiated_with: ObjectHeaders,
    /// The service's clock at Initiate, or later while the upload was open; `None` if not known.
    pub(crate) initiated: Option<SystemTime>,
    /// Complete lists no parts: OSS uses all that it has.
    pub(crate) complete_all: bool,
    /// An earlier attempt of Initiate may have started an orphaned upload.
    pub(crate) may_have_orphan: bool,
    /// It was initiated before this call, with attributes that this call does not know.
    pub(crate) is_attached: bool,
}

impl UploadTarget {
    /// The attributes that the object must have.
    pub(crate) fn attributes(&self) -> ExpectedAttributes<'_> {
        match self.is_attached {
            true => ExpectedAttributes::Set(&self.initiated_with),
            false => ExpectedAttributes::All(&self.initiated_with),
        }
    }

    /// Adds the upload to an error.
    pub(crate) fn named_in(&self, error: Error) -> Error {
        error.with_upload_id(self.upload_id.as_str()).with_upload_may_exist(self.may_have_orphan)
    }

    /// Lists all parts that OSS has. Blocks; one request for each 1,000 parts.
    pub(crate) fn list_parts(
        &self,
        service: &ServiceClient,
        context: &OperationContext<'_>,
    ) -> Result<Vec<SentPart>> {
        self.list_parts_and_time(service, context).map(|(parts, _)| parts)
    }

    /// Lists all parts, and returns the service's clock at a time when the upload was open.
    pub(crate) fn list_parts_and_time(
        &self,
        service: &ServiceClient,
        context: &OperationContext<'_>,
    ) -> Result<(Vec<SentPart>, Option<SystemTime>)> {
        let Self { bucket, key, upload_id, headers, .. } = self;
        let (mut parts, mut time) = (Vec::new(), None);
        let mut next = Some(ListParts::new(bucket, key, upload_id).with_headers(headers));
        while let Some(request) = next {
            let page = service.execute(&request, context)?.output;
            next = request.next_page(&page)?;
            time = page.headers.date();
            parts.extend(page.parts.into_iter().map(SentPart::from));
        }
        Ok((parts, time))
    }

    /// Sends one part. With its MD5, OSS refuses other bytes. Blocks; retries as configured.
    pub(crate) fn send_part(
        &self,
        service: &ServiceClient,
        number: PartNumber,
        body: Body,
        md5: Option<Digest>,
        context: &OperationContext<'_>,
    ) -> Result<SentPart> {
        let size = body.length();
        if size > limits::PART_SIZE_MAX {
            return Err(
                Error::invalid("length", "a part has at most 5 GiB").with_part(number.get())
            );
        }
        let mut request = UploadPart::new(&self.bucket, &self.key, &self.upload_id, number)
            .with_headers(&self.headers);
        if let Some(md5) = md5 {
            request = request.with_content_md5(*md5.as_bytes());
        }
        let context =
            OperationContext { check_crc64: self.verification != Verification::Off, ..*context };
        let outcome = service.execute(&request.with_body(body), &context)?;
        let crc64 = Some(outcome.sent.crc64);
        Ok(SentPart { number, size, etag: outcome.output.etag, crc64 })
    }
}
