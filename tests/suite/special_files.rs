//! Files that are not regular ones, that have no true size, or that are not open for reading; and those
//! that change through a mapping.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use ossmpu::{ByteRange, ErrorKind, FdRange, FileRange, ObjectExists, UploadId, UploadOptions};

use crate::descriptor::AsDescriptor;
use crate::files::{change_after_first_part, open_error};
use crate::fixture::{Fixture, PART, bytes, file, number, small_parts};

/// The error numbers of Linux.
const EBADF: i32 = 9;
const EISDIR: i32 = 21;
/// A flag of Linux: the descriptor only names the file.
const O_PATH: i32 = 0o10_000_000;

#[test]
fn a_directory_and_a_device_are_refused() {
    assert_eq!(open_error(Path::new("/tmp")).os_errno(), Some(EISDIR));
    open_error(Path::new("/dev/null"));
}

#[test]
fn a_fifo_is_refused_without_waiting_for_its_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let (done, outcome) = mpsc::channel();
    std::thread::spawn(move || done.send(open_error(&path).kind()));
    let kind = outcome.recv_timeout(Duration::from_secs(30)).unwrap();
    assert_eq!(kind, ErrorKind::File);
}

#[test]
fn a_file_whose_size_is_not_true_is_read_to_its_end() {
    // The size of a file in /proc is 0, that of one in /sys a whole page.
    let clock = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    // Linux refuses to read more than 4 MiB of a file in /proc/sys at once.
    for path in ["/proc/version", "/proc/sys/kernel/ostype", clock] {
        let content = fs::read(path).unwrap();
        assert_ne!(content.len() as u64, fs::metadata(path).unwrap().len());
        let fixture = Fixture::new();
        let Fixture { client, bucket, key, cancel, .. } = &fixture;
        let options = UploadOptions::new();
        let uploaded = client.put_file(bucket, key, path, &options, cancel).unwrap();
        assert_eq!(uploaded.size, content.len() as u64);
        assert_eq!(fixture.stored().unwrap(), content);
        let file = fs::File::open(path).unwrap();
        client
            .put_fd(bucket, key, FdRange::new(file.as_descriptor(), 2..), &options, cancel)
            .unwrap();
        assert_eq!(fixture.stored().unwrap(), content[2..]);
        let range = FileRange::new(path, ByteRange::new(1, Some(2)));
        client.put_range(bucket, key, &range, &options, cancel).unwrap();
        assert_eq!(fixture.stored().unwrap(), content[1..3]);
    }
}

#[test]
fn a_range_that_a_file_with_a_wrong_size_does_not_have_is_refused_by_name() {
    let path = "/proc/version";
    let length = fs::read(path).unwrap().len() as u64;
    for (offset, count, named) in [
        (0, Some(length + 1), "length"),
        (length, Some(1), "length"),
        (1 << 40, Some(1), "offset"),
        (length + 1, None, "offset"),
    ] {
        let fixture = Fixture::new();
        let Fixture { client, bucket, key, cancel, .. } = &fixture;
        let range = FileRange::new(path, ByteRange::new(offset, count));
        let error =
            client.put_range(bucket, key, &range, &UploadOptions::new(), cancel).unwrap_err();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some(named)), "{error}");
        assert!(error.to_string().contains(path), "{error}");
        fixture.assert_bucket_empty();
    }
}

#[test]
fn a_file_whose_size_is_not_true_is_named_when_it_cannot_be_resumed() {
    let path = "/proc/version";
    let folder = tempfile::tempdir().unwrap();
    let (mut checkpoint, mut upload) = (UploadOptions::new(), UploadOptions::new());
    checkpoint.set_checkpoint_dir(folder.path());
    upload.set_upload_id(UploadId::parse("ID").unwrap());
    for (named, options) in [("checkpoint_dir", checkpoint), ("upload_id", upload)] {
        let fixture = Fixture::new();
        let Fixture { client, bucket, key, cancel, .. } = &fixture;
        let error = client.put_file(bucket, key, path, &options, cancel).unwrap_err();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some(named)), "{error}");
        assert!(error.to_string().contains(path), "{error}");
    }
}

#[test]
fn a_descriptor_that_is_not_open_for_reading_is_refused_at_once() {
    let fixture = Fixture::new();
    let path = file(b"content");
    let written = fs::File::options().write(true).open(path.path()).unwrap();
    let named = fs::File::options().read(true).custom_flags(O_PATH).open(path.path()).unwrap();
    let (_reader, writer) = io::pipe().unwrap();
    for fd in [written.as_descriptor(), named.as_descriptor(), writer.as_descriptor()] {
        let Fixture { client, bucket, key, .. } = &fixture;
        let mut options = UploadOptions::new();
        options.set_timeout(Some(Duration::from_secs(30)));
        let put = client.put_fd(bucket, key, FdRange::new(fd, ..), &options, &fixture.cancel);
        let error = put.unwrap_err();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::File, Some("fd")), "{error}");
        assert_eq!(error.os_errno(), Some(EBADF));
        assert!(error.to_string().contains("not open for reading"), "{error}");
    }
    fixture.assert_bucket_empty();
}

#[test]
fn a_file_whose_size_is_not_true_is_refused_as_a_part() {
    let fixture = Fixture::new();
    let part = FileRange::new("/proc/version", ..);
    let upload = fixture.initiate();
    let error = upload.upload_part_file(number(1), &part, &fixture.cancel).unwrap_err();
    assert_eq!((error.kind(), error.argument()), (ErrorKind::File, Some("path")), "{error}");
    assert!(error.to_string().contains("/proc/version"), "{error}");
    assert_eq!(fixture.count("UploadPart"), 0);
}

#[test]
fn an_empty_file_that_cannot_be_read_is_an_error() {
    let error = open_error(Path::new("/proc/self/mem"));
    assert!(error.to_string().contains("/proc/self/mem"), "{error}");
}

/// A file that is mapped for writing.
struct Mapping(AtomicPtr<u8>);

impl Mapping {
    const LENGTH: usize = 4096;

    fn of(file: &fs::File) -> Self {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let (hint, fd) = (std::ptr::null_mut(), file.as_raw_fd());
        // SAFETY: the system chooses an address at which nothing else is.
        let address =
            unsafe { libc::mmap(hint, Self::LENGTH, protection, libc::MAP_SHARED, fd, 0) };
        assert_ne!(address, libc::MAP_FAILED);
        Self(AtomicPtr::new(address.cast()))
    }

    fn write(&self, byte: u8) {
        // SAFETY: the file has more bytes than the mapping, which lasts as long as `self`.
        unsafe { self.0.load(Ordering::SeqCst).write_volatile(byte) };
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping was made with this length, and nothing else refers to it.
        unsafe { libc::munmap(self.0.load(Ordering::SeqCst).cast(), Self::LENGTH) };
    }
}

#[test]
fn a_write_to_a_mapping_that_leaves_the_modification_time_is_not_completed() {
    let fixture = Fixture::new();
    let file = file(&bytes(5 * PART));
    let mapping = Mapping::of(file.as_file());
    // The first write to a page sets the time, and those until the page is on the disk do not.
    mapping.write(1);
    let mut options = small_parts();
    change_after_first_part(&fixture, &mut options, move || mapping.write(2));
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let error = client.put_file(bucket, key, file.path(), &options, cancel).unwrap_err();
    assert_eq!((error.kind(), error.object_exists()), (ErrorKind::Changed, ObjectExists::No));
    fixture.assert_bucket_empty();
}
