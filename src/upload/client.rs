//! The client: what calls and uploads to one endpoint share.

use std::path::Path;
use std::sync::Arc;

use super::memory::SharedBytes;
use super::put::Put;
use super::source::Source;
use super::workers::Workers;
use super::{UploadOptions, Uploaded};
use crate::client::{Caller, Config};
use crate::error::Result;
use crate::model::{BucketName, ObjectKey};
use crate::runtime::Cancel;

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
        Ok(Self(Arc::new(Shared { caller, workers: Workers::new(config.threads) })))
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
        let path = path.as_ref();
        let mut options = options.clone();
        if let Some(name) = path.file_name() {
            options.headers.suggest_content_type(&name.to_string_lossy());
        }
        self.put(bucket, key, &options).run(Source::file(path)?, cancel)
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

    fn put<'a>(
        &'a self,
        bucket: &'a BucketName,
        key: &'a ObjectKey,
        options: &'a UploadOptions,
    ) -> Put<'a> {
        Put { caller: &self.0.caller, workers: &self.0.workers, bucket, key, options }
    }
}
