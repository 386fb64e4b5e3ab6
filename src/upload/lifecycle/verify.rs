//! Verifies an object that OSS has acknowledged: compares its CRC-64 with that of the bytes sent.

use crate::error::{Error, ErrorKind, Result};
use crate::model::{BucketName, ETag, ObjectHeaders, ObjectKey};
use crate::ops::{HeadObject, HeadObjectResult};
use crate::service::{OperationContext, ServiceClient};
use crate::upload::options::Verification;
use crate::upload::part::ObjectChecksum;

/// An object that was created, with what the response says of it.
#[derive(Debug)]
pub(crate) struct CreatedObject<'a> {
    pub(crate) bucket: &'a BucketName,
    pub(crate) key: &'a ObjectKey,
    /// Headers of the requests (request payer).
    pub(crate) headers: &'a ObjectHeaders,
    /// Of the bytes that were sent.
    pub(crate) checksum: ObjectChecksum,
    pub(crate) etag: Option<&'a ETag>,
    /// The ETags that the object may have if the response has none.
    pub(crate) etags: Vec<ETag>,
    pub(crate) crc64: Option<u64>,
    pub(crate) version_id: Option<&'a str>,
}

/// An object that is not known to be wrong.
#[derive(Debug, Default)]
pub(crate) struct VerifiedObject {
    pub(crate) crc64: Option<u64>,
    /// Its CRC-64 was compared.
    pub(crate) is_verified: bool,
    /// The object, if HeadObject was necessary.
    pub(crate) found: Option<HeadObjectResult>,
}

impl CreatedObject<'_> {
    /// Compares the CRC-64s. If one of the two is missing, HeadObject has to show that of the
    /// object, and at least its size.
    ///
    /// # Errors
    ///
    /// `Integrity`, when the object differs, or cannot be compared although it has to be.
    pub(crate) fn verify(
        &self,
        verification: Verification,
        service: &ServiceClient,
        context: &OperationContext<'_>,
    ) -> Result<VerifiedObject> {
        if verification == Verification::Off {
            return Ok(VerifiedObject { crc64: self.crc64, ..VerifiedObject::default() });
        }
        let is_missing = self.crc64.is_none() || self.checksum.crc64.is_none();
        let found = if is_missing { self.find(service, context)? } else { None };
        let crc64 = self.crc64.or(found.as_ref().and_then(|found| found.crc64));
        let is_verified = match (self.checksum.crc64, crc64) {
            (Some(ours), Some(theirs)) if ours != theirs => {
                let text = format!("the CRC-64 of the object is {ours} here and {theirs} at OSS");
                return Err(Error::new(ErrorKind::Integrity, text));
            }
            (Some(_), Some(_)) => true,
            _ if verification == Verification::Required => return Err(not_verified()),
            _ => false,
        };
        if !is_verified {
            service.logger().warn(|| not_verified().to_string());
        }
        Ok(VerifiedObject { crc64, is_verified, found })
    }

    /// Sends HeadObject; `None` if it does not show the object that was created.
    pub(crate) fn find(
        &self,
        service: &ServiceClient,
        context: &OperationContext<'_>,
    ) -> Result<Option<HeadObjectResult>> {
        let mut request = HeadObject::new(self.bucket, self.key).with_headers(self.headers);
        if let Some(version_id) = self.version_id {
            request = request.with_version(version_id);
        }
        let found = match service.execute(&request, context) {
            Ok(outcome) => outcome.output,
            Err(failed) => {
                service.logger().warn(|| format!("HeadObject after the upload: {}", failed.error));
                return Ok(None);
            }
        };
        if !self.is_identified_by(&found) {
            let text = match self.etag {
                Some(_) => "another writer has replaced the object",
                None => "the object may be that of another writer: the response has no ETag",
            };
            service.logger().warn(|| text.to_owned());
            return Ok(None);
        }
        if found.size != self.checksum.size {
            let (ours, theirs) = (self.checksum.size, found.size);
            let text = format!("the object has {theirs} bytes at OSS and {ours} were sent");
            return Err(Error::new(ErrorKind::Integrity, text));
        }
        Ok(Some(found))
    }

    /// Returns true if HeadObject shows the object that was created. Another writer may have
    /// replaced it since, so what does not match a response without an ETag proves nothing.
    fn is_identified_by(&self, found: &HeadObjectResult) -> bool {
        match self.etag {
            Some(etag) => found.etag.is_md5(etag.unquoted()),
            None => {
                let crc64 = self.crc64.or(self.checksum.crc64);
                self.version_id.is_some()
                    || (crc64.is_some() && found.crc64 == crc64)
                    || self.etags.iter().any(|etag| found.etag.is_md5(etag.unquoted()))
            }
        }
    }
}

/// The error of an object whose CRC-64 has to be compared.
pub(crate) fn not_verified() -> Error {
    let text = "the CRC-64 of the object was not compared: it is not known at OSS or for all parts";
    Error::new(ErrorKind::Integrity, text)
}
