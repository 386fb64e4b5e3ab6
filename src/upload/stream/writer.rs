//! Streams: a writer for the caller, and the loop that reads from a reader.

use std::io::{self, Read, Write};

use crate::error::{Error, ErrorKind, Result};
use crate::model::{BucketName, ObjectKey};
use crate::runtime::Cancel;
use crate::upload::buffer_pool::FilledBy;
use crate::upload::call_scope::CallScope;
use crate::upload::engine::Engine;
use crate::upload::options::UploadOptions;
use crate::upload::source::read_some::read_some;
use crate::upload::stream::stream_upload::StreamUpload;
use crate::upload::upload_result::UploadResult;
use crate::wire::copy_at;

/// Uploads what is written to it as one object of unknown length.
///
/// [`write`](Write::write) copies the bytes into part buffers and blocks while the memory limit of
/// the client is reached; full parts are sent by worker threads. [`Writer::finish`] creates the
/// object. The [`io::Error`] of a failed write has the [`Error`] inside: convert it with
/// [`Error::from`], or with `?`. After it, writes and `finish` fail with kind `State`.
///
/// A writer that is dropped without [`Writer::finish`] or [`Writer::abort`] cancels the parts in
/// flight. The object is not created, but parts that OSS has received stay there and are billed.
pub struct Writer {
    /// `None` after the first failure.
    stream: Option<StreamUpload>,
}

impl Writer {
    /// Opens a writer. Sends nothing.
    pub(crate) fn open(
        engine: &Engine,
        bucket: &BucketName,
        key: &ObjectKey,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<Self> {
        let stream =
            StreamUpload::new(engine, bucket, key, None, FilledBy::Writes, options, cancel)?;
        Ok(Self { stream: Some(stream) })
    }

    /// Uploads what a reader gives. Waits of the reader are those of the call if they use its scope.
    pub(crate) fn send_reader<R: Read>(
        engine: &Engine,
        bucket: &BucketName,
        key: &ObjectKey,
        length: Option<u64>,
        reader: impl FnOnce(&CallScope) -> R,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        let mut stream =
            StreamUpload::new(engine, bucket, key, length, FilledBy::Reader, options, cancel)?;
        let mut reader = reader(stream.scope());
        match fill(&mut stream, &mut reader, length) {
            Ok(()) => stream.finish(),
            Err(error) => Err(stream.keep_or_abort(error)),
        }
    }

    /// Appends all of the bytes.
    fn append(&mut self, data: &[u8]) -> Result<()> {
        let stream = self.stream.as_mut().ok_or_else(ended)?;
        stream.check_call()?;
        if let Err(error) = copy_into(stream, data) {
            let error = stream.keep_or_abort(error);
            self.stream = None;
            return Err(error);
        }
        Ok(())
    }

    /// Sends the remaining bytes, creates the object and returns when OSS has acknowledged it.
    /// Blocks.
    ///
    /// # Errors
    ///
    /// Those of [`Client::put_file`](crate::Client::put_file); `State`, after a write that failed.
    pub fn finish(mut self) -> Result<UploadResult> {
        self.check_call()?;
        self.stream.take().ok_or_else(ended)?.finish()
    }

    /// Aborts the upload: the object is not created, and the parts that OSS has are removed. Blocks
    /// at most for the abort timeout of the client.
    ///
    /// # Errors
    ///
    /// `Canceled`, with [`Error::parts_left`], when parts may be left; `State`, after a write that
    /// failed; `Forked`, in a child that a callback has forked meanwhile.
    pub fn abort(mut self) -> Result<()> {
        self.check_call()?;
        let error = self.stream.take().ok_or_else(ended)?.abort(Error::canceled());
        match error.kind() {
            ErrorKind::Forked => Err(error),
            _ if error.parts_left() => Err(error.with_kind(ErrorKind::Canceled)),
            _ => Ok(()),
        }
    }

    /// Checks that the calling process opened the writer.
    ///
    /// # Errors
    ///
    /// `Forked`, in a child of the process that opened the writer.
    pub fn check_process(&self) -> Result<()> {
        self.stream.as_ref().map_or(Ok(()), StreamUpload::check_process)
    }
}

impl Writer {
    /// Checks that the call is not made in a credentials or log callback of the client.
    pub(crate) fn check_call(&self) -> Result<()> {
        self.stream.as_ref().map_or(Ok(()), StreamUpload::check_call)
    }
}

impl Write for Writer {
    /// Writes all of the bytes. Blocks while the part buffers are full.
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.append(data)?;
        Ok(data.len())
    }

    /// Sends nothing: a part is sent when it is full, and the last one by [`Writer::finish`].
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        match self.stream.take() {
            Some(stream) if stream.check_process().is_ok() => stream.scope().cancel.trigger(),
            // In a forked child, threads that do not exist there may hold its locks.
            stream => std::mem::forget(stream),
        }
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("open", &self.stream.is_some()).finish()
    }
}

/// Copies all of the bytes into the stream; for none, checks it.
fn copy_into(stream: &mut StreamUpload, data: &[u8]) -> Result<()> {
    let mut written = 0;
    loop {
        stream.check()?;
        if written == data.len() {
            return Ok(());
        }
        let count = copy_at(data, written as u64, stream.room()?);
        stream.advance(count);
        written += count;
    }
}

/// Reads into the stream until the end or the length is reached.
fn fill(stream: &mut StreamUpload, reader: &mut dyn Read, length: Option<u64>) -> Result<()> {
    let mut left = length.unwrap_or(u64::MAX);
    while left > 0 {
        stream.check()?;
        if stream.is_full() {
            match read_some(reader, &mut [0])? {
                None => continue,
                Some(0) => break,
                Some(_) => return Err(stream.exceeded()),
            }
        }
        let room = stream.room()?;
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(room.len());
        let room = room.get_mut(..wanted).unwrap_or_default();
        let count = match read_some(reader, room)? {
            None => continue,
            Some(0) => break,
            Some(count) => count,
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

fn ended() -> Error {
    Error::new(ErrorKind::State, "an earlier write failed")
}
