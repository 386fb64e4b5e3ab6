//! Sends the parts of a file from the program's own threads: `own_parts FILE BUCKET KEY THREADS`.
//!
//! The threads take part numbers from one counter. The first part that fails cancels the others,
//! and the upload is aborted.

#![expect(clippy::print_stdout, reason = "a program prints its result")]

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};

use ossmpu::{
    BucketName, ByteRange, Cancel, Client, Config, FileRange, MultipartUpload, ObjectKey,
    PartNumber, UploadOptions,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, bucket, key, threads] = arguments.as_slice() else {
        return Err("usage: own_parts FILE BUCKET KEY THREADS".into());
    };
    let client = Client::new(Config::new().set_env()?)?;
    let (bucket, key) = (BucketName::parse(bucket)?, ObjectKey::parse(key)?);
    let (options, cancel) = (UploadOptions::new(), Cancel::new()?);
    let file = File { path, size: std::fs::metadata(path)?.len() };
    let threads: usize = threads.parse()?;

    let upload = MultipartUpload::initiate(&client, &bucket, &key, &options, &cancel)?;
    let result = file.send(&upload, threads, &cancel).and_then(|()| upload.complete(&cancel));
    if result.is_err() {
        // OSS bills the parts until the upload is completed or aborted.
        upload.abort()?;
    }
    let result = result?;
    println!("{} bytes in {} parts", result.size, result.parts);
    Ok(())
}

struct File<'a> {
    path: &'a str,
    size: u64,
}

impl File<'_> {
    /// Sends all parts. On failure returns the error that caused the others.
    fn send(
        &self,
        upload: &MultipartUpload,
        threads: usize,
        cancel: &Cancel,
    ) -> ossmpu::Result<()> {
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let work = || {
                let sent = self.send_some(upload, &next, cancel);
                if sent.is_err() {
                    cancel.trigger();
                }
                sent
            };
            let running: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
            let ended = running.into_iter().map(|thread| match thread.join() {
                Ok(sent) => sent,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            // Canceled parts come after the error that canceled them.
            let mut failures: Vec<_> = ended.filter_map(Result::err).collect();
            failures.sort_by_key(|error| error.kind() == ossmpu::ErrorKind::Canceled);
            failures.into_iter().next().map_or(Ok(()), Err)
        })
    }

    /// Sends the next part until there is none.
    fn send_some(
        &self,
        upload: &MultipartUpload,
        next: &AtomicUsize,
        cancel: &Cancel,
    ) -> ossmpu::Result<()> {
        let part_size = PART_SIZE.max(self.size / PARTS_MAX + 1);
        // An empty object has one part, which is empty.
        let parts = self.size.div_ceil(part_size).max(1);
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let offset = index as u64 * part_size;
            if index as u64 >= parts {
                return Ok(());
            }
            let range = ByteRange::new(offset, Some(part_size.min(self.size - offset)));
            let number = PartNumber::from_index(index)?;
            upload.upload_part_file(number, &FileRange::new(self.path, range), cancel)?;
        }
    }
}

const PART_SIZE: u64 = 1 << 20;
const PARTS_MAX: u64 = ossmpu::limits::PART_NUMBER_MAX as u64;
