//! Uploads with ossmpu and measures it: one file, bytes in memory, or many small objects.

use std::fs::{self, File};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use ossmpu::bench_internals::Md5Kernel;
use ossmpu::{Addressing, BucketName, Cancel, Client, Config, Integrity, ObjectKey, UploadOptions};
use ossmpu_bench::{Flags, Meter, Result};

const VALUED: &[&str] = &[
    "endpoint",
    "file",
    "size",
    "part-size",
    "parallel",
    "threads",
    "integrity",
    "kernel",
    "objects",
    "object-size",
    "ca",
    "memory-limit",
    "checkpoint-dir",
];

fn main() -> Result<()> {
    let flags = Flags::read(VALUED, &["stream", "keep-cache", "drop-cache", "delta"])?;
    let parallel: usize = flags.number("parallel", 8)?;
    let client = Client::new(&config(&flags, parallel)?)?;
    let bucket = BucketName::parse("bench")?;
    let options = options(&flags, parallel)?;

    if flags.has("objects") {
        let objects: u64 = flags.number("objects", 1)?;
        let data: Arc<[u8]> = pattern(flags.number("object-size", 1024)?).into();
        let meter = Meter::start();
        put_objects(&client, &bucket, &options, objects, &data, parallel)?;
        meter.report(objects * data.len() as u64, objects);
        return Ok(());
    }
    let key = ObjectKey::parse("object")?;
    if let Some(file) = flags.text("file") {
        let meter = Meter::start();
        let result = if flags.has("stream") {
            let reader = File::open(file)?;
            client.put_stream(&bucket, &key, reader, &options, &Cancel::never())?
        } else {
            client.put_file(&bucket, &key, file, &options, &Cancel::never())?
        };
        meter.report(fs::metadata(file)?.len(), result.parts.into());
    } else {
        let data: Arc<[u8]> = pattern(flags.number("size", 64 << 20)?).into();
        let length = data.len() as u64;
        let meter = Meter::start();
        // Another reference, so that the time to free the bytes is not measured.
        let sent = Arc::clone(&data);
        let result = client.put_data(&bucket, &key, sent, &options, &Cancel::never())?;
        meter.report(length, result.parts.into());
    }
    Ok(())
}

fn config(flags: &Flags, parallel: usize) -> Result<Config> {
    let mut config = Config::new();
    config.set_region("cn-hangzhou")?.set_endpoint(flags.required("endpoint")?)?;
    config.set_keys("bench", "bench-secret", None)?;
    // The sink reads the bucket from the path.
    config.set_addressing(Addressing::Path);
    config.set_threads(flags.number("threads", parallel)?)?;
    if flags.has("memory-limit") {
        config.set_memory_limit(flags.number("memory-limit", 0)?)?;
    }
    if let Some(file) = flags.text("ca") {
        config.set_ca_file(file);
    }
    Ok(config)
}

fn options(flags: &Flags, parallel: usize) -> Result<UploadOptions> {
    let mut options = UploadOptions::new();
    options.set_parallelism(parallel)?;
    if flags.has("keep-cache") || flags.has("drop-cache") {
        options.set_keep_cache(flags.has("keep-cache"));
    }
    if flags.has("part-size") {
        options.set_part_size(flags.number("part-size", 0)?)?;
    }
    options.set_delta(flags.has("delta"));
    if let Some(directory) = flags.text("checkpoint-dir") {
        options.set_checkpoint_dir(directory);
    }
    options.set_integrity(match flags.text("integrity").unwrap_or("crc64") {
        "none" => Integrity::NONE,
        "crc64" => Integrity::CRC64,
        "md5" => Integrity::MD5,
        "both" => Integrity::CRC64 | Integrity::MD5,
        other => return Err(format!("--integrity: unknown value {other}").into()),
    });
    options.set_md5_kernel(match flags.text("kernel").unwrap_or("auto") {
        "auto" => Md5Kernel::best(),
        "scalar" => Md5Kernel::Scalar,
        "neon" => Md5Kernel::Neon,
        "avx2" => Md5Kernel::Avx2,
        "avx512" => Md5Kernel::Avx512,
        other => return Err(format!("--kernel: unknown value {other}").into()),
    })?;
    Ok(options)
}

/// Uploads each object with one call, from `threads` threads.
fn put_objects(
    client: &Client,
    bucket: &BucketName,
    options: &UploadOptions,
    objects: u64,
    data: &Arc<[u8]>,
    threads: usize,
) -> Result<()> {
    let next = AtomicU64::new(0);
    let worker = || -> Result<()> {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= objects {
                return Ok(());
            }
            let key = ObjectKey::parse(&format!("object-{index}"))?;
            client.put_data(bucket, &key, Arc::clone(data), options, &Cancel::never())?;
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })
}

/// Bytes of varying values.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index.wrapping_mul(2_654_435_761) >> 11) as u8).collect()
}
