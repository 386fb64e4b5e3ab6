//! Resumes an upload that was initiated before: by a checkpoint, or by its ID alone.
//!
//! ListParts decides which parts there are. A part that OSS has is not sent again if it has the size
//! of the plan and the checksum of the file's bytes now; all others are sent.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::abort::{abort, is_no_such_upload};
use super::checkpoint::{Binding, Checkpoint, Found, Record};
use super::stored_object::{ExpectedObject, StoredObject};
use super::upload_lifecycle::UploadLifecycle;
use super::upload_target::UploadTarget;
use crate::codec::crc64::crc64;
use crate::codec::date::parse_http_date;
use crate::error::{Error, ObjectExists, Result};
use crate::model::{PartNumber, PartRange, UploadId};
use crate::ops::{ListParts, ListedPart};
use crate::service::{CallContext, Evidence};
use crate::upload::call_scope::CallScope;
use crate::upload::part::{SentPart, Whole};
use crate::upload::schedule::plan::Parts;
use crate::upload::source::upload_source::{Source, crc64_of, md5_of};
use crate::upload::upload_result::UploadResult;

/// An upload and the parts that OSS has of it.
pub(crate) struct ResumedUpload {
    pub(crate) target: UploadTarget,
    pub(crate) listed: BTreeMap<PartNumber, ListedPart>,
    /// About Completes that earlier processes have sent.
    pub(crate) earlier: Evidence,
    /// What the checkpoint says, if there is one.
    pub(crate) record: Option<Record>,
}

/// What a checkpoint leads to.
pub(crate) enum Resumption {
    Upload(Box<ResumedUpload>),
    /// An earlier process has completed the upload, but did not live to remove the checkpoint.
    Completed(Box<UploadResult>),
}

/// What ListParts shows.
#[derive(Default)]
struct ListedParts {
    parts: BTreeMap<PartNumber, ListedPart>,
    /// The service's clock, after which the upload was open.
    time: Option<SystemTime>,
}

/// What the checkpoint of an upload has to agree with.
struct Wanted {
    record: Record,
    source: Source,
    parts: Parts,
}

impl ResumedUpload {
    /// An upload that has no part yet.
    pub(crate) fn new(target: UploadTarget, record: Option<Record>) -> Self {
        Self { target, listed: BTreeMap::new(), earlier: Evidence::NotSent, record }
    }

    /// The part if OSS has it already, with the bytes that the source has now.
    pub(crate) fn part(
        listed: &BTreeMap<PartNumber, ListedPart>,
        part: PartRange,
        source: &Source,
        scope: &CallScope,
    ) -> Result<Option<SentPart>> {
        let Some(there) = listed.get(&part.number).filter(|there| there.size == part.length) else {
            return Ok(None);
        };
        let body = source.body(part.offset, part.length);
        let crc64 = crc64_of(&body, scope)?;
        let same = match there.crc64 {
            Some(theirs) => theirs == crc64,
            None => there.etag.is_md5(&md5_of(&body, scope)?.to_hex_upper()),
        };
        let etag = there.etag.clone();
        let sent = SentPart { number: part.number, size: part.length, etag, crc64: Some(crc64) };
        Ok(same.then_some(sent))
    }
}

impl UploadLifecycle<'_> {
    /// Attaches to the upload of that ID.
    ///
    /// # Errors
    ///
    /// NoSuchUpload, and what else ListParts fails with.
    pub(crate) fn attach(&self, upload_id: &UploadId) -> Result<ResumedUpload> {
        let target = self.attached_target(upload_id.clone());
        match self.list(&target)? {
            Ok(ListedParts { parts, time }) => {
                // It is open at this time, so an older object is not the one that this call makes.
                let target = UploadTarget { initiated: time, ..target };
                Ok(ResumedUpload { listed: parts, ..ResumedUpload::new(target, None) })
            }
            Err(gone) => Err(gone.with_upload_id(upload_id.as_str())),
        }
    }

    /// Resumes the upload of the checkpoint, or initiates one and saves it.
    pub(crate) fn begin_with_checkpoint(
        &self,
        checkpoint: &Checkpoint,
        binding: Binding,
        source: &Source,
        parts: Parts,
    ) -> Result<Resumption> {
        let file = source
            .identity()
            .ok_or_else(|| Error::internal("only a file can have a checkpoint"))?;
        let record = Record {
            binding,
            file,
            part_size: parts.part_size(),
            upload_id: String::new(),
            attributes: self.attributes()?,
            initiated: 0,
            may_have_orphan: false,
            is_completing: false,
        };
        let wanted = Wanted { record, source: source.clone(), parts };
        let mut may_have_orphan = false;
        if let Some(found) = self.find(checkpoint, &wanted, &mut may_have_orphan)? {
            return Ok(found);
        }
        let mut target = self.initiate()?;
        target.may_have_orphan |= may_have_orphan;
        let upload_id = target.upload_id.as_str().to_owned();
        let initiated = target.initiated.map_or(0, seconds);
        let may_have_orphan = target.may_have_orphan;
        let record = Record { upload_id, initiated, may_have_orphan, ..wanted.record };
        match checkpoint.save(&record) {
            Ok(()) => Ok(Resumption::Upload(Box::new(ResumedUpload::new(target, Some(record))))),
            Err(error) => Err(self.abort_after_error(&target, error)),
        }
    }

    /// The upload that the checkpoint names, if it can be resumed.
    fn find(
        &self,
        checkpoint: &Checkpoint,
        wanted: &Wanted,
        may_have_orphan: &mut bool,
    ) -> Result<Option<Resumption>> {
        let logger = self.service.logger();
        let record = match checkpoint.load()? {
            Found::Nothing => return Ok(None),
            Found::Record(record) => record,
            Found::Damaged(what) => {
                logger.warn(|| format!("a checkpoint is damaged: {what}; starting over"));
                *may_have_orphan = true;
                return Ok(None);
            }
        };
        let Ok(upload_id) = UploadId::parse(&record.upload_id) else { return Ok(None) };
        if record.binding != wanted.record.binding {
            logger.warn(|| "a checkpoint is of another upload; starting over".to_owned());
            return Ok(None);
        }
        let initiated = Some(record.initiated).filter(|seconds| *seconds > 0);
        let initiated = initiated.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
        // The attributes are those of Initiate, which the record has compared.
        let target = UploadTarget {
            initiated,
            is_attached: false,
            may_have_orphan: record.may_have_orphan,
            ..self.attached_target(upload_id)
        };
        if let Some(what) = difference(&record, &wanted.record) {
            logger.warn(|| format!("{what} changed; starting over"));
            let outcome = abort(self.service, &target, &self.budget);
            if let Some(cause) = outcome.failure {
                // A Complete of the earlier process could still replace what this call makes.
                if record.is_completing && outcome.fence.is_none() {
                    return Err(uncertain(cause, &record));
                }
                logger.warn(|| format!("upload {} is left: {cause}", record.upload_id));
                *may_have_orphan = true;
            }
            *may_have_orphan |= record.may_have_orphan;
            return Ok(None);
        }
        match self.list(&target).map_err(|error| uncertain(error, &record))? {
            Ok(ListedParts { parts: listed, .. }) => {
                logger.info(|| format!("resuming upload {}", record.upload_id));
                let earlier =
                    if record.is_completing { Evidence::Uncertain } else { Evidence::NotSent };
                let record = Some(record);
                let resumed = ResumedUpload { target, listed, earlier, record };
                Ok(Some(Resumption::Upload(Box::new(resumed))))
            }
            Err(_) if record.is_completing => self
                .find_completed(&target, wanted, may_have_orphan)
                .map_err(|error| uncertain(error, &record)),
            Err(_) => {
                *may_have_orphan |= record.may_have_orphan;
                logger.warn(|| "the upload of the checkpoint is gone; starting over".to_owned());
                Ok(None)
            }
        }
    }

    /// The upload is gone and an earlier process was about to complete it: if its object is there,
    /// this upload is done.
    fn find_completed(
        &self,
        target: &UploadTarget,
        wanted: &Wanted,
        may_have_orphan: &mut bool,
    ) -> Result<Option<Resumption>> {
        let size = wanted.parts.size();
        let crc64 = crc64_of(&wanted.source.body(0, size), self.scope)?;
        let whole = Whole { size, crc64: Some(crc64) };
        let context = CallContext {
            deadline: self.scope.deadline,
            expects_not_found: true,
            ..CallContext::new(&self.scope.cancel)
        };
        let expected = ExpectedObject::of_upload(target, whole);
        match expected.find(self.service, &context)? {
            StoredObject::Ours(object) => {
                wanted.source.check_unchanged()?;
                let upload_id = target.upload_id.clone();
                self.service.logger().info(|| format!("upload {upload_id} is completed already"));
                Ok(Some(Resumption::Completed(Box::new(UploadResult {
                    etag: Some(object.etag),
                    size,
                    parts: u16::try_from(wanted.parts.count()).unwrap_or(u16::MAX),
                    bytes_resumed: size,
                    crc64: object.crc64,
                    version_id: object.version_id,
                    request_id: object.request_id,
                    upload_id: Some(upload_id),
                    upload_may_exist: target.may_have_orphan,
                    ..UploadResult::default()
                }))))
            }
            StoredObject::Absent | StoredObject::Other => {
                *may_have_orphan |= target.may_have_orphan;
                Ok(None)
            }
        }
    }

    /// An upload that this call has not initiated. It may have parts that are not in the plan, so
    /// Complete lists those of the plan.
    fn attached_target(&self, upload_id: UploadId) -> UploadTarget {
        UploadTarget { is_attached: true, complete_all: false, ..self.target(upload_id) }
    }

    /// A checksum of everything that Initiate is asked for.
    fn attributes(&self) -> Result<u64> {
        let mut text = format!("sequential={}\n", self.options.sequential);
        for (name, value) in self.headers.creation_fields(self.key)? {
            text.push_str(&format!("{name}: {value}\n"));
        }
        Ok(crc64(text.as_bytes()))
    }

    /// All parts that OSS has, or its own NoSuchUpload. Every other error leaves the upload as it
    /// is.
    fn list(&self, target: &UploadTarget) -> Result<Result<ListedParts, Error>> {
        let UploadTarget { bucket, key, upload_id, headers, .. } = target;
        let context = CallContext {
            deadline: self.scope.deadline,
            expects_not_found: true,
            ..CallContext::new(&self.scope.cancel)
        };
        let left = |error: Error| error.with_upload_id(upload_id.as_str()).with_parts_left(true);
        let mut listed = ListedParts::default();
        let mut next = Some(ListParts::new(bucket, key, upload_id).with_headers(headers));
        while let Some(request) = next {
            let page = match self.service.call(&request, &context) {
                Ok(outcome) => outcome.output,
                Err(failed) if is_no_such_upload(&failed.error) => return Ok(Err(failed.error)),
                Err(failed) => return Err(left(failed.error)),
            };
            next = request.next_page(&page).map_err(left)?;
            listed.time = page.headers.value("date").and_then(parse_http_date);
            listed.parts.extend(page.parts.into_iter().map(|part| (part.number, part)));
        }
        Ok(Ok(listed))
    }
}

/// Adds what an earlier process may have done.
fn uncertain(error: Error, record: &Record) -> Error {
    let error = error
        .with_upload_id(&record.upload_id)
        .with_parts_left(true)
        .with_upload_may_exist(record.may_have_orphan);
    if record.is_completing { error.with_object_exists(ObjectExists::Unknown) } else { error }
}

/// What keeps the upload of a record from being resumed.
fn difference(found: &Record, wanted: &Record) -> Option<&'static str> {
    if found.file != wanted.file {
        return Some("the file");
    }
    if found.part_size != wanted.part_size {
        return Some("the part size");
    }
    (found.attributes != wanted.attributes).then_some("what the object is to be made with")
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
