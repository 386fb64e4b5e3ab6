//! How one upload is to be done.

use std::fmt;
use std::ops::{BitOr, ControlFlow};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Progress;
use crate::codec::md5::{Digest, Kernel};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::model::{ObjectHeaders, UploadId};
use crate::upload::schedule::part_tracker::Hedging;

/// Which check sums guard an upload; combine them with `|`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Integrity(u8);

impl Integrity {
    /// None beyond what the transport gives.
    pub const NONE: Self = Self(0);
    /// CRC-64 of every part and of the object, compared with what OSS computed. Nearly free.
    pub const CRC64: Self = Self(1);
    /// `Content-MD5` with every part, so that OSS refuses damaged data, and the ETag compared.
    pub const MD5: Self = Self(2);

    /// From the bits of the C interface; `None` if there is an unknown one.
    pub fn from_bits(bits: i64) -> Option<Self> {
        u8::try_from(bits).ok().filter(|bits| bits & !3 == 0).map(Self)
    }

    /// True if all of `other` is asked for.
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

pub(crate) type ProgressCallback = Arc<dyn Fn(&Progress) -> ControlFlow<i64> + Send + Sync>;

/// How one upload is to be done; every field has a default.
///
/// ```
/// let mut options = ossmpu::UploadOptions::new();
/// options.set_part_size(16 * ossmpu::limits::MIB)?.set_parallelism(4)?;
/// options.headers_mut().content_type("application/x-tar")?.metadata("host", "build-7")?;
/// assert_eq!(options.set_parallelism(0).unwrap_err().argument(), Some("parallelism"));
/// # Ok::<(), ossmpu::Error>(())
/// ```
#[derive(Clone)]
pub struct UploadOptions {
    pub(crate) part_size: Option<u64>,
    pub(crate) parallelism: usize,
    pub(crate) single_below: u64,
    pub(crate) integrity: Integrity,
    pub(crate) md5_kernel: Kernel,
    pub(crate) hedging: Hedging,
    pub(crate) bytes_per_sec: u64,
    pub(crate) expected_crc64: Option<u64>,
    pub(crate) expected_md5: Option<Digest>,
    pub(crate) checkpoint_dir: Option<PathBuf>,
    pub(crate) upload_id: Option<UploadId>,
    pub(crate) keep_parts: bool,
    pub(crate) sequential: bool,
    pub(crate) complete_all: bool,
    pub(crate) deadline: Option<Duration>,
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
            md5_kernel: Kernel::best(),
            hedging: Hedging::LastParts,
            bytes_per_sec: 0,
            expected_crc64: None,
            expected_md5: None,
            checkpoint_dir: None,
            upload_id: None,
            keep_parts: false,
            sequential: false,
            complete_all: false,
            deadline: None,
            headers: ObjectHeaders::default(),
            progress: None,
        }
    }
}

/// Each setter changes the options only if it succeeds.
impl UploadOptions {
    /// All defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The size of a part in bytes, 100 KiB to 5 GiB. It is raised when 10,000 parts of that size
    /// would not hold the object. Unless set, it follows from the object's size.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `part_size`.
    pub fn set_part_size(&mut self, bytes: u64) -> Result<&mut Self> {
        if !(limits::PART_SIZE_MIN..=limits::PART_SIZE_MAX).contains(&bytes) {
            return Err(Error::invalid("part_size", "a part has 100 KiB to 5 GiB"));
        }
        self.part_size = Some(bytes);
        Ok(self)
    }

    /// How many parts are in flight at once, 1 to 256; 8 unless set. The client's threads are a
    /// bound for all its uploads together.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `parallelism`.
    pub fn set_parallelism(&mut self, parts: usize) -> Result<&mut Self> {
        if !(1..=limits::PARALLELISM_MAX).contains(&parts) {
            return Err(Error::invalid("parallelism", "the parallelism is 1 to 256"));
        }
        self.parallelism = parts;
        Ok(self)
    }

    /// Objects below this many bytes go in one PutObject; 8 MiB unless set, at most 5 GiB. With 0
    /// only an empty object does.
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

    /// Which check sums guard the upload; CRC-64 unless set.
    pub fn set_integrity(&mut self, integrity: Integrity) -> &mut Self {
        self.integrity = integrity;
        self
    }

    /// Computes the MD5s of a whole-object upload with this kernel; the fastest of this CPU unless
    /// set. For tests and measurements.
    ///
    /// # Errors
    ///
    /// `Unsupported`, when this CPU lacks it.
    pub fn set_md5_kernel(&mut self, kernel: Kernel) -> Result<&mut Self> {
        if !kernel.is_available() {
            let text = "this CPU lacks what the MD5 kernel needs";
            return Err(Error::new(ErrorKind::Unsupported, text).with_argument("md5_kernel"));
        }
        self.md5_kernel = kernel;
        Ok(self)
    }

    /// Sends the last slow parts of an upload a second time, when nothing else is left to send, and
    /// takes whichever copy arrives first. On unless set; at most one part in fifty is sent twice.
    pub fn hedge(&mut self) -> &mut Self {
        self.hedging = Hedging::LastParts;
        self
    }

    /// Undoes [`UploadOptions::hedge`].
    pub fn never_hedge(&mut self) -> &mut Self {
        self.hedging = Hedging::Never;
        self
    }

    /// The most bytes that this upload sends in a second; 0, no limit, unless set. The client may
    /// have a limit of its own, for all its calls together.
    pub fn set_bytes_per_sec(&mut self, bytes: u64) -> &mut Self {
        self.bytes_per_sec = bytes;
        self
    }

    /// The CRC-64 that the whole object must have. It is judged before Complete, or before the one
    /// PutObject is sent: an object with another is never made.
    pub fn set_expected_crc64(&mut self, crc64: u64) -> &mut Self {
        self.expected_crc64 = Some(crc64);
        self
    }

    /// The MD5 that the whole object must have; otherwise as
    /// [`UploadOptions::set_expected_crc64`]. It cannot be computed in parts, so a file is read
    /// once more for it, before anything is sent, by one thread.
    pub fn set_expected_md5(&mut self, md5: [u8; 16]) -> &mut Self {
        self.expected_md5 = Some(Digest::from_bytes(md5));
        self
    }

    /// Makes uploads of files resumable, even after `kill -9`: what is needed to go on is written to
    /// this directory, which must exist. Parts are kept on failure; the next call with the same
    /// endpoint, bucket, key, path and part size sends what is missing. Parts that OSS has are read
    /// and compared. A file that has changed is uploaded afresh, and its old upload aborted.
    ///
    /// Other sources, and objects that go in one PutObject, take no notice.
    pub fn set_checkpoint_dir(&mut self, folder: impl Into<PathBuf>) -> &mut Self {
        self.checkpoint_dir = Some(folder.into());
        self
    }

    /// Goes on with that upload instead of beginning one: parts that OSS has with the same size
    /// and bytes are not sent again. For sources that can be read twice; give the part size that
    /// the upload was begun with.
    pub fn set_upload_id(&mut self, upload_id: UploadId) -> &mut Self {
        self.upload_id = Some(upload_id);
        self
    }

    /// Leaves the parts on OSS when the upload fails, for another try under the upload ID that the
    /// error names. Unless set, they are removed.
    pub fn keep_parts(&mut self) -> &mut Self {
        self.keep_parts = true;
        self
    }

    /// Undoes [`UploadOptions::keep_parts`].
    pub fn remove_parts(&mut self) -> &mut Self {
        self.keep_parts = false;
        self
    }

    /// Begins a sequential upload: parts arrive in order, one at a time and each once, and the
    /// object gets a `Content-MD5`. OSS refuses parts that do not. Costs all concurrency.
    pub fn sequential(&mut self) -> &mut Self {
        self.sequential = true;
        self
    }

    /// Undoes [`UploadOptions::sequential`].
    pub fn in_any_order(&mut self) -> &mut Self {
        self.sequential = false;
        self
    }

    /// Completes with all parts that OSS has instead of a list of them.
    pub fn complete_all(&mut self) -> &mut Self {
        self.complete_all = true;
        self
    }

    /// Undoes [`UploadOptions::complete_all`].
    pub fn complete_listed(&mut self) -> &mut Self {
        self.complete_all = false;
        self
    }

    /// The most time that the whole call may take, the clean-up aside; `None` is no bound but those
    /// of its requests.
    pub fn set_deadline(&mut self, time: Option<Duration>) -> &mut Self {
        self.deadline = time;
        self
    }

    /// What is stored with the object or said with its requests.
    pub fn headers_mut(&mut self) -> &mut ObjectHeaders {
        &mut self.headers
    }

    /// Is told how far the upload is, at most ten times a second and once at the end, on the thread
    /// that made the call. `Break` stops the upload with an error of kind `Stopped` that carries
    /// the value.
    pub fn set_progress(
        &mut self,
        callback: impl Fn(&Progress) -> ControlFlow<i64> + Send + Sync + 'static,
    ) -> &mut Self {
        self.progress = Some(Arc::new(callback));
        self
    }
}

/// What follows from several options together.
impl UploadOptions {
    /// A sequential upload has one part in flight.
    pub(crate) fn parallelism(&self) -> usize {
        if self.sequential { 1 } else { self.parallelism }
    }

    /// A sequential upload refuses what it has already.
    pub(crate) fn hedging(&self) -> Hedging {
        if self.sequential { Hedging::Never } else { self.hedging }
    }
}

impl fmt::Debug for UploadOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadOptions")
            .field("part_size", &self.part_size)
            .field("parallelism", &self.parallelism)
            .field("single_below", &self.single_below)
            .field("integrity", &self.integrity)
            .field("keep_parts", &self.keep_parts)
            .field("sequential", &self.sequential)
            .field("complete_all", &self.complete_all)
            .field("hedging", &self.hedging())
            .field("bytes_per_sec", &self.bytes_per_sec)
            .field("deadline", &self.deadline)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_named_and_changes_nothing() {
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
