//! Contents of parts and objects: one immutable file each.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use md5::{Digest, Md5};

/// A complete file. It exists at least until the last reference is dropped.
#[derive(Debug)]
pub(crate) struct Blob {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    delete_on_drop: AtomicBool,
}

impl Blob {
    pub(crate) fn at(path: PathBuf, name: String, size: u64) -> Self {
        Self { name, path, size, delete_on_drop: AtomicBool::new(false) }
    }

    /// Keeps the file when the last reference is dropped.
    pub(crate) fn keep(&self) {
        self.delete_on_drop.store(false, Ordering::Relaxed);
    }

    /// Deletes the file when the last reference is dropped.
    pub(crate) fn delete_on_drop(&self) {
        self.delete_on_drop.store(true, Ordering::Relaxed);
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        if self.delete_on_drop.load(Ordering::Relaxed) {
            // A file that cannot be removed is removed as unreferenced at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Starts a CRC-64/XZ, which OSS calls crc64ecma.
pub(crate) fn new_crc64() -> crc_fast::Digest {
    crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Xz)
}

/// MD5 and CRC-64 of a byte stream.
pub(crate) struct Digests {
    md5: Md5,
    crc64: crc_fast::Digest,
}

impl std::fmt::Debug for Digests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digests")
    }
}

impl Digests {
    pub(crate) fn new() -> Self {
        Self { md5: Md5::new(), crc64: new_crc64() }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.crc64.update(bytes);
    }

    /// Returns MD5 and CRC-64.
    pub(crate) fn finish(self) -> ([u8; 16], u64) {
        (self.md5.finalize().into(), self.crc64.finalize())
    }
}

/// A file being written; deleted if dropped before [`BlobWriter::seal`].
#[derive(Debug)]
pub(crate) struct BlobWriter {
    blob: Arc<Blob>,
    file: File,
    digests: Digests,
    size: u64,
}

/// A complete file and its digests.
#[derive(Debug, Clone)]
pub(crate) struct SealedBlob {
    pub(crate) blob: Arc<Blob>,
    pub(crate) md5: [u8; 16],
    pub(crate) crc64: u64,
}

impl BlobWriter {
    pub(crate) fn create(path: PathBuf, name: String) -> io::Result<Self> {
        let file = File::create_new(&path)?;
        let blob = Blob::at(path, name, 0);
        blob.delete_on_drop();
        Ok(Self { blob: Arc::new(blob), file, digests: Digests::new(), size: 0 })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.digests.update(bytes);
        self.size += u64::try_from(bytes.len()).unwrap_or_default();
        Ok(())
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Finishes the file. It is still deleted on drop unless the store keeps it.
    pub(crate) fn seal(self) -> SealedBlob {
        let (md5, crc64) = self.digests.finish();
        let blob = Blob::at(self.blob.path.clone(), self.blob.name.clone(), self.size);
        blob.delete_on_drop();
        self.blob.delete_on_drop.store(false, Ordering::Relaxed);
        SealedBlob { blob: Arc::new(blob), md5, crc64 }
    }
}

/// Reads `length` bytes of the concatenated blobs from `start`, and passes them to `consume` in
/// chunks.
pub(crate) fn read_blobs(
    blobs: &[Arc<Blob>],
    start: u64,
    length: u64,
    mut consume: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = vec![0_u8; 256 * 1024];
    let (mut skip, mut left) = (start, length);
    for blob in blobs {
        if left == 0 {
            break;
        }
        if skip >= blob.size {
            skip -= blob.size;
            continue;
        }
        let mut file = File::open(&blob.path)?;
        io::Seek::seek(&mut file, io::SeekFrom::Start(skip))?;
        let mut here = (blob.size - skip).min(left);
        skip = 0;
        left -= here;
        while here > 0 {
            let step = usize::try_from(here).unwrap_or(usize::MAX).min(buffer.len());
            let Some(space) = buffer.get_mut(..step) else { break };
            file.read_exact(space)?;
            consume(space)?;
            here -= u64::try_from(step).unwrap_or_default();
        }
    }
    Ok(())
}
