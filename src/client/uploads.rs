//! Whole objects, and multipart uploads step by step.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::Arc;

use super::Client;
use crate::error::{Error, Result};
use crate::model::{BucketName, ObjectKey, UploadId};
use crate::ops::CopySource;
use crate::runtime::{Cancel, Deadline};
use crate::upload::{
    Copy, FdReader, MultipartUpload, Put, SharedBytes, Source, UploadOptions, UploadResult,
    WatchedFile, Writer,
};

impl Client {
    /// Uploads the regular file at `path` as one object and returns when OSS has acknowledged it.
    ///
    /// On failure nothing is left in the bucket unless the options keep parts; then the error names
    /// the upload ID to resume or abort.
    ///
    /// # Errors
    ///
    /// `File`, when the file cannot be read; `Changed`, when it changes meanwhile; and what its
    /// requests fail with.
    pub fn put_file(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        path: impl AsRef<Path>,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        self.check_process()?;
        let source = Source::path(path.as_ref())?;
        let name = path.as_ref().to_string_lossy();
        let options = named(options, path.as_ref());
        self.put(bucket, key, &options).named(&name).run(source, cancel)
    }

    /// Uploads a range of a regular file; `length` `None` is to its end. Otherwise as
    /// [`Client::put_file`].
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `offset` or `length`, when the range is not inside the file; and as for
    /// [`Client::put_file`].
    #[expect(clippy::too_many_arguments, reason = "what, where from, where to and how")]
    pub fn put_file_range(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        path: impl AsRef<Path>,
        offset: u64,
        length: Option<u64>,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        self.check_process()?;
        let source = Source::path(path.as_ref())?.range(offset, length)?;
        let name = format!("{} {offset}+{}", path.as_ref().display(), source.length());
        let options = named(options, path.as_ref());
        self.put(bucket, key, &options).named(&name).run(source, cancel)
    }

    /// Uploads from an open descriptor, which is neither closed nor moved: a regular file is read
    /// by position. A pipe, socket or terminal is read as a stream; then `offset` has to be 0, and
    /// `length` `None` reads to its end. Otherwise as [`Client::put_file`] and
    /// [`Client::put_reader`]; a cancel also ends a wait for the descriptor.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `offset` or `length`; and as for those.
    #[expect(clippy::too_many_arguments, reason = "what, where from, where to and how")]
    pub fn put_fd(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        fd: BorrowedFd<'_>,
        offset: u64,
        length: Option<u64>,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        self.check_process()?;
        let failed = |cause: &io::Error| Error::file("the descriptor", cause).with_argument("fd");
        let file = File::from(fd.try_clone_to_owned().map_err(|cause| failed(&cause))?);
        let is_stream = {
            let kind = file.metadata().map_err(|cause| failed(&cause))?.file_type();
            kind.is_fifo() || kind.is_socket() || kind.is_char_device()
        };
        if !is_stream {
            let watched = WatchedFile::new(file, "the descriptor".to_owned())
                .map_err(|error| error.with_argument("fd"))?;
            let source = Source::file(watched).range(offset, length)?;
            return self.put(bucket, key, options).run(source, cancel);
        }
        if offset != 0 {
            return Err(Error::invalid(
                "offset",
                "a pipe, socket or terminal is read from where it is",
            ));
        }
        let deadline = options.deadline.map_or(Deadline::NEVER, Deadline::after);
        let reader = FdReader { file, cancel: cancel.clone(), deadline };
        self.put_reader(bucket, key, reader, length, options, cancel)
    }

    /// Uploads bytes in memory as one object; otherwise as [`Client::put_file`]. The bytes are not
    /// copied, and are dropped before the call returns.
    ///
    /// # Errors
    ///
    /// What its requests fail with.
    pub fn put_data(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        data: impl AsRef<[u8]> + Send + Sync + 'static,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        let data: SharedBytes = Arc::new(data);
        self.put(bucket, key, options).run(Source::memory(data), cancel)
    }

    /// Uploads what a reader gives, to its end or for `length` bytes. Reads on the calling thread,
    /// into part buffers that the client's memory limit bounds; the reader is never asked for the
    /// same bytes twice.
    ///
    /// Otherwise as [`Client::put_file`]. A cancel does not end a read that blocks.
    ///
    /// # Errors
    ///
    /// `File`, when the reader fails or ends before `length`; an [`Error`] inside the reader's is
    /// given back as it is; and what the requests fail with.
    pub fn put_reader(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        reader: impl Read,
        length: Option<u64>,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        Writer::send_reader(&self.0, bucket, key, reader, length, options, cancel)
    }

    /// Opens a stream to write to. Sends nothing yet.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `part_size`, when two parts are more than the memory limit of the client.
    pub fn open_writer(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<Writer> {
        Writer::open(&self.0, bucket, key, options, cancel)
    }

    /// Copies an object of any size inside OSS, in parts that are copied at once. Content headers
    /// and metadata are the source's unless the options set any.
    ///
    /// Otherwise as [`Client::put_file`]; parts have 64 MiB unless the options say otherwise. The
    /// target has the CRC-64 of the source, or the call fails.
    ///
    /// # Errors
    ///
    /// `Changed`, when the source changes meanwhile; `Service`, when it does not meet its conditions
    /// at the start; and what its requests fail with.
    pub fn copy_object(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        source: &CopySource,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        Copy { engine: &self.0, bucket, key, source, options }.run(cancel)
    }

    /// Begins a multipart upload.
    ///
    /// # Errors
    ///
    /// Those of InitiateMultipartUpload; `upload_may_exist` says that its answer was lost.
    pub fn initiate_upload(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<MultipartUpload> {
        MultipartUpload::initiate(&self.0, bucket, key, options, cancel)
    }

    /// Takes up an upload that was begun elsewhere. Sends nothing.
    pub fn attach_upload(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &UploadId,
        options: &UploadOptions,
    ) -> MultipartUpload {
        MultipartUpload::attach(&self.0, bucket, key, upload_id, options)
    }

    fn put<'a>(
        &'a self,
        bucket: &'a BucketName,
        key: &'a ObjectKey,
        options: &'a UploadOptions,
    ) -> Put<'a> {
        let (service, workers) = (self.0.service(), self.0.workers());
        Put { service, workers, bucket, key, options, name: None }
    }
}

/// The content type may follow from the name of the file.
fn named(options: &UploadOptions, path: &Path) -> UploadOptions {
    let mut options = options.clone();
    if let Some(name) = path.file_name() {
        options.headers.suggest_content_type(&name.to_string_lossy());
    }
    options
}
