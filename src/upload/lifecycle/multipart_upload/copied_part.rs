//! A part that OSS copies from an object it has.

use super::part_call::PartCall;
use super::{MultipartUpload, SharedUpload};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::model::{ByteRange, PartNumber};
use crate::ops::{CopySource, UploadPartCopy, copy_source_changed};
use crate::runtime::Cancel;
use crate::service::OperationContext;
use crate::upload::lifecycle::upload_target::UploadTarget;
use crate::upload::part::SentPart;
use crate::upload::progress::CallPhase;

impl MultipartUpload {
    /// Copies a range of an object inside OSS into a part; the bytes do not pass through this
    /// machine. The CRC-64 of the part is known only if OSS returns it.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `offset` or `length`, when the source does not have the range; `Changed`,
    /// when it changes during the call; `Service`, when it does not meet its conditions; and those
    /// of [`MultipartUpload::upload_part`].
    pub fn upload_part_copy(
        &self,
        number: PartNumber,
        source: &CopySource,
        range: impl Into<ByteRange>,
        cancel: &Cancel,
    ) -> Result<SentPart> {
        let shared = &*self.0;
        let call = shared.begin_part(number, cancel)?;
        let scope = call.scope.clone();
        shared
            .copy(call, source, range.into())
            .map_err(|error| scope.explain(error).with_part(number.get()))
    }
}

impl SharedUpload {
    /// HeadObject comes first: for a range outside the source OSS copies all of it.
    fn copy(&self, call: PartCall<'_>, source: &CopySource, range: ByteRange) -> Result<SentPart> {
        call.scope.enter(CallPhase::Send);
        call.scope.check()?;
        let scope = call.scope.clone();
        let context =
            OperationContext { deadline: scope.deadline, ..OperationContext::new(&scope.cancel) };
        let service = self.engine.service();
        let UploadTarget { bucket, key, upload_id, headers, .. } = &self.target;
        let found = service.execute(&source.head().with_headers(headers), &context)?.output;
        let size = length_within(found.size, range)?;
        let offset = range.offset();
        scope.meter().set_totals(1, size);
        let source = source.pinned(&found.etag);
        let context = OperationContext { observer: Some(&**scope.meter()), ..context };
        let mut request =
            UploadPartCopy::new(bucket, key, upload_id, call.number, &source).with_headers(headers);
        if size != found.size {
            request = request.with_range(offset..=offset.saturating_add(size).saturating_sub(1));
        }
        let response = service
            .execute(&request, &context)
            .map_err(|failed| copy_source_changed(failed.error))?
            .output;
        if size != found.size && response.content_range.is_none() {
            let text = "the response does not confirm that only a range was copied";
            return Err(Error::new(ErrorKind::Protocol, text));
        }
        let part =
            SentPart { number: call.number, size, etag: response.etag, crc64: response.crc64 };
        scope.meter().part_done(size);
        self.lock().add(part.clone());
        drop(call);
        scope.report().map(|()| part)
    }
}

/// Returns the length of the range; an empty range of a non-empty source cannot be copied.
fn length_within(size: u64, range: ByteRange) -> Result<u64> {
    let offset = range.offset();
    let outside = |argument, rest| {
        let text = format!("the source has only {rest} bytes after the offset {offset}");
        Error::invalid(argument, text)
    };
    let rest = size.checked_sub(offset).ok_or_else(|| outside("offset", 0))?;
    let length = range.length().unwrap_or(rest);
    if length > rest {
        return Err(outside("length", rest));
    }
    if length > limits::PART_SIZE_MAX {
        return Err(Error::invalid("length", "a part has at most 5 GiB"));
    }
    if length == 0 && size > 0 {
        return Err(Error::invalid("length", "an empty range cannot be copied"));
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_inside_the_source_and_not_empty() {
        assert_eq!(length_within(10, ByteRange::new(0, None)).unwrap(), 10);
        assert_eq!(length_within(10, ByteRange::new(9, None)).unwrap(), 1);
        assert_eq!(length_within(10, ByteRange::new(2, Some(3))).unwrap(), 3);
        assert_eq!(length_within(0, ByteRange::from(..)).unwrap(), 0);
        for (offset, length, named) in [
            (11, None, "offset"),
            (u64::MAX, Some(1), "offset"),
            (5, Some(6), "length"),
            (5, Some(0), "length"),
            (10, None, "length"),
        ] {
            assert_eq!(
                length_within(10, ByteRange::new(offset, length)).unwrap_err().argument(),
                Some(named)
            );
        }
    }

    #[test]
    fn a_copied_part_has_at_most_5_gib() {
        let within = |length| length_within(u64::MAX, ByteRange::new(1, Some(length)));
        assert_eq!(within(limits::PART_SIZE_MAX).unwrap(), limits::PART_SIZE_MAX);
        let error = within(limits::PART_SIZE_MAX + 1).unwrap_err();
        assert_eq!(error.argument(), Some("length"));
    }
}
