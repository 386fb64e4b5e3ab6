//! A stream that the caller writes to, and readers that the library reads from.

use std::io::{ErrorKind as Io, Read};

use crate::error::{Error, ErrorKind, Result};
use crate::model::{BucketName, ObjectKey};
use crate::runtime::Cancel;
use crate::upload::engine::Engine;
use crate::upload::options::UploadOptions;
use crate::upload::stream::stream_upload::StreamUpload;
use crate::upload::upload_result::UploadResult;
use crate::wire::copy_at;

/// A push-style upload of unknown length: write, write, finish.
///
/// Dropped without [`Writer::finish`] or [`Writer::abort`] it ends the parts in flight; the object
/// never appears, but parts that OSS has already stay there.
pub struct Writer {
    /// `None` after the first failure.
    stream: Option<StreamUpload>,
}

impl Writer {
    /// Opens a stream to write to. Sends nothing yet.
    pub(crate) fn open(
        engine: &Engine,
        bucket: &BucketName,
        key: &ObjectKey,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<Self> {
        let stream = StreamUpload::new(engine, bucket, key, None, options, cancel)?;
        Ok(Self { stream: Some(stream) })
    }

    /// Uploads all that a reader gives.
    pub(crate) fn send_reader(
        engine: &Engine,
        bucket: &BucketName,
        key: &ObjectKey,
        mut reader: impl Read,
        length: Option<u64>,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        let mut stream = StreamUpload::new(engine, bucket, key, length, options, cancel)?;
        match fill(&mut stream, &mut reader, length) {
            Ok(()) => stream.finish(),
            Err(error) => Err(stream.give_up(error)),
        }
    }

    /// Appends bytes. Copies them, and blocks while the buffers are full.
    ///
    /// # Errors
    ///
    /// The first failure of the upload, which is cleaned up by then; `State` after it.
    pub fn write(&mut self, data: &[u8]) -> Result<()> {
        let stream = self.stream.as_mut().ok_or_else(ended)?;
        stream.check_process()?;
        let mut written = 0;
        while written < data.len() {
            match stream.room() {
                Ok(room) => {
                    let count = copy_at(data, written as u64, room);
                    stream.advance(count);
                    written += count;
                }
                Err(error) => {
                    let error = stream.give_up(error);
                    self.stream = None;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Sends the rest and makes the object.
    ///
    /// # Errors
    ///
    /// As for [`Client::put_file`]; `State` after a write that failed.
    pub fn finish(mut self) -> Result<UploadResult> {
        self.check_process()?;
        self.stream.take().ok_or_else(ended)?.finish()
    }

    /// Gives the upload up: the object does not appear, and what OSS has of it is taken back.
    ///
    /// # Errors
    ///
    /// Kind `Canceled` with `parts_left`, when parts may be left; `State` after a write that failed.
    pub fn abort(mut self) -> Result<()> {
        self.check_process()?;
        let mut stream = self.stream.take().ok_or_else(ended)?;
        let error = stream.give_up(Error::canceled());
        if error.parts_left() { Err(error.with_kind(ErrorKind::Canceled)) } else { Ok(()) }
    }

    /// An error of kind `Forked` in a child of the process that opened the writer.
    pub fn check_process(&self) -> Result<()> {
        self.stream.as_ref().map_or(Ok(()), StreamUpload::check_process)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        match self.stream.take() {
            Some(stream) if stream.check_process().is_ok() => stream.stop().trigger(),
            // In a forked child its locks may be held by threads that are not there.
            stream => std::mem::forget(stream),
        }
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("open", &self.stream.is_some()).finish()
    }
}

/// Reads into the stream until the end or the length is reached.
fn fill(stream: &mut StreamUpload, reader: &mut dyn Read, length: Option<u64>) -> Result<()> {
    let mut left = length.unwrap_or(u64::MAX);
    while left > 0 {
        stream.check()?;
        let room = stream.room()?;
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(room.len());
        let count = match reader.read(room.get_mut(..wanted).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) if count > wanted => {
                let text = "the reader says that it has read more than there was room for";
                return Err(Error::new(ErrorKind::Invalid, text).with_argument("reader"));
            }
            Ok(count) => count,
            Err(cause) if cause.kind() == Io::Interrupted => continue,
            Err(cause) => return Err(reader_failed(cause)),
        };
        stream.advance(count);
        left = left.saturating_sub(count as u64);
    }
    match length {
        Some(length) if left > 0 => {
            let text = format!("the reader ended after {} of {length} bytes", length - left);
            Err(Error::new(ErrorKind::File, text))
        }
        _ => Ok(()),
    }
}

/// An error of ours inside of the reader's error is what is meant.
pub(crate) fn reader_failed(cause: std::io::Error) -> Error {
    match cause.downcast::<Error>() {
        Ok(error) => error,
        Err(cause) => Error::file("the reader failed", &cause),
    }
}

fn ended() -> Error {
    Error::new(ErrorKind::State, "the writer has ended with an earlier error")
}
