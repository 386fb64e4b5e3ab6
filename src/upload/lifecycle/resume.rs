//! Going on with an upload that was begun before: by a checkpoint, or by its ID alone.
//!
//! ListParts is the truth. A part that OSS has is not sent again if it has the size of the plan and
//! its check sum is that of the file's bytes now; all others are sent.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::model::{PartNumber, PartRange, UploadId};
use crate::ops::{ListParts, ListedPart};
use crate::service::CallContext;
use crate::upload::lifecycle::abort::{abort, is_gone};
use crate::upload::lifecycle::checkpoint::{Binding, Checkpoint, Found, Record};
use crate::upload::lifecycle::upload_lifecycle::UploadLifecycle;
use crate::upload::lifecycle::upload_target::UploadTarget;
use crate::upload::part::SentPart;
use crate::upload::schedule::plan::Parts;
use crate::upload::source::upload_source::{Source, crc64_of, md5_of};

/// An upload and the parts that OSS has of it.
pub(crate) struct ResumedUpload {
    pub(crate) target: UploadTarget,
    pub(crate) listed: BTreeMap<PartNumber, ListedPart>,
}

impl ResumedUpload {
    /// An upload that has no part yet.
    pub(crate) fn new(target: UploadTarget) -> Self {
        Self { target, listed: BTreeMap::new() }
    }

    /// The part if OSS has it already, with these very bytes.
    pub(crate) fn part(
        listed: &BTreeMap<PartNumber, ListedPart>,
        part: PartRange,
        source: &Source,
    ) -> Result<Option<SentPart>> {
        let Some(there) = listed.get(&part.number).filter(|there| there.size == part.length) else {
            return Ok(None);
        };
        let body = source.body(part.offset, part.length);
        let crc64 = crc64_of(&body)?;
        let same = match there.crc64 {
            Some(theirs) => theirs == crc64,
            None => there.etag.is_md5(&md5_of(&body)?.to_hex_upper()),
        };
        let etag = there.etag.clone();
        let sent = SentPart { number: part.number, size: part.length, etag, crc64: Some(crc64) };
        Ok(same.then_some(sent))
    }
}

impl UploadLifecycle<'_> {
    /// Takes up the upload of that ID.
    ///
    /// # Errors
    ///
    /// NoSuchUpload, and what else ListParts fails with.
    pub(crate) fn attach(&self, upload_id: &UploadId) -> Result<ResumedUpload> {
        let target = self.attached_target(upload_id.clone());
        self.list(&target)?
            .map(|listed| ResumedUpload { target, listed })
            .map_err(|gone| gone.with_upload_id(upload_id.as_str()))
    }

    /// Takes up the upload of the checkpoint, or begins one and writes it down.
    pub(crate) fn begin_with_checkpoint(
        &self,
        checkpoint: &Checkpoint,
        binding: Binding,
        source: &Source,
        parts: Parts,
    ) -> Result<ResumedUpload> {
        let file = source
            .identity()
            .ok_or_else(|| Error::internal("only a file can have a checkpoint"))?;
        let part_size = parts.part_size();
        if let Some(resumed) = self.find(checkpoint, &binding, |record| {
            record.binding == binding && record.file == file && record.part_size == part_size
        })? {
            return Ok(resumed);
        }
        let target = self.initiate()?;
        let upload_id = target.upload_id.as_str().to_owned();
        let record = Record { binding, file, part_size, upload_id };
        match checkpoint.save(&record) {
            Ok(()) => Ok(ResumedUpload::new(target)),
            Err(error) => Err(self.abort_after_error(&target, error)),
        }
    }

    /// The upload that the checkpoint names, if it is still of use.
    fn find(
        &self,
        checkpoint: &Checkpoint,
        binding: &Binding,
        fits: impl Fn(&Record) -> bool,
    ) -> Result<Option<ResumedUpload>> {
        let logger = self.service.logger();
        let record = match checkpoint.load()? {
            Found::Nothing => return Ok(None),
            Found::Record(record) => record,
            Found::Damaged(what) => {
                logger.warn(|| format!("a checkpoint is damaged: {what}; starting afresh"));
                return Ok(None);
            }
        };
        let Ok(upload_id) = UploadId::parse(&record.upload_id) else { return Ok(None) };
        if record.binding != *binding {
            logger.warn(|| "a checkpoint is of another upload; starting afresh".to_owned());
            return Ok(None);
        }
        let target = self.attached_target(upload_id);
        if !fits(&record) {
            logger.warn(|| "the file or the part size has changed; starting afresh".to_owned());
            // It is our own upload, and nothing will ever complete it.
            if let Err(cause) = abort(self.service, &target, self.service.abort_budget()) {
                logger.warn(|| format!("upload {} is left: {cause}", record.upload_id));
            }
            return Ok(None);
        }
        match self.list(&target)? {
            Ok(listed) => {
                logger.info(|| format!("going on with upload {}", record.upload_id));
                Ok(Some(ResumedUpload { target, listed }))
            }
            Err(_) => {
                logger.warn(|| "the upload of the checkpoint is gone; starting afresh".to_owned());
                Ok(None)
            }
        }
    }

    fn attached_target(&self, upload_id: UploadId) -> UploadTarget {
        UploadTarget { is_attached: true, ..self.target(upload_id) }
    }

    /// All parts that OSS has, or its word that it knows no such upload. Every other error leaves
    /// the upload as it is.
    fn list(
        &self,
        target: &UploadTarget,
    ) -> Result<Result<BTreeMap<PartNumber, ListedPart>, Error>> {
        let UploadTarget { bucket, key, upload_id, headers, .. } = target;
        let deadline = self.deadline;
        let context =
            CallContext { deadline, expects_not_found: true, ..CallContext::new(self.stop) };
        let left = |error: Error| error.with_upload_id(upload_id.as_str()).with_parts_left(true);
        let mut listed = BTreeMap::new();
        let mut next = Some(ListParts::new(bucket, key, upload_id).with_headers(headers));
        while let Some(request) = next {
            let page = match self.service.call(&request, &context) {
                Ok(outcome) => outcome.output,
                Err(failed) if is_gone(&failed) => return Ok(Err(failed.error)),
                Err(failed) => return Err(left(failed.error)),
            };
            next = request.next_page(&page).map_err(left)?;
            listed.extend(page.parts.into_iter().map(|part| (part.number, part)));
        }
        Ok(Ok(listed))
    }
}
