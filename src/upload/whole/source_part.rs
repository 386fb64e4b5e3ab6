//! Reads parts from a source and sends them, or has them copied from the base of a delta upload.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::Result;
use crate::model::{PartNumber, PartRange};
use crate::ops::ListedPart;
use crate::runtime::{Cancel, Deadline};
use crate::service::{OperationContext, RateLimiter, ServiceClient};
use crate::upload::call_scope;
use crate::upload::lifecycle::delta::delta_upload::DeltaUpload;
use crate::upload::lifecycle::resume::ResumedUpload;
use crate::upload::lifecycle::upload_target::UploadTarget;
use crate::upload::part::{SentPart, combined_crc64};
use crate::upload::progress::Meter;
use crate::upload::schedule::part_scheduler::{PartUploader, UploadedPart};
use crate::upload::schedule::plan::Parts;
use crate::upload::source::part_md5::{PartDigest, PartMd5s};
use crate::upload::source::upload_source::Source;

/// Sends parts of a source to one upload.
pub(crate) struct SourcePartUploader {
    pub(crate) service: Arc<ServiceClient>,
    pub(crate) target: UploadTarget,
    pub(crate) source: Source,
    pub(crate) parts: Parts,
    /// Parts that OSS already has, from an earlier call.
    pub(crate) listed: BTreeMap<PartNumber, ListedPart>,
    /// `None` if nothing needs them before a part is sent.
    pub(crate) part_md5s: Option<PartMd5s>,
    /// Parts are sent with `Content-MD5`.
    pub(crate) sends_md5: bool,
    pub(crate) delta: Option<Arc<DeltaUpload>>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) rate_limiter: Option<RateLimiter>,
    pub(crate) deadline: Deadline,
}

impl PartUploader for SourcePartUploader {
    fn bytes_per_sec(&self) -> Option<u64> {
        // A part that is not sent, or that OSS takes slowly, needs less of the rate.
        let needs_rate = self.listed.is_empty()
            && self.delta.is_none()
            && !self.target.headers.has_traffic_limit();
        self.rate_limiter.as_ref().filter(|_| needs_rate).map(RateLimiter::bytes_per_sec)
    }

    fn upload(&self, part: PartRange, cancel: &Cancel) -> Result<UploadedPart> {
        self.source.check_unchanged()?;
        let check = || call_scope::check(cancel, self.deadline);
        if let Some(resumed) = ResumedUpload::part(&self.listed, part, &self.source, check)? {
            self.source.leave_cache(part.offset, part.length);
            return Ok(UploadedPart::Resumed(resumed));
        }
        let delta = self.delta.as_ref().filter(|delta| delta.begin(part));
        let digest = match self.sends_md5 || delta.is_some() {
            true => self.digest(part, cancel)?,
            false => None,
        };
        if let (Some(delta), Some(digest)) = (delta, digest) {
            let context = self.context(cancel);
            let copied = delta.copy(part, digest, &self.target, &self.service, &context)?;
            if let Some(reused) = copied {
                self.source.leave_cache(part.offset, part.length);
                return Ok(UploadedPart::Reused(reused));
            }
        }
        let sent = self.send(part, digest, cancel)?;
        if let (Some(delta), Some(digest)) = (delta, digest) {
            delta.note_sent(&sent, digest);
        }
        self.source.leave_cache(part.offset, part.length);
        Ok(UploadedPart::Sent(sent))
    }

    /// Sends parts again of which OSS has other ones, which only a delta upload can cause.
    fn confirm(&self, mut sent: Vec<SentPart>, cancel: &Cancel) -> Result<Vec<SentPart>> {
        let Some(delta) = &self.delta else { return Ok(sent) };
        let listed = match delta.is_list_needed() {
            true => self.target.list_parts(&self.service, &self.context(cancel)),
            false => Ok(sent.clone()),
        };
        match listed {
            Ok(listed) => {
                for number in delta.wrong_parts(&sent, &listed) {
                    let index = number.index();
                    if let (Some(part), Some(slot)) = (self.parts.part(index), sent.get_mut(index))
                    {
                        delta.note_replaced(number);
                        *slot = self.send(part, self.digest(part, cancel)?, cancel)?;
                    }
                }
            }
            Err(error) if self.context(cancel).check().is_err() => return Err(error),
            // Complete determines whether an upload that is gone was completed.
            Err(error) => delta.note_unconfirmed(&error),
        }
        delta.keep_parts(&sent);
        Ok(sent)
    }

    fn check_source(&self, sent: &[SentPart], cancel: &Cancel) -> Result<()> {
        let check = || call_scope::check(cancel, self.deadline);
        self.source.check_sent(combined_crc64(sent), check)
    }
}

impl SourcePartUploader {
    fn digest(&self, part: PartRange, cancel: &Cancel) -> Result<Option<PartDigest>> {
        let digest = |part_md5s: &PartMd5s| part_md5s.of(part, &self.source, cancel);
        self.part_md5s.as_ref().map(digest).transpose()
    }

    fn send(
        &self,
        part: PartRange,
        digest: Option<PartDigest>,
        cancel: &Cancel,
    ) -> Result<SentPart> {
        let body = self.source.body(part.offset, part.length);
        let md5 = digest.filter(|_| self.sends_md5).map(|digest| digest.md5);
        let context =
            OperationContext { rate_limiter: self.rate_limiter.as_ref(), ..self.context(cancel) };
        self.target.send_part(&self.service, part.number, body, md5, &context)
    }

    fn context<'c>(&'c self, cancel: &'c Cancel) -> OperationContext<'c> {
        OperationContext {
            deadline: self.deadline,
            observer: Some(&*self.meter),
            ..OperationContext::new(cancel)
        }
    }
}
