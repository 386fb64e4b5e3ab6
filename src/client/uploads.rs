//! Whole-object uploads, copies, and multipart uploads step by step.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{BucketName, ByteRange, ObjectKey, UploadId};
use crate::ops::CopySource;
use crate::platform::{Descriptor, errno};
use crate::runtime::Cancel;
use crate::upload::{
    CallKind, CallScope, Copy, FdRange, FdReader, FileRange, MultipartUpload, Put, ReaderSource,
    SharedBytes, Source, UploadOptions, UploadResult, WatchedFile, Writer,
};

impl Client {
    /// Uploads the regular file at `path` as one object, and returns when OSS has acknowledged it.
    ///
    /// A failed upload is aborted unless [`UploadOptions::set_keep_parts`] or a checkpoint
    /// directory is set; then the error has the upload ID to resume or abort. If the abort fails
    /// too, [`Error::parts_left`] is true.
    ///
    /// A file whose content does not end at its size, as in `/proc`, is uploaded as a stream.
    ///
    /// # Errors
    ///
    /// `File`, when the file cannot be read; `Changed`, when it changes during the upload; `Busy`,
    /// when another upload of this file and object is using the checkpoint; `Canceled`, also when
    /// the progress callback cancels the call; `Integrity`, when a checksum does not match; `Unknown`,
    /// when the object may exist; and the errors of the requests.
    pub fn put_file(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        path: impl AsRef<Path>,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        self.check_process()?;
        let file = WatchedFile::open(path.as_ref())?;
        let options = with_content_type(options, path.as_ref());
        self.put_watched(&self.put(bucket, key, &options).named(path.as_ref()), file, .., cancel)
    }

    /// Uploads a range of a regular file as one object; otherwise like [`Client::put_file`]. If
    /// the range has a length, bytes may be appended to the file meanwhile.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `offset` or `length`, when the file does not have the range; and those of
    /// [`Client::put_file`].
    pub fn put_range(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        file: &FileRange,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        self.check_process()?;
        let FileRange { path, range } = file;
        let file = WatchedFile::open(path)?;
        let length = range.length().map_or(String::new(), |length| length.to_string());
        let mut name = path.clone().into_os_string();
        name.push(format!(" {}+{length}", range.offset()));
        let options = with_content_type(options, path);
        self.put_watched(
            &self.put(bucket, key, &options).named(name.as_ref()),
            file,
            *range,
            cancel,
        )
    }

    /// Uploads from an open descriptor as one object, and neither closes nor moves it. Record locks
    /// of the process on the file (`fcntl`) are kept; calls that take a path end them.
    ///
    /// A regular file is read by position; otherwise the call is like [`Client::put_range`] without
    /// a checkpoint. A pipe, socket or terminal is read as a stream, like [`Client::put_stream`],
    /// but a cancellation also ends a wait for the descriptor.
    ///
    /// On Windows the descriptor is a handle. That of a file is not used itself: the file is opened
    /// once more, because a read by position would move its position. A cancellation does not end a
    /// wait for a console, and sockets are not supported.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `offset` or `length`; and those of [`Client::put_file`] or
    /// [`Client::put_stream`].
    pub fn put_fd(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        source: FdRange<'_>,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        self.check_process()?;
        let FdRange { fd, range } = source;
        let failed = |cause: &io::Error| Error::file("the descriptor", cause).with_argument("fd");
        let file = Descriptor::borrow(fd).map_err(|cause| match cause.raw_os_error() {
            Some(errno::EBADF) => {
                let error = Error::new(ErrorKind::File, "the descriptor is not open for reading");
                error.with_io(&cause).with_cause_in_text().with_argument("fd")
            }
            _ => failed(&cause),
        })?;
        if !file.is_stream().map_err(|cause| failed(&cause))? {
            let watched = WatchedFile::new(file, "the descriptor".to_owned())
                .map_err(|error| error.with_argument("fd"))?;
            return self.put_watched(&self.put(bucket, key, options), watched, range, cancel);
        }
        if range.offset() != 0 {
            let text = "a pipe, socket or terminal has no offset; use 0";
            return Err(Error::invalid("offset", text));
        }
        let reader = |scope: &CallScope| {
            let CallScope { cancel, deadline, .. } = scope.clone();
            FdReader { file, cancel, deadline }
        };
        Writer::send_reader(&self.0, bucket, key, range.length(), reader, options, cancel)
    }

    /// Uploads bytes in memory as one object; otherwise like [`Client::put_file`].
    ///
    /// The bytes are not copied, and are dropped before the call returns.
    ///
    /// # Errors
    ///
    /// Those of [`Client::put_file`], without `File` and `Changed`.
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

    /// Uploads from a reader as one object: to its end, or the length of a [`ReaderSource`].
    ///
    /// Reads on the calling thread, each byte once, into part buffers that the client's memory
    /// limit bounds. A cancellation does not interrupt a read that blocks. Otherwise like
    /// [`Client::put_file`], without checkpoints.
    ///
    /// # Errors
    ///
    /// `File`, when the reader fails or ends before the length; the [`Error`] in the reader's
    /// [`io::Error`], if it has one; and those of [`Client::put_file`].
    pub fn put_stream<R: Read>(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        reader: impl Into<ReaderSource<R>>,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        let ReaderSource { reader, length } = reader.into();
        Writer::send_reader(&self.0, bucket, key, length, |_| reader, options, cancel)
    }

    /// Opens a writer: what is written to it becomes one object. Sends nothing.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `part_size`, when two parts exceed the memory limit of the client.
    pub fn open_writer(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<Writer> {
        Writer::open(&self.0, bucket, key, options, cancel)
    }

    /// Copies an object of any size inside OSS.
    ///
    /// A small object ([`UploadOptions::set_single_below`]) is copied with one CopyObject. Of others
    /// the parts, 64 MiB unless the options set a part size, are copied in parallel. The bytes do
    /// not pass through this machine. Content headers and metadata are those of the source unless
    /// the options set any, and so are tags ([`UploadOptions::set_copy_tags`]). The call fails if
    /// the target has another CRC-64 than the source; [`UploadResult::verified`] is false if OSS
    /// does not report both. Otherwise like [`Client::put_file`].
    ///
    /// # Errors
    ///
    /// `Changed`, when the source changes during the copy; `Service`, when it does not meet its
    /// conditions at the start; and the errors of the requests.
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

    /// Uploads a range of a file; as a stream if the size of the file is not true.
    fn put_watched(
        &self,
        put: &Put<'_>,
        file: WatchedFile,
        range: impl Into<ByteRange>,
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        let range = range.into();
        if file.has_true_size() {
            return put.run(Source::file(file).range(range)?, cancel);
        }
        put.options
            .check_for(CallKind::Stream)
            .map_err(|error| error.with_context(file.size_error()))?;
        let reader = file.into_reader(range.offset(), range.length());
        let source = ReaderSource::new(reader).with_length(range.length());
        self.put_stream(put.bucket, put.key, source, put.options, cancel)
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

impl MultipartUpload {
    /// Initiates an upload and returns a handle to send its parts and complete it step by step.
    ///
    /// [`Client::initiate_multipart_upload`] is the bare operation.
    ///
    /// # Errors
    ///
    /// `Canceled`; an upload that was initiated nevertheless is aborted; and those of
    /// InitiateMultipartUpload. [`Error::upload_may_exist`] is true if its response was lost.
    pub fn initiate(
        client: &Client,
        bucket: &BucketName,
        key: &ObjectKey,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<Self> {
        Self::initiate_on(&client.0, bucket, key, options, cancel)
    }

    /// Creates a handle for an upload that exists, initiated by another process for example. Sends
    /// nothing.
    ///
    /// The handle knows no part. Add those that were sent with [`MultipartUpload::add_part`], list
    /// them with [`MultipartUpload::attach_with_parts`] instead, or set
    /// [`UploadOptions::set_complete_all`]. The attributes of the object are those of Initiate;
    /// completing compares them with those that the options have, except tags, which HeadObject does
    /// not show.
    ///
    /// # Errors
    ///
    /// `Invalid`, when an option cannot be used for an upload step by step.
    pub fn attach(
        client: &Client,
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &UploadId,
        options: &UploadOptions,
    ) -> Result<Self> {
        Self::attach_on(&client.0, bucket, key, upload_id, options)
    }

    /// Like [`MultipartUpload::attach`], but the handle knows the parts that OSS has. Blocks for one
    /// ListParts per 1,000 parts; the timeout and the progress callback of the options apply.
    ///
    /// # Errors
    ///
    /// `Canceled`, also when the progress callback cancels the call; `Timeout`; and those of
    /// ListParts. With NoSuchUpload the upload was completed or aborted, so
    /// [`Error::object_exists`] is unknown.
    pub fn attach_with_parts(
        client: &Client,
        bucket: &BucketName,
        key: &ObjectKey,
        upload_id: &UploadId,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<Self> {
        Self::attach_with_parts_on(&client.0, bucket, key, upload_id, options, cancel)
    }
}

/// Adds the content type that the name of the file suggests, unless the options set one.
fn with_content_type(options: &UploadOptions, path: &Path) -> UploadOptions {
    let mut options = options.clone();
    if let Some(name) = path.file_name() {
        options.headers.suggest_content_type(&name.to_string_lossy());
    }
    options
}
