//! The multipart upload that parts go to, and how one part gets there.

use super::{Integrity, SentPart};
use crate::client::{CallContext, Caller};
use crate::codec::md5::Digest;
use crate::error::{Error, Result};
use crate::limits;
use crate::model::{BucketName, ObjectHeaders, ObjectKey, PartNumber, UploadId};
use crate::ops::UploadPart;
use crate::wire::Body;

/// One multipart upload, and what its requests carry besides.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    pub(super) bucket: BucketName,
    pub(super) key: ObjectKey,
    pub(super) upload_id: UploadId,
    pub(super) headers: ObjectHeaders,
    pub(super) integrity: Integrity,
    /// Complete names no parts: OSS takes all that it has.
    pub(super) complete_all: bool,
    /// Another upload of the same Initiate may exist, whose ID was lost with an answer.
    pub(super) may_have_twin: bool,
    /// It was begun before this call, perhaps by a process that has sent Complete and then died.
    pub(super) is_taken_up: bool,
}

impl Destination {
    /// Sends one part and says how OSS has it. With its MD5, OSS refuses other bytes. Blocks;
    /// retries as the client is configured.
    pub(super) fn send_part(
        &self,
        caller: &Caller,
        number: PartNumber,
        body: Body,
        md5: Option<Digest>,
        context: &CallContext<'_>,
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
            CallContext { check_crc64: self.integrity.contains(Integrity::CRC64), ..*context };
        let answer = caller.call(&request.with_body(body), &context)?;
        let crc64 = Some(answer.sent.crc64);
        Ok(SentPart { number, size, etag: answer.reply.etag, crc64 })
    }
}
