//! Reads parts from a source and sends them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::Result;
use crate::model::{PartNumber, PartRange};
use crate::ops::ListedPart;
use crate::runtime::{Cancel, Deadline};
use crate::service::{OperationContext, RateLimiter, ServiceClient};
use crate::upload::call_scope;
use crate::upload::lifecycle::resume::ResumedUpload;
use crate::upload::lifecycle::upload_target::UploadTarget;
use crate::upload::part::{SentPart, combined_crc64};
use crate::upload::progress::Meter;
use crate::upload::schedule::part_scheduler::{PartUploader, UploadedPart};
use crate::upload::source::part_md5::PartMd5s;
use crate::upload::source::upload_source::Source;

/// Sends parts of a source to one upload.
pub(crate) struct SourcePartUploader {
    pub(crate) service: Arc<ServiceClient>,
    pub(crate) target: UploadTarget,
    pub(crate) source: Source,
    /// Parts that OSS already has, from an earlier call.
    pub(crate) listed: BTreeMap<PartNumber, ListedPart>,
    /// `None` if parts are sent without `Content-MD5`.
    pub(crate) part_md5s: Option<PartMd5s>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) rate_limiter: Option<RateLimiter>,
    pub(crate) deadline: Deadline,
}

impl PartUploader for SourcePartUploader {
    fn upload(&self, part: PartRange, cancel: &Cancel) -> Result<UploadedPart> {
        self.source.check_unchanged()?;
        let check = || call_scope::check(cancel, self.deadline);
        if let Some(resumed) = ResumedUpload::part(&self.listed, part, &self.source, check)? {
            self.source.leave_cache(part.offset, part.length);
            return Ok(UploadedPart::Resumed(resumed));
        }
        let body = self.source.body(part.offset, part.length);
        let md5 = match &self.part_md5s {
            Some(part_md5s) => Some(part_md5s.of(part, &self.source, cancel)?),
            None => None,
        };
        let context = OperationContext {
            deadline: self.deadline,
            observer: Some(&*self.meter),
            rate_limiter: self.rate_limiter.as_ref(),
            ..OperationContext::new(cancel)
        };
        let sent = self.target.send_part(&self.service, part.number, body, md5, &context)?;
        self.source.leave_cache(part.offset, part.length);
        Ok(UploadedPart::Sent(sent))
    }

    fn check_source(&self, sent: &[SentPart], cancel: &Cancel) -> Result<()> {
        let check = || call_scope::check(cancel, self.deadline);
        self.source.check_sent(combined_crc64(sent), check)
    }
}
