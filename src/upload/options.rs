//! The options of one upload.

use std::fmt;
use std::ops::{BitOr, ControlFlow};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::codec::md5::{Digest, Kernel};
use crate::error::{Error, Result};
use crate::limits;
use crate::model::{BucketName, ObjectHeaders, ObjectKey, UploadId};
use crate::ops::CopySource;
use crate::runtime::Deadline;
use crate::upload::progress::{Progress, ProgressCallback};

/// Which checksums verify an upload; combine them with `|`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Integrity(u8);

impl Integrity {
    /// No checksum beyond those of TCP and TLS.
    pub const NONE: Self = Self(0);
    /// CRC-64 of every part and of the object, compared with those that OSS computed. Costs little.
    pub const CRC64: Self = Self(1);
    /// `Content-MD5` with every part, so that OSS refuses corrupted data, and the ETag of the
    /// response compared with the MD5.
    pub const MD5: Self = Self(2);

    /// Converts the bits of the C interface; `None` if there is an unknown one.
    pub fn from_bits(bits: i64) -> Option<Self> {
        u8::try_from(bits).ok().filter(|bits| bits & !3 == 0).map(Self)
    }

    /// Returns true if it contains all checksums of `other`.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Integrity {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What happens to an object whose CRC-64 cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verification {
    /// The CRC-64 is not compared.
    Off,
    /// The result says so.
    WherePossible,
    /// The call fails.
    Required,
}

/// The options of one upload; each has a default.
///
/// Cheap to clone; a call copies what it needs, so the value may be reused and changed afterwards.
///
/// ```
/// let mut options = ossmpu::UploadOptions::new();
/// options.set_part_size(16 << 20)?.set_parallelism(4)?.set_keep_parts(true);
/// options.headers_mut().set_content_type("application/x-tar")?.set_metadata("host", "build-7")?;
/// assert_eq!(options.set_parallelism(0).unwrap_err().argument(), Some("parallelism"));
/// # Ok::<(), ossmpu::Error>(())
/// ```
#[derive(Clone)]
pub struct UploadOptions {
    pub(crate) part_size: Option<u64>,
    pub(crate) parallelism: usize,
    pub(crate) single_below: u64,
    pub(crate) integrity: Integrity,
    pub(crate) require_verified: bool,
    pub(crate) md5_kernel: Kernel,
    pub(crate) hedging: bool,
    pub(crate) bytes_per_sec: u64,
    pub(crate) expected_crc64: Option<u64>,
    pub(crate) expected_md5: Option<Digest>,
    pub(crate) checkpoint_dir: Option<PathBuf>,
    pub(crate) upload_id: Option<UploadId>,
    pub(crate) keep_parts: bool,
    pub(crate) copy_tags: bool,
    pub(crate) sequential: bool,
    pub(crate) complete_all: bool,
    pub(crate) keep_cache: bool,
    pub(crate) delta: bool,
    pub(crate) delta_base: Option<CopySource>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) headers: ObjectHeaders,
    pub(crate) progress: Option<ProgressCallback>,
}

impl Default for UploadOptions {
    fn default() -> Self {
        Self {
            part_size: None,
            parallelism: limits::PARALLELISM_DEFAULT,
            single_below: limits::SINGLE_BELOW_DEFAULT,
            integrity: Integrity::CRC64,
            require_verified: false,
            md5_kernel: Kernel::best(),
            hedging: true,
            bytes_per_sec: 0,
            expected_crc64: None,
            expected_md5: None,
            checkpoint_dir: None,
            upload_id: None,
            keep_parts: false,
            copy_tags: true,
            sequential: false,
            complete_all: false,
            keep_cache: false,
            delta: false,
            delta_base: None,
            timeout: None,
            headers: ObjectHeaders::default(),
            progress: None,
        }
    }
}

/// A setter that fails leaves the options unchanged.
impl UploadOptions {
    /// Creates options that all have their defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the part size in bytes, 100 KiB to 5 GiB.
    ///
    /// It is raised when 10,000 parts of that size cannot hold the object. By default it follows
    /// from the size of the object.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `part_size`.
    pub fn set_part_size(&mut self, bytes: u64) -> Result<&mut Self> {
        if !(limits::PART_SIZE_MIN..=limits::PART_SIZE_MAX).contains(&bytes) {
            return Err(Error::invalid("part_size", "the part size is 100 KiB to 5 GiB"));
        }
        self.part_size = Some(bytes);
        Ok(self)
    }

    /// Sets how many parts are in flight at once, 1 to 256; the default is 8.
    ///
    /// All uploads of a client share its worker threads; see [`Config::set_threads`].
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `parallelism`.
    ///
    /// [`Config::set_threads`]: crate::Config::set_threads
    pub fn set_parallelism(&mut self, parts: usize) -> Result<&mut Self> {
        if !(1..=limits::PARALLELISM_MAX).contains(&parts) {
            return Err(Error::invalid("parallelism", "the parallelism is 1 to 256"));
        }
        self.parallelism = parts;
        Ok(self)
    }

    /// Sets the size in bytes below which an object is uploaded with one PutObject, or copied with
    /// one CopyObject, which copies less than 1 GiB; 0 to 5 GiB, the default is 8 MiB. With 0 that is
    /// only the empty object.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `single_below`.
    pub fn set_single_below(&mut self, bytes: u64) -> Result<&mut Self> {
        if bytes > limits::PUT_OBJECT_MAX {
            return Err(Error::invalid("single_below", "one PutObject has at most 5 GiB"));
        }
        self.single_below = bytes;
        Ok(self)
    }

    /// Sets which checksums verify the upload; the default is CRC-64.
    pub fn set_integrity(&mut self, integrity: Integrity) -> &mut Self {
        self.integrity = integrity;
        self
    }

    /// Sets whether the call fails, with kind `Integrity`, unless
    /// [`UploadResult::verified`](crate::UploadResult::verified) is true; the default is false. The
    /// object exists then. It implies [`Integrity::CRC64`].
    pub fn set_require_verified(&mut self, on: bool) -> &mut Self {
        self.require_verified = on;
        self
    }

    /// Sets the kernel that computes the MD5s of parts; the default is the fastest of this CPU.
    ///
    /// # Errors
    ///
    /// `Unsupported`, naming `md5_kernel`, if this CPU does not have its instructions.
    #[cfg(feature = "bench-internals")]
    pub fn set_md5_kernel(&mut self, kernel: Kernel) -> Result<&mut Self> {
        if !kernel.is_available() {
            let text = "this CPU does not support the MD5 kernel";
            return Err(Error::new(crate::ErrorKind::Unsupported, text).with_argument("md5_kernel"));
        }
        self.md5_kernel = kernel;
        Ok(self)
    }

    /// Sets whether slow parts are hedged; the default is true.
    ///
    /// When no part is left to start, a second copy of the slowest part is sent, and the first
    /// response counts. At most one part in fifty is sent twice.
    pub fn set_hedging(&mut self, on: bool) -> &mut Self {
        self.hedging = on;
        self
    }

    /// Sets the most bytes per second that this upload sends; 0, the default, is no limit.
    ///
    /// The limit of the client, which all its calls share, applies too.
    pub fn set_bytes_per_sec(&mut self, bytes: u64) -> &mut Self {
        self.bytes_per_sec = bytes;
        self
    }

    /// Sets the CRC-64 that the whole object must have.
    ///
    /// It is checked before Complete, or before the one PutObject is sent: an object with another
    /// CRC-64 is never created. Step-by-step uploads refuse it. A copy whose source has no CRC-64
    /// compares those of its parts, and fails before Complete if OSS does not show them.
    pub fn set_expected_crc64(&mut self, crc64: u64) -> &mut Self {
        self.expected_crc64 = Some(crc64);
        self
    }

    /// Sets the MD5 that the whole object must have; otherwise like
    /// [`UploadOptions::set_expected_crc64`].
    ///
    /// The MD5 of an object cannot be computed from its parts: a file is read once more, by one
    /// thread, before anything is sent. Copies and step-by-step uploads refuse it.
    pub fn set_expected_md5(&mut self, md5: [u8; 16]) -> &mut Self {
        self.expected_md5 = Some(Digest::from_bytes(md5));
        self
    }

    /// Sets an existing directory for checkpoints, which make uploads of files resumable, even
    /// after `kill -9`.
    ///
    /// Parts are kept on failure. The next call with the same endpoint, bucket, key, path and part
    /// size compares the parts that OSS has with the file and sends the others. If the file has
    /// changed, the old upload is aborted and all of the file is uploaded.
    ///
    /// A checkpoint belongs to the process whose upload uses it, until the upload or the process
    /// ends. Its files are readable by this user only, and what is not a regular file of this user
    /// is refused.
    ///
    /// For files that are named by their path; other calls refuse it. An object that is uploaded
    /// with one PutObject has nothing to resume; an earlier upload of the file in parts is aborted.
    /// Excludes [`UploadOptions::set_upload_id`].
    pub fn set_checkpoint_dir(&mut self, directory: impl Into<PathBuf>) -> &mut Self {
        self.checkpoint_dir = Some(directory.into());
        self
    }

    /// Resumes this upload instead of initiating one: parts that OSS has with the same size and
    /// bytes are not sent again.
    ///
    /// For files and memory; streams, copies and step-by-step uploads refuse it. Set the part size
    /// that the upload was started with. Excludes [`UploadOptions::set_checkpoint_dir`].
    pub fn set_upload_id(&mut self, upload_id: UploadId) -> &mut Self {
        self.upload_id = Some(upload_id);
        self
    }

    /// Sets whether a failed upload keeps its parts; the default is false, which aborts it.
    ///
    /// Resume or abort it with the upload ID of the error. OSS bills parts until then.
    pub fn set_keep_parts(&mut self, on: bool) -> &mut Self {
        self.keep_parts = on;
        self
    }

    /// Sets whether a copy has the tags of its source, unless the headers have tags; the default is
    /// true. That may need the permission `oss:GetObjectTagging`; for a copy in parts also if the
    /// source has no tags, which OSS does not show without the permission.
    pub fn set_copy_tags(&mut self, on: bool) -> &mut Self {
        self.copy_tags = on;
        self
    }

    /// Sets whether uploads are sequential; the default is false.
    ///
    /// Parts of a sequential upload are sent in order, one at a time and each once, and the object
    /// gets a `Content-MD5`. OSS refuses other parts. There is no parallelism and no hedging.
    pub fn set_sequential(&mut self, on: bool) -> &mut Self {
        self.sequential = on;
        self
    }

    /// Sets whether Complete uses all parts that OSS has instead of a list of them; the default is
    /// false. A part that was sent through the handle must be there with the bytes that were sent.
    pub fn set_complete_all(&mut self, on: bool) -> &mut Self {
        self.complete_all = on;
        self
    }

    /// Sets whether what is read of a file stays in the page cache; the default is false.
    ///
    /// Otherwise the pages of a part are removed when OSS has acknowledged the part, and all of them
    /// at the end of the call, successful or not. Pages that were cached when the call began stay,
    /// and so do pages that a process has mapped. If two uploads or programs read a file at the same
    /// time, pages that one of them needs may have to be read again. For files on Linux whose owner
    /// this user is, or that it may write to: the system does not tell others what is cached.
    pub fn set_keep_cache(&mut self, on: bool) -> &mut Self {
        self.keep_cache = on;
        self
    }

    /// Sets whether the upload is a delta upload against the object that has the key now; the default
    /// is false.
    ///
    /// For each part whose range the base has in full, OSS is asked to copy that range into the part
    /// (UploadPartCopy). If the ETag of the copy is the MD5 of the local bytes, no byte is sent;
    /// otherwise the part is uploaded. Whatever the base is, the object has the bytes of the source.
    /// If the base cannot be used, or no longer, the parts are uploaded as usual:
    /// [`UploadResult::delta_stopped`](crate::UploadResult::delta_stopped) says why.
    ///
    /// Parts are 1 MiB unless [`UploadOptions::set_part_size`] is called, or more if 10,000 would
    /// not suffice. Ranges are compared at their offset: after an insertion nothing is found. With a
    /// checkpoint directory, a manifest of the parts is kept there after the upload, and the next one
    /// does not try to copy those that are known to differ. An object below
    /// [`UploadOptions::set_single_below`] is sent whole. Complete lists the parts, also with
    /// [`UploadOptions::set_complete_all`].
    ///
    /// For files, ranges and memory; streams and copies refuse it, and so do sequential uploads. Step
    /// by step it sets the base of [`MultipartUpload::upload_part_delta`].
    ///
    /// [`MultipartUpload::upload_part_delta`]: crate::MultipartUpload::upload_part_delta
    pub fn set_delta(&mut self, on: bool) -> &mut Self {
        self.delta = on;
        self
    }

    /// Sets another object, or a version, as the base of a delta upload, which the upload is then
    /// without [`UploadOptions::set_delta`]. It must be in the same region. `None`, the default, is
    /// the object that has the key.
    pub fn set_delta_base(&mut self, base: Option<CopySource>) -> &mut Self {
        self.delta_base = base;
        self
    }

    /// Sets the timeout of the whole call, without aborting the upload; the default is `None`: only
    /// the timeouts of its requests apply. That of a writer begins when it is opened.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) -> &mut Self {
        self.timeout = timeout;
        self
    }

    /// Returns the headers, metadata and tags of the object, to be changed.
    pub fn headers_mut(&mut self) -> &mut ObjectHeaders {
        &mut self.headers
    }

    /// Sets a callback for progress.
    ///
    /// It runs on the thread that made the call: at its start, then ten times a second until it
    /// returns, whatever the call waits for ([`Progress::phase`](crate::Progress)), and when all
    /// bytes are sent. `Break` cancels the call: its error has the kind `Canceled` and the value.
    /// The call does not run the callback again. The callback must not use the client.
    pub fn set_progress(
        &mut self,
        callback: impl Fn(&Progress) -> ControlFlow<i64> + Send + Sync + 'static,
    ) -> &mut Self {
        self.progress = Some(Arc::new(callback));
        self
    }
}

impl UploadOptions {
    /// Returns when a call that starts now has to end.
    pub(crate) fn deadline(&self) -> Deadline {
        self.timeout.map_or(Deadline::NEVER, Deadline::after)
    }

    pub(crate) fn verification(&self) -> Verification {
        match (self.require_verified, self.integrity.contains(Integrity::CRC64)) {
            (true, _) => Verification::Required,
            (false, true) => Verification::WherePossible,
            (false, false) => Verification::Off,
        }
    }

    /// Returns the base of a delta upload to that key; `None` if the upload is none.
    pub(crate) fn delta_base(&self, bucket: &BucketName, key: &ObjectKey) -> Option<CopySource> {
        let base = || self.delta_base.clone().unwrap_or_else(|| CopySource::new(bucket, key));
        self.is_delta().then(base)
    }

    pub(crate) fn is_delta(&self) -> bool {
        self.delta || self.delta_base.is_some()
    }

    /// A sequential upload has one part in flight.
    pub(crate) fn parallelism(&self) -> usize {
        if self.sequential { 1 } else { self.parallelism }
    }

    /// A sequential upload refuses a part that it has.
    pub(crate) fn hedging(&self) -> bool {
        self.hedging && !self.sequential
    }
}

impl fmt::Debug for UploadOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadOptions")
            .field("part_size", &self.part_size)
            .field("parallelism", &self.parallelism)
            .field("single_below", &self.single_below)
            .field("integrity", &self.integrity)
            .field("require_verified", &self.require_verified)
            .field("keep_parts", &self.keep_parts)
            .field("copy_tags", &self.copy_tags)
            .field("sequential", &self.sequential)
            .field("complete_all", &self.complete_all)
            .field("delta", &self.delta)
            .field("delta_base", &self.delta_base)
            .field("hedging", &self.hedging())
            .field("keep_cache", &self.keep_cache)
            .field("bytes_per_sec", &self.bytes_per_sec)
            .field("timeout", &self.timeout)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_out_of_range_is_refused_by_name_and_changes_nothing() {
        let mut options = UploadOptions::new();
        for bad in [0, 100 * 1024 - 1, 5 * 1024 * 1024 * 1024 + 1] {
            assert_eq!(options.set_part_size(bad).unwrap_err().argument(), Some("part_size"));
        }
        assert_eq!(options.part_size, None);
        assert_eq!(options.set_parallelism(0).unwrap_err().argument(), Some("parallelism"));
        assert_eq!(options.set_parallelism(257).unwrap_err().argument(), Some("parallelism"));
        assert!(options.set_part_size(100 * 1024).is_ok());
    }

    #[test]
    fn unknown_bits_of_integrity_are_refused() {
        assert_eq!(Integrity::from_bits(3), Some(Integrity::CRC64 | Integrity::MD5));
        assert_eq!(Integrity::from_bits(0), Some(Integrity::NONE));
        for bad in [4, -1, 256] {
            assert_eq!(Integrity::from_bits(bad), None);
        }
    }
}
