//! Readers, pipes and the push writer.

use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::Duration;

use oss_emulator::{Action, Rule};
use ossmpu::{
    ByteRange, Error, ErrorKind, FdRange, FileRange, Integrity, ObjectKey, ReaderSource,
    UploadOptions,
};

use crate::descriptor::AsDescriptor;
use crate::fixture::{BUCKET, Fixture, MIB, PART, bytes, file, number, small_parts};

/// Returns its bytes in chunks of an odd size.
struct ChunkedReader<'a>(&'a [u8]);

impl Read for ChunkedReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.len().min(buffer.len()).min(77_777);
        let (now, later) = self.0.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

#[test]
fn a_reader_of_unknown_length_is_uploaded() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let content = bytes(3 * MIB + 1);
    for integrity in [Integrity::CRC64, Integrity::CRC64 | Integrity::MD5] {
        let mut options = small_parts();
        options.set_integrity(integrity);
        let uploaded =
            client.put_stream(bucket, key, ChunkedReader(&content), &options, cancel).unwrap();
        assert_eq!((uploaded.size, uploaded.parts), (content.len() as u64, 31));
        assert_eq!(fixture.stored().unwrap(), content);
    }
    fixture.assert_nothing_left();
}

/// Returns one part at a time, each only after the request for the one before.
struct SlowReader<'a> {
    fixture: &'a Fixture,
    content: &'a [u8],
    parts: usize,
}

impl Read for SlowReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.parts > 0 && !self.content.is_empty() {
            self.fixture.wait_for("UploadPart", self.parts);
        }
        let count = self.content.len().min(buffer.len());
        let (now, later) = self.content.split_at(count);
        buffer[..count].copy_from_slice(now);
        (self.content, self.parts) = (later, self.parts + 1);
        Ok(count)
    }
}

#[test]
fn a_stream_with_md5_is_uploaded_fast_or_slow() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let content = bytes(12 * PART + 1);
    let mut options = small_parts();
    options.set_integrity(Integrity::MD5);
    client.put_stream(bucket, key, &*content, &options, cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), content);
    fixture.emulator.clear_requests();
    let slow = SlowReader { fixture: &fixture, content: &content, parts: 0 };
    client.put_stream(bucket, key, slow, &options, cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), content);
    fixture.assert_nothing_left();
}

#[test]
fn a_stream_with_md5_that_fails_leaves_nothing_behind() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut options = small_parts();
    options.set_integrity(Integrity::MD5);
    for part in [1u16, 4, 7] {
        let invalid = Action::status(400, "InvalidDigest");
        fixture.emulator.add_rule(Rule::on("UploadPart", invalid).part(part.into()).always());
        let content = bytes(9 * PART);
        let error = client.put_stream(bucket, key, &*content, &options, cancel).unwrap_err();
        assert_eq!((error.oss_code(), error.part_number()), (Some("InvalidDigest"), Some(part)));
        fixture.emulator.clear_rules();
        fixture.assert_bucket_empty();
    }
}

#[test]
fn a_short_or_empty_stream_takes_one_request() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    for content in [bytes(0), bytes(1000)] {
        fixture.emulator.clear_requests();
        let options = UploadOptions::new();
        client.put_stream(bucket, key, ChunkedReader(&content), &options, cancel).unwrap();
        assert_eq!(fixture.operations(), ["PutObject"]);
        assert_eq!(fixture.stored().unwrap(), content);
    }
}

#[test]
fn a_stream_that_ends_on_a_part_boundary_has_no_empty_part() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let content = bytes(4 * 100 * 1024);
    let uploaded = client.put_stream(bucket, key, &*content, &small_parts(), cancel).unwrap();
    assert_eq!(uploaded.parts, 4);
    assert_eq!(fixture.stored().unwrap(), content);
}

#[test]
fn a_reader_that_fails_or_ends_early_leaves_nothing_behind() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let content = bytes(MIB);
    let failing = content.chain(FailingReader);
    let error = client.put_stream(bucket, key, failing, &small_parts(), cancel).unwrap_err();
    assert_eq!((error.kind(), error.os_errno()), (ErrorKind::File, Some(libc_eio())));
    assert!(!error.parts_left() && error.upload_id().is_some());

    let source = ReaderSource::new(&*content).with_length(2 * MIB);
    let error = client.put_stream(bucket, key, source, &small_parts(), cancel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File);
    assert!(error.to_string().contains("1048576 of 2097152"), "{error}");
    assert!(fixture.stored().is_none());
    fixture.assert_nothing_left();
}

#[test]
fn a_reader_of_known_length_is_read_no_further() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let content = bytes(MIB);
    let mut rest = &*content;
    let source = ReaderSource::new(&mut rest).with_length(1000);
    client.put_stream(bucket, key, source, &small_parts(), cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), &content[..1000]);
    assert_eq!(rest.len(), content.len() - 1000);
}

#[test]
fn the_memory_limit_is_obeyed_and_a_larger_part_size_is_invalid() {
    let fixture = Fixture::with(|config| {
        config.set_memory_limit(2 * 100 * 1024).unwrap();
    });
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let content = bytes(MIB);
    client.put_stream(bucket, key, ChunkedReader(&content), &small_parts(), cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), content);
    let mut options = small_parts();
    options.set_part_size(MIB).unwrap();
    let error =
        client.put_stream(bucket, key, ChunkedReader(&content), &options, cancel).unwrap_err();
    assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("part_size")));
}

#[test]
fn a_known_length_that_no_stream_can_have_is_invalid_before_anything_is_read() {
    let fixture = Fixture::with(|config| {
        config.set_memory_limit(2 * PART).unwrap();
    });
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut options = UploadOptions::new();
    options.set_part_size(PART).unwrap();
    let reader = ReaderSource::new(NeverRead).with_length(10_000 * PART + 1);
    let error = client.put_stream(bucket, key, reader, &options, cancel).unwrap_err();
    assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("part_size")));
    assert_eq!(fixture.operations(), [""; 0]);
}

/// A reader that must not be read.
struct NeverRead;

impl Read for NeverRead {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        panic!("the reader is read")
    }
}

#[test]
fn a_stream_waits_for_the_buffers_of_other_readers() {
    /// Blocks until it is released.
    struct BlockingReader<'a>(&'a Barrier, mpsc::Receiver<()>);
    impl Read for BlockingReader<'_> {
        fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
            self.0.wait();
            let _ = self.1.recv();
            Ok(0)
        }
    }
    let fixture = Fixture::with(|config| {
        config.set_memory_limit(4 * PART).unwrap();
    });
    let Fixture { client, bucket, cancel, .. } = &fixture;
    let mut options = UploadOptions::new();
    options.set_part_size(PART).unwrap();
    let (barrier, released) = (Barrier::new(5), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for stream in 0..4 {
            let key = ObjectKey::parse(&format!("key-{stream}")).unwrap();
            let (release, is_released) = mpsc::channel();
            released.lock().unwrap().push(release);
            let reader = BlockingReader(&barrier, is_released);
            let options = options.clone();
            scope.spawn(move || client.put_stream(bucket, &key, reader, &options, cancel).unwrap());
        }
        // Each of them has a buffer. The progress of the fifth is reported while it waits for one.
        barrier.wait();
        let releases = Mutex::new(std::mem::take(&mut *released.lock().unwrap()));
        let mut options = options.clone();
        let reports = AtomicUsize::new(0);
        options.set_progress(move |_| {
            // The first report is that of the start.
            if reports.fetch_add(1, Ordering::SeqCst) > 0 {
                releases.lock().unwrap().clear();
            }
            ControlFlow::Continue(())
        });
        client.put_stream(bucket, &fixture.key, &b"bytes"[..], &options, cancel).unwrap();
    });
    assert_eq!(fixture.emulator.keys(BUCKET).len(), 5);
}

/// Gives its bytes in small chunks, so that many threads read at once.
struct YieldingReader<'a>(&'a [u8]);

impl Read for YieldingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        std::thread::yield_now();
        let most = buffer.len().min(10_000);
        self.0.read(&mut buffer[..most])
    }
}

#[test]
fn more_threads_than_buffers_are_served_one_after_the_other() {
    let fixture = Fixture::with(|config| {
        config.set_memory_limit(2 * PART).unwrap();
    });
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let content = bytes(2 * PART + 1);
    let upload = fixture.initiate();
    let started = Barrier::new(24);
    std::thread::scope(|scope| {
        for thread in 1..=8 {
            let (content, started, upload) = (&content, &started, &upload);
            let key = move |kind| ObjectKey::parse(&format!("{kind}-{thread}")).unwrap();
            scope.spawn(move || {
                started.wait();
                let part = YieldingReader(&content[..PART as usize]);
                upload.upload_part_from(number(thread), part, PART, cancel).unwrap();
            });
            scope.spawn(move || {
                started.wait();
                let mut writer =
                    client.open_writer(bucket, &key("writer"), &small_parts(), cancel).unwrap();
                for chunk in content.chunks(10_000) {
                    writer.write_all(chunk).unwrap();
                    std::thread::yield_now();
                }
                writer.finish().unwrap();
            });
            scope.spawn(move || {
                started.wait();
                let reader = YieldingReader(content);
                let mut options = small_parts();
                options.set_integrity(Integrity::MD5);
                client.put_stream(bucket, &key("reader"), reader, &options, cancel).unwrap();
            });
        }
    });
    upload.complete(cancel).unwrap();
    assert_eq!(fixture.stored().unwrap().len() as u64, 8 * PART);
    assert_eq!(fixture.emulator.keys(BUCKET).len(), 17);
    assert!(fixture.emulator.object(BUCKET, key.as_str()).is_some());
}

#[test]
fn a_writer_accepts_chunks_of_any_size() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let content = bytes(MIB + 17);
    let mut writer = client.open_writer(bucket, key, &small_parts(), cancel).unwrap();
    writer.write_all(&[]).unwrap();
    for chunk in content.chunks(33_333) {
        writer.write_all(chunk).unwrap();
    }
    let uploaded = writer.finish().unwrap();
    assert_eq!(uploaded.parts, 11);
    assert_eq!(fixture.stored().unwrap(), content);
}

#[test]
fn a_writer_that_is_aborted_or_fails_leaves_nothing_behind() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let content = bytes(MIB);
    let mut writer = client.open_writer(bucket, key, &small_parts(), cancel).unwrap();
    writer.write_all(&content).unwrap();
    writer.flush().unwrap();
    writer.abort().unwrap();
    fixture.assert_nothing_left();

    fixture.emulator.add_rule(Rule::on("UploadPart", Action::status(403, "AccessDenied")).part(2));
    let mut writer = client.open_writer(bucket, key, &small_parts(), cancel).unwrap();
    let error = (0..100).find_map(|_| writer.write_all(&content).err()).map(Error::from).unwrap();
    assert_eq!((error.oss_code(), error.part_number()), (Some("AccessDenied"), Some(2)));
    assert_eq!(Error::from(writer.write(&content).unwrap_err()).kind(), ErrorKind::State);
    assert_eq!(writer.finish().unwrap_err().kind(), ErrorKind::State);
    assert!(fixture.stored().is_none());
    fixture.assert_nothing_left();
}

#[test]
fn a_pipe_is_uploaded_and_a_cancel_ends_the_wait_for_it() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let content = bytes(MIB);
    let (reader, mut writer) = io::pipe().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            writer.write_all(&content).unwrap();
            drop(writer);
        });
        client
            .put_fd(bucket, key, FdRange::new(reader.as_descriptor(), ..), &small_parts(), cancel)
            .unwrap();
    });
    assert_eq!(fixture.stored().unwrap(), content);

    let (reader, _writer) = io::pipe().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| cancel.trigger());
        let error = client
            .put_fd(bucket, key, FdRange::new(reader.as_descriptor(), ..), &small_parts(), cancel)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Canceled);
    });
    fixture.assert_nothing_left();
}

#[test]
fn ranges_of_a_file_are_uploaded() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let content = bytes(MIB);
    let file = file(&content);
    let options = small_parts();
    let range = FileRange::new(file.path(), ByteRange::new(1000, Some(400_000)));
    client.put_range(bucket, key, &range, &options, cancel).unwrap();
    assert_eq!(fixture.stored().unwrap(), &content[1000..401_000]);
    let fd = file.as_file();
    client
        .put_fd(bucket, key, FdRange::new(fd.as_descriptor(), 1_000_000..), &options, cancel)
        .unwrap();
    assert_eq!(fixture.stored().unwrap(), &content[1_000_000..]);
    let beyond =
        client.put_fd(bucket, key, FdRange::new(fd.as_descriptor(), 2 * MIB..), &options, cancel);
    assert_eq!(beyond.unwrap_err().argument(), Some("offset"));
    let range = FileRange::new(file.path(), ByteRange::new(1000, Some(2 * MIB)));
    let error = client.put_range(bucket, key, &range, &options, cancel).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&*file.path().to_string_lossy()) && text.contains("1000"), "{text}");
}

#[test]
fn expected_checksums_are_compared_before_the_object_is_created() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let content = bytes(MIB);
    for single_below in [0, 8 * MIB] {
        let mut options = small_parts();
        options.set_single_below(single_below).unwrap();
        let stored = client.put_data(bucket, key, content.clone(), &options, cancel).unwrap();
        options.set_expected_crc64(stored.crc64.unwrap());
        client.put_data(bucket, key, content.clone(), &options, cancel).unwrap();
        options.set_expected_crc64(!stored.crc64.unwrap());
        fixture.emulator.clear_requests();
        let error = client.put_data(bucket, key, content.clone(), &options, cancel).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        let error = client.put_stream(bucket, key, &*content, &options, cancel).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        let mut options = small_parts();
        options.set_single_below(single_below).unwrap().set_expected_md5([7; 16]);
        let error = client.put_data(bucket, key, content.clone(), &options, cancel).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        let error = client.put_stream(bucket, key, &*content, &options, cancel).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        assert_eq!(fixture.count("CompleteMultipartUpload") + fixture.count("PutObject"), 0);
        fixture.assert_nothing_left();
    }
}

#[test]
fn progress_of_a_stream_has_no_total_and_ends_with_all_bytes() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let content = bytes(MIB);
    let last = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&last);
    let mut options = small_parts();
    options.set_progress(move |progress| {
        assert_eq!((progress.parts_total, progress.bytes_total), (None, None));
        seen.store(progress.bytes_done, Ordering::SeqCst);
        ControlFlow::Continue(())
    });
    client.put_stream(bucket, key, &*content, &options, cancel).unwrap();
    assert_eq!(last.load(Ordering::SeqCst), MIB);
    assert!(fixture.emulator.object(BUCKET, key.as_str()).is_some());
}

struct FailingReader;

impl Read for FailingReader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::from_raw_os_error(libc_eio()))
    }
}

fn libc_eio() -> i32 {
    5
}

#[test]
fn an_error_of_the_library_inside_an_io_error_of_the_reader_is_returned() {
    struct Inner(Option<Error>);
    impl Read for Inner {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other(self.0.take().unwrap()))
        }
    }
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let inner = ossmpu::BucketName::parse("X").unwrap_err();
    let reader = Inner(Some(inner));
    let error = client.put_stream(bucket, key, reader, &small_parts(), cancel).unwrap_err();
    assert_eq!((error.kind(), error.argument()), (ErrorKind::Invalid, Some("bucket")));
}

/// Returns one byte at a time, without end.
struct EndlessReader;

impl Read for EndlessReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        std::thread::yield_now();
        Ok(buffer.iter_mut().take(1).map(|byte| *byte = 7).count())
    }
}

#[test]
fn a_part_that_fails_while_the_reader_is_read_is_the_error_of_the_call() {
    let fixture = Fixture::new();
    fixture.always("UploadPart", Action::status(403, "AccessDenied"));
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let error = client.put_stream(bucket, key, EndlessReader, &small_parts(), cancel).unwrap_err();
    assert_eq!(
        (error.kind(), error.oss_code()),
        (ErrorKind::Service, Some("AccessDenied")),
        "{error}"
    );
    assert_eq!((error.part_number(), error.parts_left()), (Some(1), false), "{error}");
    fixture.assert_bucket_empty();
}

#[test]
fn a_part_of_five_gibibytes_fails_only_for_want_of_memory() {
    let fixture = Fixture::new();
    let upload = fixture.initiate();
    let error =
        |length| upload.upload_part_from(number(1), &b""[..], length, &fixture.cancel).unwrap_err();
    assert_eq!(error(5 << 30).kind(), ErrorKind::Memory);
    let larger = error((5 << 30) + 1);
    assert_eq!((larger.kind(), larger.argument()), (ErrorKind::Invalid, Some("length")));
}

#[test]
fn a_writer_can_be_aborted_long_after_its_deadline() {
    let fixture = Fixture::with(|config| {
        config.set_abort_timeout(Duration::from_secs(3)).unwrap();
    });
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut options = small_parts();
    options.set_timeout(Some(Duration::from_secs(6)));
    let mut writer = client.open_writer(bucket, key, &options, cancel).unwrap();
    writer.write_all(&bytes(3 * PART)).unwrap();
    fixture.wait_for("UploadPart", 2);
    std::thread::sleep(Duration::from_secs(10));
    writer.abort().unwrap();
    fixture.assert_bucket_empty();
}

#[test]
fn a_writer_that_is_aborted_keeps_no_parts() {
    let fixture = Fixture::new();
    let Fixture { client, bucket, key, cancel, .. } = &fixture;
    let mut options = small_parts();
    options.set_keep_parts(true);
    let mut writer = client.open_writer(bucket, key, &options, cancel).unwrap();
    writer.write_all(&bytes(3 * PART)).unwrap();
    fixture.wait_for("UploadPart", 2);
    writer.abort().unwrap();
    fixture.assert_bucket_empty();
}
