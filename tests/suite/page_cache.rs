//! What uploads of files leave in the page cache.
//!
//! The files are in cargo's target directory, which must be on a file system that removes pages on
//! request: not on tmpfs.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::ptr;
use std::time::{Duration, Instant};

use oss_emulator::{Action, Direction, Rule, Stall};
use ossmpu::{ByteRange, FdRange, FileRange, Integrity, MultipartUpload, UploadOptions};

use crate::fixture::{Fixture, MIB, NEVER_MS, bytes, number};

const PAGE: usize = 4096;
const SIZE: usize = 6 * MIB as usize + 4321;

/// The kernel keeps a page that it is examining, to free or to move memory, for less than this.
const EXAMINED: Duration = Duration::from_secs(10);

/// A file of which only two ranges are cached.
struct CachedFile {
    path: PathBuf,
    file: File,
    /// The content begins here, after a hole.
    start: u64,
}

impl CachedFile {
    fn new(name: &str) -> Self {
        Self::at(name, 0)
    }

    fn at(name: &str, start: u64) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        File::create(&path).unwrap().write_all_at(&bytes(SIZE as u64), start).unwrap();
        let file = File::open(&path).unwrap();
        file.sync_all().unwrap();
        let cached = Self { path, file, start };
        let started = Instant::now();
        while cached.pages().contains(&true) {
            let text = "keeps pages in the cache, so that this test shows nothing: set \
                        CARGO_TARGET_DIR to a directory on a disk";
            let folder = cached.path.display();
            assert!(started.elapsed() < EXAMINED, "the file system of {folder} {text}");
            advise(&cached.file, libc::POSIX_FADV_DONTNEED);
        }
        // Without reading ahead.
        advise(&cached.file, libc::POSIX_FADV_RANDOM);
        for (offset, length) in [(MIB, MIB / 2), (4 * MIB + 5000, 1)] {
            let mut buffer = vec![0; usize::try_from(length).unwrap()];
            cached.file.read_exact_at(&mut buffer, start + offset).unwrap();
        }
        let count = cached.pages().iter().filter(|is_cached| **is_cached).count();
        assert!((129..700).contains(&count), "{count} pages");
        cached
    }

    /// Whether each page of the content is in the cache.
    fn pages(&self) -> Vec<bool> {
        pages(&self.file, self.start, SIZE)
    }
}

/// Whether each page of these bytes is in the cache.
fn pages(file: &File, start: u64, size: usize) -> Vec<bool> {
    let (access, kind, fd) = (libc::PROT_NONE, libc::MAP_SHARED, file.as_raw_fd());
    let start = start.cast_signed();
    // SAFETY: the kernel chooses the address.
    let address = unsafe { libc::mmap64(ptr::null_mut(), size, access, kind, fd, start) };
    assert_ne!(address, libc::MAP_FAILED, "{}", io::Error::last_os_error());
    let mut pages = vec![0u8; size.div_ceil(PAGE)];
    // SAFETY: the mapping has this size, and the vector a byte for each page.
    let result = unsafe { libc::mincore(address, size, pages.as_mut_ptr()) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
    // SAFETY: nothing refers to the mapping.
    unsafe { libc::munmap(address, size) };
    pages.into_iter().map(|page| page & 1 == 1).collect()
}

impl Drop for CachedFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn advise(file: &File, advice: i32) {
    // SAFETY: the call has no pointers.
    assert_eq!(unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, advice) }, 0);
}

fn in_parts() -> UploadOptions {
    let mut options = UploadOptions::new();
    options.set_single_below(0).unwrap().set_part_size(MIB + 1000).unwrap();
    options.set_keep_cache(false);
    options
}

/// Uploads a file, and asserts that the same pages are cached before and after.
fn assert_as_before(name: &str, upload: impl Fn(&Fixture, &CachedFile)) {
    assert_unchanged(|| CachedFile::new(name), name, upload);
}

/// Of three uploads one must have changed nothing: the kernel may have kept a page that it examined.
fn assert_unchanged(
    new_file: impl Fn() -> CachedFile,
    name: &str,
    upload: impl Fn(&Fixture, &CachedFile),
) {
    let all: Vec<_> = (0..3).map_while(|_| changed_pages(&new_file(), &upload)).collect();
    assert!(all.len() < 3, "{name}: these pages differ: {all:?}");
}

/// Uploads a file, and returns the pages that are cached only before or after; `None` without any.
fn changed_pages(file: &CachedFile, upload: &impl Fn(&Fixture, &CachedFile)) -> Option<Vec<usize>> {
    let before = file.pages();
    upload(&Fixture::new(), file);
    // A worker may still read a copy of a part that was canceled.
    let started = Instant::now();
    loop {
        let after = file.pages();
        let differing = (0..before.len()).filter(|page| before[*page] != after[*page]);
        let differing: Vec<_> = differing.collect();
        if differing.is_empty() {
            return None;
        }
        if started.elapsed() > EXAMINED {
            return Some(differing);
        }
        std::thread::yield_now();
    }
}

fn put_file(fixture: &Fixture, file: &CachedFile, options: &UploadOptions) {
    let Fixture { client, bucket, key, cancel, .. } = fixture;
    client.put_file(bucket, key, &file.path, options, cancel).unwrap();
}

#[test]
fn an_upload_leaves_the_page_cache_as_it_was() {
    assert_as_before("parts", |fixture, file| put_file(fixture, file, &in_parts()));
    assert_as_before("md5", |fixture, file| {
        let mut options = in_parts();
        options.set_integrity(Integrity::MD5 | Integrity::CRC64);
        put_file(fixture, file, &options);
    });
    assert_as_before("single", |fixture, file| {
        let mut options = in_parts();
        options.set_single_below(1 << 30).unwrap().set_expected_crc64(crc64());
        put_file(fixture, file, &options);
    });
    assert_as_before("descriptor", |fixture, file| {
        let Fixture { client, bucket, key, cancel, .. } = fixture;
        let source = FdRange::new(file.file.as_fd(), ..);
        client.put_fd(bucket, key, source, &in_parts(), cancel).unwrap();
    });
    assert_as_before("range", |fixture, file| {
        let Fixture { client, bucket, key, cancel, .. } = fixture;
        let range = FileRange::new(&file.path, ByteRange::new(MIB + 777, Some(3 * MIB)));
        client.put_range(bucket, key, &range, &in_parts(), cancel).unwrap();
    });
    assert_as_before("cached range", |fixture, file| {
        let Fixture { client, bucket, key, cancel, .. } = fixture;
        let range = FileRange::new(&file.path, ByteRange::new(MIB, Some(MIB / 2)));
        client.put_range(bucket, key, &range, &in_parts(), cancel).unwrap();
    });
}

/// Offsets of 32 bits end at 2 GiB.
#[test]
fn a_range_far_inside_a_file_leaves_the_page_cache_as_it_was() {
    const START: u64 = 5 << 30;
    let new_file = || CachedFile::at("far", START);
    assert_unchanged(new_file, "far", |fixture, file| {
        let Fixture { client, bucket, key, cancel, .. } = fixture;
        let range = FileRange::new(&file.path, ByteRange::new(START + 777, Some(3 * MIB)));
        client.put_range(bucket, key, &range, &in_parts(), cancel).unwrap();
    });
}

#[test]
fn a_part_of_a_file_leaves_the_page_cache_as_it_was() {
    assert_as_before("step", |fixture, file| {
        let Fixture { client, bucket, key, cancel, .. } = fixture;
        let upload = MultipartUpload::initiate(client, bucket, key, &in_parts(), cancel).unwrap();
        let range = FileRange::new(&file.path, ByteRange::new(777, Some(2 * MIB)));
        upload.upload_part_file(number(1), &range, cancel).unwrap();
        upload.abort().unwrap();
    });
}

#[test]
fn an_upload_that_fails_leaves_the_page_cache_as_it_was() {
    assert_as_before("failed", |fixture, file| {
        let Fixture { client, bucket, key, cancel, .. } = fixture;
        let mut options = in_parts();
        options.set_expected_crc64(1);
        client.put_file(bucket, key, &file.path, &options, cancel).unwrap_err();
        options.set_single_below(1 << 30).unwrap();
        client.put_file(bucket, key, &file.path, &options, cancel).unwrap_err();
        assert_eq!(fixture.count("PutObject"), 0);
    });
}

#[test]
fn a_part_leaves_the_page_cache_when_it_is_acknowledged() {
    let file = CachedFile::new("acknowledged");
    let fixture = Fixture::new();
    let late = Action { delay_ms: NEVER_MS, ..Action::default() };
    fixture.emulator.add_rule(Rule::on("UploadPart", late).part(6));
    let mut options = in_parts();
    options.set_parallelism(1).unwrap().set_hedging(false);
    std::thread::scope(|scope| {
        let call = scope.spawn(|| put_file(&fixture, &file, &options));
        fixture.wait_for("UploadPart", 6);
        let started = Instant::now();
        // Of the first megabyte, which was not cached. The kernel may keep what it is examining.
        let cached = || pages(&file.file, 0, MIB as usize).into_iter().filter(|is| *is).count();
        while cached() >= 64 && started.elapsed() < EXAMINED {
            std::thread::yield_now();
        }
        let left = cached();
        fixture.emulator.end_delays();
        call.join().unwrap();
        assert!(left < 64, "{left} pages of 256 are cached");
    });
}

#[test]
fn an_upload_that_keeps_the_cache_fills_it() {
    let file = CachedFile::new("kept");
    let mut options = in_parts();
    options.set_keep_cache(true);
    put_file(&Fixture::new(), &file, &options);
    assert!(file.pages().iter().all(|is_cached| *is_cached));
}

/// The object is read once for its checksum, and then sent.
#[test]
fn a_large_object_leaves_the_page_cache_while_it_is_read() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let stall = Stall { at: Direction::Request, byte: 1, ms: Some(NEVER_MS) };
    fixture.once("PutObject", Action { stall: Some(stall), ..Action::default() });
    let source = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    source.as_file().set_len(192 * MIB).unwrap();
    let mut zeros = ossmpu::Crc64::new();
    (0..192).for_each(|_| zeros.update(&[0; MIB as usize]));
    let mut options = UploadOptions::new();
    options.set_single_below(1 << 30).unwrap().set_expected_crc64(zeros.value());
    std::thread::scope(|scope| {
        let call = scope.spawn(|| client.put_file(bucket, key, source.path(), &options, cancel));
        fixture.wait_for("PutObject", 1);
        let pages = pages(source.as_file(), 0, 128 * MIB as usize);
        cancel.trigger();
        call.join().unwrap().unwrap_err();
        // Some are read again, until the buffers of the connection are full.
        let cached = pages.iter().filter(|is_cached| **is_cached).count() * PAGE;
        assert!(cached < 48 * MIB as usize, "{cached} bytes are cached");
    });
}

fn crc64() -> u64 {
    let mut crc64 = ossmpu::Crc64::new();
    crc64.update(&bytes(SIZE as u64));
    crc64.value()
}
