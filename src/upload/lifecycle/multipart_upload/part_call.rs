//! A part from memory or from a file, and what all calls that send a part share.

use std::sync::Arc;

use super::{MultipartUpload, SharedUpload};
use crate::error::{Error, ErrorKind, Result};
use crate::model::PartNumber;
use crate::runtime::Cancel;
use crate::service::OperationContext;
use crate::upload::call_scope::CallScope;
use crate::upload::options::Integrity;
use crate::upload::part::SentPart;
use crate::upload::progress::CallPhase;
use crate::upload::source::file_range::FileRange;
use crate::upload::source::upload_source::{Source, md5_of};

impl MultipartUpload {
    /// Sends a part from memory, and replaces an earlier part of the same number.
    ///
    /// A part has 0 bytes to 5 GiB. Complete requires 100 KiB or more of every part but the last.
    ///
    /// # Errors
    ///
    /// `State`, after complete or abort, or while the same part is being sent; and those of
    /// UploadPart.
    pub fn upload_part(
        &self,
        number: PartNumber,
        data: impl AsRef<[u8]> + Send + Sync + 'static,
        cancel: &Cancel,
    ) -> Result<SentPart> {
        let source = Source::memory(Arc::new(data));
        self.0.send(number, source, cancel)
    }

    /// Sends a range of a regular file as a part; otherwise like [`MultipartUpload::upload_part`].
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `offset` or `length`, when the file does not have the range; `File`, when
    /// it cannot be read; `Changed`, when it changes during the call; and those of
    /// [`MultipartUpload::upload_part`].
    pub fn upload_part_file(
        &self,
        number: PartNumber,
        file: &FileRange,
        cancel: &Cancel,
    ) -> Result<SentPart> {
        self.0.engine.service().check_call()?;
        let source = Source::path(&file.path)?.range(file.range)?;
        self.0.send(number, source, cancel)
    }
}

impl SharedUpload {
    fn send(&self, number: PartNumber, source: Source, cancel: &Cancel) -> Result<SentPart> {
        let call = self.begin_part(number, cancel)?;
        let scope = call.scope.clone();
        let source = match self.options.keep_cache {
            true => Ok(source),
            false => source.with_footprint(|| scope.check()),
        };
        let sent = source.and_then(|source| {
            let sent = self.send_part_of(call, &source);
            source.leave_cache_entirely();
            sent
        });
        sent.map_err(|error| scope.explain(error))
    }

    pub(super) fn send_part_of(&self, call: PartCall<'_>, source: &Source) -> Result<SentPart> {
        let number = call.number;
        let body = source.body(0, source.length());
        let scope = call.scope.clone();
        scope.meter().set_totals(1, body.length());
        scope.enter(CallPhase::Send);
        scope.check()?;
        let context = OperationContext {
            deadline: scope.deadline,
            observer: Some(&**scope.meter()),
            rate_limiter: self.rate_limiter.as_ref(),
            ..OperationContext::new(&scope.cancel)
        };
        let md5 = self.target.integrity.contains(Integrity::MD5);
        let md5 = md5.then(|| md5_of(&body, || scope.check())).transpose()?;
        let part = self
            .target
            .send_part(self.engine.service(), number, body, md5, &context)
            .and_then(|part| source.check_sent(part.crc64, || scope.check()).map(|()| part))?;
        scope.meter().part_done(part.size);
        self.lock().add(part.clone());
        drop(call);
        scope.report().map(|()| part)
    }

    pub(super) fn begin_part(&self, number: PartNumber, cancel: &Cancel) -> Result<PartCall<'_>> {
        self.engine.service().check_call()?;
        let progress = self.options.progress.as_ref();
        let scope =
            CallScope::new(self.engine.service(), cancel, self.options.deadline(), progress)?;
        let mut state = self.lock();
        state.check_open()?;
        if state.in_flight.iter().any(|(busy, _)| *busy == number) {
            let error = Error::new(ErrorKind::State, "the part is being sent by another call");
            return Err(error.with_part(number.get()));
        }
        state.in_flight.push((number, scope.cancel.without_ticker()));
        Ok(PartCall { shared: self, number, scope })
    }
}

/// A running part call.
pub(super) struct PartCall<'a> {
    shared: &'a SharedUpload,
    pub(super) number: PartNumber,
    pub(super) scope: CallScope,
}

impl Drop for PartCall<'_> {
    fn drop(&mut self) {
        if self.shared.engine.check_process().is_err() {
            // A thread that does not exist in this process may hold the lock.
            return;
        }
        let mut state = self.shared.lock();
        state.in_flight.retain(|(number, _)| *number != self.number);
        state.bytes_sent += self.scope.meter().bytes_sent();
        drop(state);
        self.shared.ended.notify_all();
    }
}
