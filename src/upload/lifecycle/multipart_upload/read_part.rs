//! A part from a reader: it is read into a buffer first, so that it can be retried.

use std::io::Read;
use std::sync::Arc;

use super::part_call::PartCall;
use super::{MultipartUpload, SharedUpload};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::model::PartNumber;
use crate::runtime::{Cancel, Event, Wake};
use crate::upload::buffer_pool::{Buffer, FilledBy};
use crate::upload::call_scope::CallScope;
use crate::upload::part::SentPart;
use crate::upload::source::read_some::read_some;
use crate::upload::source::upload_source::Source;

impl MultipartUpload {
    /// Sends a part of `length` bytes from a reader, which is read on the calling thread.
    ///
    /// The bytes are read into memory first, which counts against the client's memory limit; if
    /// that is used up, the call waits for its turn.
    ///
    /// # Errors
    ///
    /// `Memory`, when the part exceeds the memory limit, or writers that are not written to hold
    /// all of it; `File`, when the reader fails or ends before `length`; the
    /// [`Error`] inside the reader's error, unchanged; and those of
    /// [`MultipartUpload::upload_part`].
    pub fn upload_part_from(
        &self,
        number: PartNumber,
        mut reader: impl Read,
        length: u64,
        cancel: &Cancel,
    ) -> Result<SentPart> {
        if length > limits::PART_SIZE_MAX {
            let error = Error::invalid("length", "a part has at most 5 GiB");
            return Err(error.with_part(number.get()));
        }
        let shared = &*self.0;
        let call = shared.begin_part(number, cancel)?;
        let scope = call.scope.clone();
        scope.meter().set_totals(1, length);
        let read = shared.buffer(length, &call).and_then(|mut buffer| {
            fill(&mut buffer, &mut reader, &scope)
                .map_err(|error| error.with_part(number.get()))?;
            Ok(Source::memory(Arc::new(buffer)))
        });
        read.and_then(|source| shared.send_part_of(call, &source))
            .map_err(|error| scope.explain(error))
    }
}

impl SharedUpload {
    /// Waits until the memory limit has room for the part.
    fn buffer(&self, length: u64, call: &PartCall<'_>) -> Result<Buffer> {
        let size = usize::try_from(length).unwrap_or(usize::MAX);
        let event = Arc::new(Event::new().map_err(|cause| Error::no_descriptor(&cause))?);
        let mut request = self.engine.buffers().request(size, FilledBy::Reader, &event)?;
        loop {
            if let Some(buffer) = request.try_take()? {
                return Ok(buffer);
            }
            let until = call.scope.deadline.earlier(request.check_at());
            if call.scope.cancel.wait_for_event(&event, until) == Wake::Canceled {
                return Err(Error::canceled());
            }
            call.scope.check()?;
            event.clear();
        }
    }
}

/// Reads until the buffer is full.
fn fill(buffer: &mut Buffer, reader: &mut dyn Read, scope: &CallScope) -> Result<()> {
    while !buffer.is_full() {
        scope.check()?;
        let room = buffer.room();
        let wanted = room.len();
        match read_some(reader, room)? {
            None => {}
            Some(0) => {
                let text = format!("the reader ended {wanted} bytes before the end of the part");
                return Err(Error::new(ErrorKind::File, text));
            }
            Some(count) => buffer.advance(count),
        }
    }
    Ok(())
}
