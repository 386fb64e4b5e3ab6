//! A part that OSS copies from the base of a delta upload if its bytes are there, or that is sent.

use std::sync::Arc;

use super::part_call::PartCall;
use super::{MultipartUpload, SharedUpload};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{PartNumber, PartRange};
use crate::ops::CopySource;
use crate::runtime::Cancel;
use crate::service::OperationContext;
use crate::upload::call_scope::CallScope;
use crate::upload::lifecycle::delta::delta_base::DeltaBase;
use crate::upload::lifecycle::delta::delta_upload::{DeltaUpload, ends_call};
use crate::upload::lifecycle::upload_target::UploadTarget;
use crate::upload::part::SentPart;
use crate::upload::progress::CallPhase;
use crate::upload::source::part_md5::PartDigest;
use crate::upload::source::upload_source::{Source, md5_and_crc64_of};

impl MultipartUpload {
    /// Sends a part from memory unless the base has the same bytes at `base_offset`: then OSS copies
    /// them, and nothing is sent. Otherwise like [`MultipartUpload::upload_part`].
    ///
    /// The base is that of [`UploadOptions::set_delta_base`], otherwise the object that has the key
    /// of the upload. It is looked up once for each handle. Whatever it is, the part has the bytes of
    /// `data`. A base that cannot be used, or no longer, is no error: the result of
    /// [`MultipartUpload::complete`] says why, and what was reused.
    ///
    /// Complete then lists the parts, and fails if a copy that was delayed has replaced one: send
    /// that part again.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `sequential`, in a sequential upload; and those of
    /// [`MultipartUpload::upload_part`].
    ///
    /// [`UploadOptions::set_delta_base`]: crate::UploadOptions::set_delta_base
    pub fn upload_part_delta(
        &self,
        number: PartNumber,
        data: impl AsRef<[u8]> + Send + Sync + 'static,
        base_offset: u64,
        cancel: &Cancel,
    ) -> Result<SentPart> {
        let shared = &*self.0;
        if shared.options.sequential {
            let text = "delta and sequential exclude each other: use upload_part";
            return Err(Error::invalid("sequential", text));
        }
        let source = Source::memory(Arc::new(data));
        let part = PartRange { number, offset: base_offset, length: source.length() };
        let call = shared.begin_part(number, cancel)?;
        let scope = call.scope.clone();
        shared
            .send_or_copy(call, part, &source)
            .map_err(|error| scope.explain(error).with_part(number.get()))
    }
}

impl SharedUpload {
    fn send_or_copy(
        &self,
        call: PartCall<'_>,
        part: PartRange,
        source: &Source,
    ) -> Result<SentPart> {
        let scope = call.scope.clone();
        scope.meter().set_totals(1, part.length);
        scope.enter(CallPhase::Send);
        scope.check()?;
        let delta = self.delta(&call)?;
        if !delta.begin(part) {
            return self.send_part_of(call, source);
        }
        let body = source.body(0, part.length);
        let (md5, crc64) = md5_and_crc64_of(&body, || scope.check())?;
        let digest = PartDigest { md5, crc64: Some(crc64) };
        let context = OperationContext {
            deadline: scope.deadline,
            observer: Some(&**scope.meter()),
            ..OperationContext::new(&scope.cancel)
        };
        let service = self.engine.service();
        match delta.copy(part, digest, &self.target, service, &context)? {
            Some(reused) => {
                scope.meter().part_done(reused.size);
                scope.meter().part_reused(reused.size);
                self.lock().parts.insert(part.number, reused.clone());
                drop(call);
                scope.report().map(|()| reused)
            }
            None => {
                let sent = self.send_part_of(call, source)?;
                delta.note_sent(&sent, digest);
                Ok(sent)
            }
        }
    }

    /// Returns what the delta parts share; looks the base up before the first of them.
    fn delta(&self, call: &PartCall<'_>) -> Result<Arc<DeltaUpload>> {
        let known = self.lock().delta.clone();
        if let Some(delta) = known {
            return Ok(delta);
        }
        let UploadTarget { bucket, key, headers, verification, .. } = &self.target;
        let base = self.options.delta_base.clone();
        let base = base.unwrap_or_else(|| CopySource::new(bucket, key));
        let context = OperationContext {
            deadline: call.scope.deadline,
            ..OperationContext::new(&call.scope.cancel)
        };
        let service = self.engine.service();
        let base = match DeltaBase::find(&base, service, headers, &context) {
            Err(error) if ends_call(&error, &context) => return Err(error),
            found => found,
        };
        let found = Arc::new(DeltaUpload::new(base, *verification, service));
        if self.target.is_attached {
            found.note_resumed();
        }
        // Another thread may have been faster.
        Ok(Arc::clone(self.lock().delta.get_or_insert(found)))
    }

    /// Compares the parts with those at OSS, if copies may have replaced any.
    pub(super) fn confirm_delta(
        &self,
        delta: Option<&DeltaUpload>,
        parts: Vec<SentPart>,
        scope: &CallScope,
    ) -> Result<Vec<SentPart>> {
        let Some(delta) = delta.filter(|delta| delta.is_list_needed()) else { return Ok(parts) };
        let context =
            OperationContext { deadline: scope.deadline, ..OperationContext::new(&scope.cancel) };
        match self.target.list_parts(self.engine.service(), &context) {
            Ok(listed) => match delta.wrong_parts(&parts, &listed).first() {
                None => Ok(parts),
                Some(number) => {
                    let text = "OSS has other bytes for the part: send it again";
                    Err(Error::new(ErrorKind::Integrity, text).with_part(number.get()))
                }
            },
            Err(error) if context.check().is_err() => Err(error),
            // Complete determines whether an upload that is gone was completed.
            Err(error) => {
                delta.note_unconfirmed(&error);
                Ok(parts)
            }
        }
    }
}
