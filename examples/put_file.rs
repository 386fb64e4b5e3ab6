//! Uploads a file: `put_file FILE BUCKET KEY`.
//!
//! Reads region and credentials from the environment, and shows progress.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program prints its result")]

use std::error::Error;
use std::ops::ControlFlow;

use ossmpu::{BucketName, Cancel, Client, Config, ObjectKey, UploadOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, bucket, key] = arguments.as_slice() else {
        return Err("usage: put_file FILE BUCKET KEY".into());
    };
    let client = Client::new(Config::new().set_env()?)?;

    let mut options = UploadOptions::new();
    options.set_progress(|progress| {
        let total = progress.parts_total.unwrap_or_default();
        eprint!("\r{} of {total} parts", progress.parts_done);
        ControlFlow::Continue(())
    });

    let bucket = BucketName::parse(bucket)?;
    let key = ObjectKey::parse(key)?;
    let result = client.put_file(&bucket, &key, file, &options, &Cancel::never())?;
    eprintln!();
    println!("{} bytes in {} parts", result.size, result.parts);
    if let Some(crc64) = result.crc64 {
        println!("CRC-64 {crc64}");
    }
    Ok(())
}
