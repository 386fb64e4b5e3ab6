//! What the parts of one delta upload share, and the attempt to copy one of them from the base.
//!
//! A part counts as reused only if the ETag of its copy is the MD5 of the local bytes, so the base
//! is not trusted: another one costs requests, not a wrong object. A copy may take effect later
//! than the upload of the same part, and replace it. Complete lists the ETag of the part that is
//! wanted, and OSS refuses it then; where that is possible, ListParts shows it before Complete.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, ErrorKind, Result};
use crate::model::{PartNumber, PartRange};
use crate::ops::{HeadObject, UploadPartCopy, copy_source_changed};
use crate::runtime::{IgnorePoison, Mutex, MutexGuard, safeguard};
use crate::service::{ExpectedFailure, LogLevel, Logger, OperationContext, ServiceClient};
use crate::upload::lifecycle::abort::is_no_such_upload;
use crate::upload::lifecycle::delta::delta_base::DeltaBase;
use crate::upload::lifecycle::delta::manifest::Manifest;
use crate::upload::lifecycle::upload_target::UploadTarget;
use crate::upload::options::Verification;
use crate::upload::part::SentPart;
use crate::upload::schedule::plan::Parts;
use crate::upload::source::part_md5::PartDigest;
use crate::upload::upload_result::UploadResult;

/// A delta upload. Several workers use it at once.
#[derive(Debug)]
pub(crate) struct DeltaUpload {
    /// `None` if there is none to copy from.
    base: Option<DeltaBase>,
    manifest: Option<Manifest>,
    verification: Verification,
    logger: Logger,
    state: Mutex<DeltaState>,
}

#[derive(Debug, Default)]
struct DeltaState {
    /// Why no more parts are copied.
    stopped: Option<Error>,
    /// Parts of which a copy has been, or may be, under way.
    begun: BTreeSet<PartNumber>,
    /// Parts whose bytes the base does not have.
    different: BTreeSet<PartNumber>,
    /// ListParts must confirm the parts before Complete.
    is_list_needed: bool,
    /// The sizes of the parts that were copied from the base and are not sent.
    reused: BTreeMap<PartNumber, u64>,
    copies_in_vain: u64,
    /// What describes the object, once its parts are known.
    next_manifest: Option<Vec<SentPart>>,
}

impl DeltaUpload {
    /// A delta upload with that base, or the reason why there is none.
    pub(crate) fn new(
        base: Result<DeltaBase>,
        verification: Verification,
        service: &ServiceClient,
    ) -> Self {
        let logger = service.logger().clone();
        let state = Mutex::new(DeltaState::default());
        let mut delta = Self { base: None, manifest: None, verification, logger, state };
        match base {
            Ok(base) => delta.base = Some(base),
            Err(error) => delta.stop(error),
        }
        delta
    }

    /// Adds the manifest of the last upload, unless it describes another object than the base.
    pub(crate) fn with_manifest(self, manifest: Option<Manifest>) -> Self {
        let describes_base =
            |manifest: &Manifest| self.base.as_ref().is_some_and(|base| manifest.is_of(&base.etag));
        Self { manifest: manifest.filter(describes_base), ..self }
    }

    /// Starts a part. Returns true if a copy of it is to be attempted with
    /// [`DeltaUpload::copy`], for which its digest is needed.
    pub(crate) fn begin(&self, part: PartRange) -> bool {
        let Some(base) = &self.base else { return false };
        if !base.has(part.offset, part.length) {
            return false;
        }
        let mut state = self.lock();
        // Of two copies of a part, one may take effect after the other was replaced.
        state.is_list_needed |= !state.begun.insert(part.number);
        state.stopped.is_none() && !state.different.contains(&part.number)
    }

    /// Copies the range of the part from the base. Returns the part if its bytes are the local ones;
    /// `None` if it has to be uploaded.
    ///
    /// # Errors
    ///
    /// Those that end the call: a copy that fails for another reason ends only the attempts to copy.
    pub(crate) fn copy(
        &self,
        part: PartRange,
        digest: PartDigest,
        target: &UploadTarget,
        service: &ServiceClient,
        context: &OperationContext<'_>,
    ) -> Result<Option<SentPart>> {
        let Some(base) = &self.base else { return Ok(None) };
        if self.manifest.as_ref().is_some_and(|manifest| manifest.differs(part, digest.md5)) {
            self.lock().different.insert(part.number);
            return Ok(None);
        }
        let UploadTarget { bucket, key, upload_id, headers, .. } = target;
        let last = part.offset.saturating_add(part.length).saturating_sub(1);
        let request = UploadPartCopy::new(bucket, key, upload_id, part.number, &base.source)
            .with_range(part.offset..=last)
            .with_headers(headers);
        // `stop` logs what ends the copies.
        let context = &OperationContext { expected_failure: ExpectedFailure::Any, ..*context };
        match service.execute(&request, context) {
            Ok(copied) => {
                let has_md5 = copied.output.etag.is_md5(&digest.md5.to_hex_upper());
                let differs = safeguard!(CopiedBytes, !has_md5)
                    || matches!((copied.output.crc64, digest.crc64), (Some(a), Some(b)) if a != b);
                let mut state = self.lock();
                if differs {
                    state.different.insert(part.number);
                    state.copies_in_vain += 1;
                    // An attempt whose response was lost may still replace the upload.
                    state.is_list_needed |= copied.earlier_attempts.may_have_taken_effect();
                    return Ok(None);
                }
                state.reused.insert(part.number, part.length);
                state.is_list_needed |= copied.output.crc64.is_none();
                let PartDigest { crc64, .. } = digest;
                let etag = copied.output.etag;
                Ok(Some(SentPart { number: part.number, size: part.length, etag, crc64 }))
            }
            Err(failed) => {
                let ends_call = ends_call(&failed.error, context);
                let mut state = self.lock();
                state.copies_in_vain += u64::from(!ends_call);
                state.is_list_needed |= failed.evidence.may_have_taken_effect();
                drop(state);
                if ends_call {
                    return Err(failed.error);
                }
                self.stop(copy_source_changed(failed.error));
                Ok(None)
            }
        }
    }

    /// Records that a part was replaced.
    pub(crate) fn note_overwritten(&self, number: PartNumber) {
        self.lock().reused.remove(&number);
    }

    /// Notes a part that was uploaded although its digest was known. If its ETag is no MD5, those of
    /// copies are none either.
    pub(crate) fn note_sent(&self, sent: &SentPart, digest: PartDigest) {
        if !sent.etag.is_md5(&digest.md5.to_hex_upper()) {
            let text = "the ETags of parts are no MD5s, as in an encrypted object";
            self.stop(Error::new(ErrorKind::Unsupported, text));
        }
    }

    /// Notes that an earlier process may have left copies under way.
    pub(crate) fn note_resumed(&self) {
        self.lock().is_list_needed = true;
    }

    /// Returns true if ListParts has to confirm the parts before Complete.
    pub(crate) fn is_list_needed(&self) -> bool {
        self.lock().is_list_needed
    }

    /// Returns the parts of which OSS has other ones than those that are wanted.
    pub(crate) fn wrong_parts(&self, wanted: &[SentPart], listed: &[SentPart]) -> Vec<PartNumber> {
        let compares_crc64 = self.verification != Verification::Off;
        let is_there = |part: &SentPart| {
            let found = listed.binary_search_by_key(&part.number, |listed| listed.number);
            found.ok().and_then(|index| listed.get(index)).is_some_and(|there| {
                let same_crc64 = !compares_crc64
                    || there.crc64.is_none()
                    || part.crc64.is_none()
                    || there.crc64 == part.crc64;
                there.size == part.size && there.etag.is_md5(part.etag.unquoted()) && same_crc64
            })
        };
        wanted.iter().filter(|part| !is_there(part)).map(|part| part.number).collect()
    }

    /// Notes that ListParts could not confirm the parts. Complete lists their ETags nevertheless.
    pub(crate) fn note_unconfirmed(&self, cause: &Error) {
        self.logger.warn(|| format!("delta: the parts are not compared before Complete: {cause}"));
    }

    /// Notes that a part at OSS is not what it should be, and is sent again.
    pub(crate) fn note_replaced(&self, number: PartNumber) {
        let mut state = self.lock();
        state.copies_in_vain += u64::from(state.reused.remove(&number).is_some());
        drop(state);
        self.logger
            .warn(|| format!("delta: part {number} was replaced by a late copy; sending it again"));
    }

    /// Keeps the parts of the object for its manifest.
    pub(crate) fn keep_parts(&self, parts: &[SentPart]) {
        self.lock().next_manifest = Some(parts.to_vec());
    }

    /// Returns the manifest of the object, if its parts are known and their ETags are MD5s.
    pub(crate) fn next_manifest(&self, uploaded: &UploadResult, parts: Parts) -> Option<Manifest> {
        let sent = self.lock().next_manifest.take()?;
        Manifest::new(uploaded.etag.clone()?, parts, &sent)
    }

    /// Adds what was reused to the result.
    pub(crate) fn add_to(&self, result: UploadResult) -> UploadResult {
        let state = self.lock();
        UploadResult {
            bytes_reused: state.reused.values().sum(),
            parts_reused: state.reused.len() as u64,
            copies_in_vain: state.copies_in_vain,
            delta_stopped: state.stopped.clone(),
            ..result
        }
    }

    /// Ends the attempts to copy parts. The first reason counts.
    fn stop(&self, reason: Error) {
        let line = format!("delta: no part is copied from the base any more: {reason}");
        let is_missing = HeadObject::is_not_found(&reason);
        let mut state = self.lock();
        if state.stopped.is_some() {
            return;
        }
        state.stopped = Some(reason);
        drop(state);
        // The first backup has no base.
        let level = if is_missing { LogLevel::Info } else { LogLevel::Warn };
        self.logger.log(level, || line);
    }

    fn lock(&self) -> MutexGuard<'_, DeltaState> {
        self.state.lock().ignore_poison()
    }
}

/// True if the error ends the whole call, not only the copy.
pub(crate) fn ends_call(error: &Error, context: &OperationContext<'_>) -> bool {
    matches!(error.kind(), ErrorKind::Canceled | ErrorKind::Forked)
        || context.check().is_err()
        || is_no_such_upload(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ETag;

    /// Part 1 with the MD5 of "a" or of "b".
    fn part(md5: char, size: u64, crc64: Option<u64>) -> SentPart {
        let etag = match md5 {
            'a' => "0CC175B9C0F1B6A831C399E269772661",
            _ => "92EB5FFEE6AE2FEC3AD71C777531578F",
        };
        let (number, etag) = (PartNumber::new(1).unwrap(), ETag::parse(etag).unwrap());
        SentPart { number, size, etag, crc64 }
    }

    fn is_there(verification: Verification, wanted: &SentPart, listed: &SentPart) -> bool {
        let (logger, state) = (Logger::default(), Mutex::default());
        let delta = DeltaUpload { base: None, manifest: None, verification, logger, state };
        let wanted = std::slice::from_ref(wanted);
        assert_eq!(delta.wrong_parts(wanted, &[]), [wanted[0].number]);
        delta.wrong_parts(wanted, std::slice::from_ref(listed)).is_empty()
    }

    #[test]
    fn a_listed_part_with_other_bytes_is_wrong() {
        let wanted = part('a', 9, Some(1));
        let confirms = |listed| is_there(Verification::WherePossible, &wanted, &listed);
        assert!(confirms(part('a', 9, Some(1))));
        assert!(confirms(part('a', 9, None)));
        assert!(!confirms(part('a', 9, Some(2))));
        assert!(!confirms(part('a', 8, Some(1))));
        assert!(!confirms(part('a', 8, None)));
        assert!(!confirms(part('b', 9, Some(1))));
        assert!(!confirms(part('b', 9, None)));
    }

    #[test]
    fn crc64s_are_compared_if_both_are_known_and_the_integrity_includes_them() {
        let [unknown, one, two] = [None, Some(1), Some(2)].map(|crc64| part('a', 9, crc64));
        for verification in [Verification::WherePossible, Verification::Required] {
            assert!(is_there(verification, &unknown, &one));
            assert!(is_there(verification, &one, &unknown));
            assert!(!is_there(verification, &one, &two));
        }
        assert!(is_there(Verification::Off, &one, &two));
        assert!(!is_there(Verification::Off, &one, &part('b', 9, Some(1))));
    }
}
