//! The client: what calls and uploads to one endpoint share.

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::Arc;

use super::buffers::Buffers;
use super::file::WatchedFile;
use super::memory::SharedBytes;
use super::pipe::Pipe;
use super::put::Put;
use super::source::Source;
use super::workers::Workers;
use super::{UploadOptions, Uploaded};
use crate::client::{Caller, Config};
use crate::error::{Error, Result};
use crate::model::{BucketName, ObjectKey};
use crate::runtime::{Cancel, Deadline};

/// A connection to one OSS endpoint: cheap to clone, shared by threads.
///
/// Every call blocks the calling thread, and is bounded by the time limits of the configuration. A
/// client belongs to the process that made it; in a forked child every call fails with kind
/// `Forked`.
#[derive(Debug, Clone)]
pub struct Client(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    caller: Arc<Caller>,
    workers: Workers,
    buffers: Buffers,
}

impl Client {
    /// Makes a client. Opens no connection and starts no thread.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the setting that is missing or does not fit; `Credentials`, when there are
    /// none.
    pub fn new(config: &Config) -> Result<Self> {
        let caller = Arc::new(Caller::new(config)?);
        let workers = Workers::new(config.threads);
        let buffers = Buffers::new(config.memory_limit);
        Ok(Self(Arc::new(Shared { caller, workers, buffers })))
    }

    /// A client whose requests go to a simulated service.
    #[cfg(test)]
    pub(crate) fn simulated(
        config: &Config,
        peer: Arc<dyn crate::transport::Peer>,
    ) -> Result<Self> {
        let mut caller = Caller::new(config)?;
        caller.simulate(peer);
        let workers = Workers::new(config.threads);
        let buffers = Buffers::new(config.memory_limit);
        Ok(Self(Arc::new(Shared { caller: Arc::new(caller), workers, buffers })))
    }

    /// An error of kind `Forked` in a child of the process that made the client.
    pub fn check_process(&self) -> Result<()> {
        self.caller().check_process()
    }

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
    ) -> Result<Uploaded> {
        self.caller().check_process()?;
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
    ) -> Result<Uploaded> {
        self.caller().check_process()?;
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
    ) -> Result<Uploaded> {
        self.caller().check_process()?;
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
        let reader = Pipe { file, cancel: cancel.clone(), deadline };
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
    ) -> Result<Uploaded> {
        let data: SharedBytes = Arc::new(data);
        self.put(bucket, key, options).run(Source::memory(data), cancel)
    }

    pub(super) fn caller(&self) -> &Arc<Caller> {
        &self.0.caller
    }

    pub(super) fn workers(&self) -> &Workers {
        &self.0.workers
    }

    pub(super) fn buffers(&self) -> &Buffers {
        &self.0.buffers
    }

    fn put<'a>(
        &'a self,
        bucket: &'a BucketName,
        key: &'a ObjectKey,
        options: &'a UploadOptions,
    ) -> Put<'a> {
        Put { caller: &self.0.caller, workers: &self.0.workers, bucket, key, options, name: None }
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
