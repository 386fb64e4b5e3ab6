//! Sends the parts of a file by threads of the program's own: `own_parts FILE BUCKET KEY THREADS`.
//!
//! The threads take numbers from one counter. The first part that fails stops them all, and what
//! was sent is removed.

#![expect(clippy::print_stdout, reason = "a program talks to its user")]

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};

use ossmpu::{
    BucketName, Cancel, Client, Config, MultipartUpload, ObjectKey, PartNumber, UploadOptions,
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

    let upload = client.initiate_upload(&bucket, &key, &options, &cancel)?;
    let uploaded = file.send(&upload, threads, &cancel).and_then(|()| upload.complete(&cancel));
    if uploaded.is_err() {
        // Parts that nobody completes are billed until the upload is aborted.
        upload.abort()?;
    }
    let uploaded = uploaded?;
    println!("{} bytes in {} parts", uploaded.size, uploaded.parts);
    Ok(())
}

struct File<'a> {
    path: &'a str,
    size: u64,
}

impl File<'_> {
    /// Sends all parts; the error is the first that a thread met.
    fn send(&self, upload: &MultipartUpload, threads: usize, stop: &Cancel) -> ossmpu::Result<()> {
        let next = AtomicU64::new(1);
        std::thread::scope(|scope| {
            let work = || {
                let sent = self.send_some(upload, &next, stop);
                if sent.is_err() {
                    stop.trigger();
                }
                sent
            };
            let running: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
            let ended = running.into_iter().map(|thread| match thread.join() {
                Ok(sent) => sent,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            // All that was merely stopped comes after what stopped it.
            let mut failures: Vec<_> = ended.filter_map(Result::err).collect();
            failures.sort_by_key(|error| error.kind() == ossmpu::ErrorKind::Canceled);
            failures.into_iter().next().map_or(Ok(()), Err)
        })
    }

    /// Takes parts and sends them until none is left.
    fn send_some(
        &self,
        upload: &MultipartUpload,
        next: &AtomicU64,
        stop: &Cancel,
    ) -> ossmpu::Result<()> {
        let part_size = PART_SIZE.max(self.size / MOST_PARTS + 1);
        // An empty object has one part, which is empty.
        let parts = self.size.div_ceil(part_size).max(1);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number > parts {
                return Ok(());
            }
            let offset = (number - 1) * part_size;
            let length = part_size.min(self.size - offset);
            let number = PartNumber::new(number.cast_signed())?;
            upload.upload_part_file(number, self.path, offset, Some(length), stop)?;
        }
    }
}

const PART_SIZE: u64 = ossmpu::limits::MIB;
const MOST_PARTS: u64 = 10_000;
