//! Resumes an upload that was initiated earlier: by a checkpoint, or by its ID alone.
//!
//! ListParts says which parts OSS has. A part is not sent again if it has the planned size and the
//! checksum of the bytes that the file has now; all others are sent.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::abort::{Fence, abort, is_no_such_upload, or_completed};
use super::checkpoint::{Checkpoint, CheckpointKey, CheckpointRecord, LoadedCheckpoint};
use super::complete::COMPLETION_HEADERS;
use super::stored_object::{ExpectedObject, StoredObject, warn_of_callback};
use super::upload_lifecycle::UploadLifecycle;
use super::upload_target::UploadTarget;
use crate::codec::crc64::crc64;
use crate::error::{Error, ObjectExists, Result};
use crate::model::{ObjectHeaders, ObjectKey, PartNumber, PartRange, UploadId};
use crate::ops::{ListParts, ListedPart};
use crate::runtime::CleanupBudget;
use crate::service::{Evidence, ExpectedFailure, OperationContext};
use crate::upload::options::UploadOptions;
use crate::upload::part::{ObjectChecksum, SentPart};
use crate::upload::schedule::plan::Parts;
use crate::upload::source::upload_source::{Source, crc64_of, expect_crc64, md5_of};
use crate::upload::upload_result::UploadResult;

/// An upload and the parts that OSS has of it.
pub(crate) struct ResumedUpload {
    pub(crate) target: UploadTarget,
    pub(crate) listed: BTreeMap<PartNumber, ListedPart>,
    /// Evidence of the Completes in earlier calls.
    pub(crate) earlier: Evidence,
    /// The content of the checkpoint, if there is one.
    pub(crate) record: Option<CheckpointRecord>,
}

/// The outcome of loading a checkpoint.
pub(crate) enum Resumption {
    Upload(Box<ResumedUpload>),
    /// An earlier process completed the upload, but exited before it removed the checkpoint.
    Completed(Box<UploadResult>),
}

/// The outcome of ListParts.
#[derive(Default)]
struct ListedParts {
    parts: BTreeMap<PartNumber, ListedPart>,
    /// The service's clock at a time when the upload was open.
    time: Option<SystemTime>,
}

/// What a checkpoint must match to be resumed.
struct ExpectedCheckpoint {
    record: CheckpointRecord,
    source: Source,
    parts: Parts,
}

impl ResumedUpload {
    /// An upload that has no part yet.
    pub(crate) fn new(target: UploadTarget, record: Option<CheckpointRecord>) -> Self {
        Self { target, listed: BTreeMap::new(), earlier: Evidence::NotSent, record }
    }

    /// Returns the part if OSS has it with the bytes that the source has now.
    pub(crate) fn part(
        listed: &BTreeMap<PartNumber, ListedPart>,
        part: PartRange,
        source: &Source,
        check: impl Fn() -> Result<()>,
    ) -> Result<Option<SentPart>> {
        let Some(there) = listed.get(&part.number).filter(|there| there.size == part.length) else {
            return Ok(None);
        };
        let body = source.body(part.offset, part.length);
        let crc64 = crc64_of(&body, &check)?;
        let same = match there.crc64 {
            Some(theirs) => theirs == crc64,
            None => there.etag.is_md5(&md5_of(&body, &check)?.to_hex_upper()),
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
    /// Those of ListParts, NoSuchUpload among them.
    pub(crate) fn attach(&self, upload_id: &UploadId) -> Result<ResumedUpload> {
        let target = self.attached_target(upload_id.clone());
        match self.list(&target)? {
            Ok(ListedParts { parts, time }) => {
                // It is open at this time, so an older object is not the one of this call.
                let target = UploadTarget { initiated: time, ..target };
                Ok(ResumedUpload { listed: parts, ..ResumedUpload::new(target, None) })
            }
            Err(gone) => Err(or_completed(gone).with_upload_id(upload_id.as_str())),
        }
    }

    /// Resumes the upload of the checkpoint, or initiates one and saves it.
    pub(crate) fn begin_with_checkpoint(
        &self,
        checkpoint: &Checkpoint,
        checkpoint_key: CheckpointKey,
        source: &Source,
        parts: Parts,
    ) -> Result<Resumption> {
        let file = source
            .identity()
            .ok_or_else(|| Error::internal("only a file can have a checkpoint"))?;
        let record = CheckpointRecord {
            checkpoint_key,
            file,
            part_size: parts.part_size(),
            upload_id: String::new(),
            attributes: self.attributes()?,
            completion: self.completion(),
            initiated: 0,
            may_have_orphan: false,
            is_completing: false,
            object_may_exist: false,
        };
        let expected = ExpectedCheckpoint { record, source: source.clone(), parts };
        let mut earlier = EarlierUpload::default();
        if let Some(found) = self.find(checkpoint, &expected, &mut earlier)? {
            return Ok(found);
        }
        let mut target = self.initiate().map_err(|error| earlier.add_to(error))?;
        target.may_have_orphan |= earlier.may_have_orphan;
        let upload_id = target.upload_id.as_str().to_owned();
        let initiated = target.initiated.map_or(0, seconds);
        let may_have_orphan = target.may_have_orphan;
        let object_may_exist = earlier.object_may_exist;
        let record = CheckpointRecord {
            upload_id,
            initiated,
            may_have_orphan,
            object_may_exist,
            ..expected.record
        };
        match checkpoint.save(&record) {
            Ok(()) => Ok(Resumption::Upload(Box::new(ResumedUpload::new(target, Some(record))))),
            Err(error) => {
                let error = error.with_upload_may_exist(target.may_have_orphan);
                Err(earlier.add_to(self.abort_after_error(&target, error)))
            }
        }
    }

    /// Returns the upload of the checkpoint if it can be resumed.
    fn find(
        &self,
        checkpoint: &Checkpoint,
        expected: &ExpectedCheckpoint,
        earlier: &mut EarlierUpload,
    ) -> Result<Option<Resumption>> {
        let logger = self.service.logger();
        let record = match checkpoint.load()? {
            LoadedCheckpoint::Nothing => return Ok(None),
            LoadedCheckpoint::Record(record) => record,
            LoadedCheckpoint::Corrupt(reason) => {
                logger.warn(|| format!("a checkpoint is corrupt: {reason}; starting over"));
                *earlier = EarlierUpload::of_corrupt_checkpoint();
                return Ok(None);
            }
        };
        let Ok(upload_id) = UploadId::parse(&record.upload_id) else { return Ok(None) };
        if record.checkpoint_key != expected.record.checkpoint_key {
            logger.warn(|| "a checkpoint is of another upload; starting over".to_owned());
            return Ok(None);
        }
        earlier.object_may_exist = record.object_may_exist;
        let initiated = Some(record.initiated).filter(|seconds| *seconds > 0);
        let initiated =
            initiated.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        // The attributes are those of Initiate: if the checkpoint has others, the upload is aborted
        // below.
        let target = UploadTarget {
            initiated,
            is_attached: false,
            may_have_orphan: record.may_have_orphan,
            ..self.attached_target(upload_id)
        };
        if let Some(what) = changed_since_checkpoint(&record, &expected.record) {
            logger.warn(|| format!("{what} changed; starting over"));
            self.abort_earlier(checkpoint, &target, &record, earlier)?;
            return Ok(None);
        }
        match self.list(&target).map_err(|error| uncertain(error, &record))? {
            Ok(ListedParts { parts: listed, .. }) => {
                logger.info(|| format!("resuming upload {}", record.upload_id));
                let earlier =
                    if record.is_completing { Evidence::Uncertain } else { Evidence::NotSent };
                let record =
                    Some(CheckpointRecord { completion: expected.record.completion, ..record });
                let resumed = ResumedUpload { target, listed, earlier, record };
                Ok(Some(Resumption::Upload(Box::new(resumed))))
            }
            Err(_) if record.is_completing => self
                .find_completed(&target, expected, earlier)
                .map_err(|error| uncertain(error, &record)),
            Err(_) => {
                earlier.may_have_orphan |= record.may_have_orphan;
                logger.warn(|| "the upload of the checkpoint is gone; starting over".to_owned());
                Ok(None)
            }
        }
    }

    /// Aborts the upload of a checkpoint for an object that is sent in one request. The checkpoint
    /// stays until that object exists.
    pub(crate) fn abort_checkpoint(
        &self,
        checkpoint: &Checkpoint,
        checkpoint_key: &CheckpointKey,
    ) -> Result<EarlierUpload> {
        let mut earlier = EarlierUpload::default();
        let record = match checkpoint.load()? {
            LoadedCheckpoint::Record(record) if record.checkpoint_key == *checkpoint_key => record,
            LoadedCheckpoint::Corrupt(_) => return Ok(EarlierUpload::of_corrupt_checkpoint()),
            LoadedCheckpoint::Nothing | LoadedCheckpoint::Record(_) => return Ok(earlier),
        };
        earlier.object_may_exist = record.object_may_exist;
        if let Ok(upload_id) = UploadId::parse(&record.upload_id) {
            let what = "the upload of a checkpoint is aborted: the file is sent in one request now";
            self.service.logger().warn(|| what.to_owned());
            let target = self.attached_target(upload_id);
            self.abort_earlier(checkpoint, &target, &record, &mut earlier)?;
        }
        Ok(earlier)
    }

    /// Aborts an upload that cannot be resumed.
    fn abort_earlier(
        &self,
        checkpoint: &Checkpoint,
        target: &UploadTarget,
        record: &CheckpointRecord,
        earlier: &mut EarlierUpload,
    ) -> Result<()> {
        // The lifecycle's own budget is for the new upload.
        let budget = CleanupBudget::new(self.service.abort_timeout(), self.scope.deadline);
        let outcome = abort(self.service, target, self.scope, &budget);
        if let Some(cause) = outcome.failure {
            // A Complete of the earlier process could still replace the object of this call.
            if record.is_completing && outcome.fence.is_none() {
                return Err(uncertain(cause, record));
            }
            let upload_id = &record.upload_id;
            self.service.logger().warn(|| format!("upload {upload_id} is left: {cause}"));
            earlier.may_have_orphan = true;
        }
        earlier.may_have_orphan |= record.may_have_orphan;
        earlier.object_may_exist |= record.is_completing && outcome.fence != Some(Fence::Aborted);
        if record.is_completing {
            // The next call, which finds no upload, does not know the outcome of this abort.
            let object_may_exist = earlier.object_may_exist;
            self.save_not_completing(
                checkpoint,
                &CheckpointRecord { object_may_exist, ..record.clone() },
            );
        }
        Ok(())
    }

    /// Saves that no Complete is pending. If that fails, the next call takes its outcome for
    /// uncertain.
    pub(crate) fn save_not_completing(&self, checkpoint: &Checkpoint, record: &CheckpointRecord) {
        let record = CheckpointRecord { is_completing: false, ..record.clone() };
        // A forked child must not replace what its parent saves.
        let saved = self.service.check_process().and_then(|()| checkpoint.save(&record));
        if let Err(cause) = saved {
            self.service.logger().warn(|| format!("the checkpoint was not updated: {cause}"));
        }
    }

    /// Looks for the object of an upload that is gone and that an earlier process was about to
    /// complete.
    fn find_completed(
        &self,
        target: &UploadTarget,
        expected: &ExpectedCheckpoint,
        earlier: &mut EarlierUpload,
    ) -> Result<Option<Resumption>> {
        let size = expected.parts.size();
        let crc64 = crc64_of(&expected.source.body(0, size), || self.scope.check())?;
        if let Some(expected) = self.options.expected_crc64 {
            expect_crc64(expected, crc64)?;
        }
        let checksum = ObjectChecksum { size, crc64: Some(crc64) };
        let context = OperationContext {
            deadline: self.scope.deadline,
            expected_failure: ExpectedFailure::NotFound,
            ..OperationContext::new(&self.scope.cancel)
        };
        let object = ExpectedObject::of_upload(target, checksum, Vec::new());
        match object.find(self.service, &context)? {
            StoredObject::Ours(object) => {
                expected.source.check_sent(Some(crc64), || self.scope.check())?;
                let upload_id = target.upload_id.clone();
                self.service.logger().info(|| format!("upload {upload_id} is completed already"));
                warn_of_callback(self.headers, self.service);
                Ok(Some(Resumption::Completed(Box::new(UploadResult {
                    etag: Some(object.etag),
                    size,
                    parts: u16::try_from(expected.parts.count()).unwrap_or(u16::MAX),
                    bytes_resumed: size,
                    crc64: object.crc64,
                    verified: object.crc64.is_some(),
                    version_id: object.version_id,
                    request_id: object.request_id,
                    upload_id: Some(upload_id),
                    upload_may_exist: target.may_have_orphan,
                    ..UploadResult::default()
                }))))
            }
            other => {
                earlier.may_have_orphan |= target.may_have_orphan;
                earlier.object_may_exist |= matches!(other, StoredObject::Other);
                Ok(None)
            }
        }
    }

    /// An upload that this call has not initiated. It may have parts that are not in the plan, so
    /// Complete lists those of the plan.
    fn attached_target(&self, upload_id: UploadId) -> UploadTarget {
        UploadTarget { is_attached: true, complete_all: false, ..self.target(upload_id) }
    }

    /// Returns a checksum of everything that Initiate sends.
    fn attributes(&self) -> Result<u64> {
        let text = initiate_attributes(self.key, self.headers, self.options)?;
        Ok(crc64(text.as_bytes()))
    }

    /// Returns a checksum of the ACL and the callback, without its variables, which may be others in
    /// each call.
    fn completion(&self) -> u64 {
        let fields = self.headers.set_fields();
        let fields = fields.filter(|(name, _)| COMPLETION_HEADERS.contains(name));
        let lines: Vec<_> = fields.map(|(name, value)| format!("{name}: {value}")).collect();
        crc64(lines.join("\n").as_bytes())
    }

    /// Returns all parts, or NoSuchUpload. Every other error leaves the upload unchanged.
    fn list(&self, target: &UploadTarget) -> Result<Result<ListedParts, Error>> {
        let UploadTarget { bucket, key, upload_id, headers, .. } = target;
        let context = OperationContext {
            deadline: self.scope.deadline,
            expected_failure: ExpectedFailure::NotFound,
            ..OperationContext::new(&self.scope.cancel)
        };
        let left = |error: Error| error.with_upload_id(upload_id.as_str()).with_parts_left(true);
        let mut listed = ListedParts::default();
        let mut next = Some(ListParts::new(bucket, key, upload_id).with_headers(headers));
        while let Some(request) = next {
            let page = match self.service.execute(&request, &context) {
                Ok(outcome) => outcome.output,
                Err(failed) if is_no_such_upload(&failed.error) => return Ok(Err(failed.error)),
                Err(failed) => return Err(left(failed.error)),
            };
            next = request.next_page(&page).map_err(left)?;
            listed.time = page.headers.date();
            listed.parts.extend(page.parts.into_iter().map(|part| (part.number, part)));
        }
        Ok(Ok(listed))
    }
}

/// Lists everything that Initiate sends and that an upload must have to be resumed.
fn initiate_attributes(
    key: &ObjectKey,
    headers: &ObjectHeaders,
    options: &UploadOptions,
) -> Result<String> {
    let mut text = format!("sequential={}\n", options.sequential);
    for (name, value) in headers.creation_fields(key)? {
        text.push_str(&format!("{name}: {value}\n"));
    }
    Ok(text)
}

/// What the upload of a checkpoint may have left that cannot be resumed.
#[derive(Default)]
pub(crate) struct EarlierUpload {
    pub(crate) may_have_orphan: bool,
    /// It may have created an object.
    object_may_exist: bool,
}

impl EarlierUpload {
    fn of_corrupt_checkpoint() -> Self {
        Self { may_have_orphan: true, object_may_exist: true }
    }

    pub(crate) fn add_to(&self, error: Error) -> Error {
        let may_exist = error.upload_may_exist() || self.may_have_orphan;
        let error = error.with_upload_may_exist(may_exist);
        match error.object_exists() {
            ObjectExists::No if self.object_may_exist => {
                error.with_object_exists(ObjectExists::Unknown)
            }
            _ => error,
        }
    }
}

/// Adds what the checkpoint says of earlier calls to the error of a call that has not used it yet.
pub(crate) fn with_checkpoint(
    error: Error,
    checkpoint: &Checkpoint,
    checkpoint_key: &CheckpointKey,
) -> Error {
    match checkpoint.load() {
        Ok(LoadedCheckpoint::Record(record)) if record.checkpoint_key == *checkpoint_key => {
            uncertain(error, &record)
        }
        Ok(LoadedCheckpoint::Corrupt(_)) => EarlierUpload::of_corrupt_checkpoint().add_to(error),
        Ok(LoadedCheckpoint::Nothing | LoadedCheckpoint::Record(_)) | Err(_) => error,
    }
}

/// Adds to the error what an earlier process may have left.
fn uncertain(error: Error, record: &CheckpointRecord) -> Error {
    let error = error
        .with_upload_id(&record.upload_id)
        .with_parts_left(true)
        .with_upload_may_exist(record.may_have_orphan);
    match record.is_completing || record.object_may_exist {
        true => error.with_object_exists(ObjectExists::Unknown),
        false => error,
    }
}

/// Returns the first difference that prevents resuming.
fn changed_since_checkpoint(
    found: &CheckpointRecord,
    expected: &CheckpointRecord,
) -> Option<&'static str> {
    if found.file != expected.file {
        return Some("the file");
    }
    if found.part_size != expected.part_size {
        return Some("the part size");
    }
    if found.attributes != expected.attributes {
        return Some("the object attributes");
    }
    // A Complete with the others may have taken effect, or still will.
    let is_completing = found.is_completing && found.completion != expected.completion;
    is_completing.then_some("the ACL or the callback")
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::md5::Kernel;
    use crate::model::BucketName;
    use crate::ops::Operation;
    use crate::upload::lifecycle::upload_lifecycle::initiate_request;
    use crate::upload::options::Integrity;
    use crate::wire::Request;

    /// Options with a value for everything that Initiate sends. They are listed in full, so that a
    /// new one does not compile: if Initiate sends it, set it here.
    fn options_of_initiate() -> UploadOptions {
        let mut headers = ObjectHeaders::new();
        headers.set_content_type("a/b").unwrap().set_storage_class("IA").unwrap();
        headers.set_metadata("m", "1").unwrap().set_tag("t", "2").unwrap();
        headers.set_forbid_overwrite(true).set_request_payer(true);
        UploadOptions {
            sequential: true,
            headers,
            // Initiate does not send these.
            part_size: None,
            parallelism: 1,
            single_below: 0,
            integrity: Integrity::NONE,
            require_verified: false,
            md5_kernel: Kernel::best(),
            hedging: false,
            bytes_per_sec: 0,
            expected_crc64: None,
            expected_md5: None,
            checkpoint_dir: None,
            upload_id: None,
            keep_parts: false,
            copy_tags: true,
            complete_all: false,
            keep_cache: true,
            delta: false,
            delta_base: None,
            timeout: None,
            progress: None,
        }
    }

    #[test]
    fn everything_that_initiate_sends_is_compared_on_resume() {
        let bucket = BucketName::parse("bucket").unwrap();
        let key = ObjectKey::parse("key").unwrap();
        let initiate = |options: &UploadOptions| -> Request {
            initiate_request(&bucket, &key, &options.headers, options).request().unwrap()
        };
        let options = options_of_initiate();
        let (request, plain) = (initiate(&options), initiate(&UploadOptions::new()));
        let compared = initiate_attributes(&key, &options.headers, &options).unwrap();
        let unset =
            initiate_attributes(&key, &ObjectHeaders::new(), &UploadOptions::new()).unwrap();
        let changed: Vec<&str> = compared.lines().filter(|line| !unset.contains(line)).collect();
        for (name, value) in request.query.iter().filter(|pair| !plain.query.contains(pair)) {
            let is_compared = changed.iter().any(|line| line.starts_with(&format!("{name}=")));
            assert!(is_compared, "the parameter {name}={value} is not compared");
        }
        let headers: Vec<_> = request.headers.iter().collect();
        assert!(headers.len() >= 6, "{headers:?}");
        for (name, value) in headers {
            let line = format!("{name}: {value}").to_lowercase();
            let is_compared = compared.lines().any(|compared| compared.to_lowercase() == line);
            assert!(is_compared, "the header {name} is not compared");
        }
    }
}
