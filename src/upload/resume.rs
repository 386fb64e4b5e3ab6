//! Going on with an upload that was begun before: by a checkpoint, or by its ID alone.
//!
//! ListParts is the truth. A part that OSS has is not sent again if it has the size of the plan and
//! its check sum is that of the file's bytes now; all others are sent.

use std::collections::BTreeMap;

use super::SentPart;
use super::checkpoint::{Binding, Checkpoint, Found, Record};
use super::clean_up::{abort, is_gone};
use super::destination::Destination;
use super::multipart::Multipart;
use super::plan::Parts;
use super::source::{Source, crc64_of, md5_of};
use crate::client::CallContext;
use crate::error::{Error, Result};
use crate::model::{PartNumber, PartRange, UploadId};
use crate::ops::{ListParts, ListedPart};

/// An upload and the parts that OSS has of it.
pub(super) struct Begun {
    pub(super) destination: Destination,
    pub(super) listed: BTreeMap<PartNumber, ListedPart>,
}

impl Begun {
    /// An upload that has no part yet.
    pub(super) fn new(destination: Destination) -> Self {
        Self { destination, listed: BTreeMap::new() }
    }

    /// The part if OSS has it already, with these very bytes.
    pub(super) fn part(
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

impl Multipart<'_> {
    /// Takes up the upload of that ID.
    ///
    /// # Errors
    ///
    /// NoSuchUpload, and what else ListParts fails with.
    pub(super) fn take_up(&self, upload_id: &UploadId) -> Result<Begun> {
        let destination = self.taken_up(upload_id.clone());
        self.list(&destination)?
            .map(|listed| Begun { destination, listed })
            .map_err(|gone| gone.with_upload_id(upload_id.as_str()))
    }

    /// Takes up the upload of the checkpoint, or begins one and writes it down.
    pub(super) fn begin_with_checkpoint(
        &self,
        checkpoint: &Checkpoint,
        binding: Binding,
        source: &Source,
        parts: Parts,
    ) -> Result<Begun> {
        let file = source
            .identity()
            .ok_or_else(|| Error::internal("only a file can have a checkpoint"))?;
        let part_size = parts.part_size();
        if let Some(begun) = self.find(checkpoint, &binding, |record| {
            record.binding == binding && record.file == file && record.part_size == part_size
        })? {
            return Ok(begun);
        }
        let destination = self.initiate()?;
        let upload_id = destination.upload_id.as_str().to_owned();
        let record = Record { binding, file, part_size, upload_id };
        match checkpoint.save(&record) {
            Ok(()) => Ok(Begun::new(destination)),
            Err(error) => Err(self.clean_up(&destination, error)),
        }
    }

    /// The upload that the checkpoint names, if it is still of use.
    fn find(
        &self,
        checkpoint: &Checkpoint,
        binding: &Binding,
        fits: impl Fn(&Record) -> bool,
    ) -> Result<Option<Begun>> {
        let logger = self.caller.logger();
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
        let destination = self.taken_up(upload_id);
        if !fits(&record) {
            logger.warn(|| "the file or the part size has changed; starting afresh".to_owned());
            // It is our own upload, and nothing will ever complete it.
            if let Err(cause) = abort(self.caller, &destination, self.caller.abort_budget()) {
                logger.warn(|| format!("upload {} is left: {cause}", record.upload_id));
            }
            return Ok(None);
        }
        match self.list(&destination)? {
            Ok(listed) => {
                logger.info(|| format!("going on with upload {}", record.upload_id));
                Ok(Some(Begun { destination, listed }))
            }
            Err(_) => {
                logger.warn(|| "the upload of the checkpoint is gone; starting afresh".to_owned());
                Ok(None)
            }
        }
    }

    fn taken_up(&self, upload_id: UploadId) -> Destination {
        Destination { is_taken_up: true, ..self.destination(upload_id) }
    }

    /// All parts that OSS has, or its word that it knows no such upload. Every other error leaves
    /// the upload as it is.
    fn list(
        &self,
        destination: &Destination,
    ) -> Result<Result<BTreeMap<PartNumber, ListedPart>, Error>> {
        let Destination { bucket, key, upload_id, headers, .. } = destination;
        let deadline = self.deadline;
        let context = CallContext { deadline, asks_whether: true, ..CallContext::new(self.stop) };
        let left = |error: Error| error.with_upload_id(upload_id.as_str()).with_parts_left(true);
        let mut listed = BTreeMap::new();
        let mut next = Some(ListParts::new(bucket, key, upload_id).with_headers(headers));
        while let Some(request) = next {
            let page = match self.caller.call(&request, &context) {
                Ok(answer) => answer.reply,
                Err(defeat) if is_gone(&defeat) => return Ok(Err(defeat.error)),
                Err(defeat) => return Err(left(defeat.error)),
            };
            next = request.next_page(&page).map_err(left)?;
            listed.extend(page.parts.into_iter().map(|part| (part.number, part)));
        }
        Ok(Ok(listed))
    }
}
