//! Uploads a file with a checkpoint: `resume FILE BUCKET KEY DIRECTORY`.
//!
//! The directory keeps the checkpoint. A second run after a crash resumes the upload and sends only
//! the parts that OSS does not have.

#![expect(clippy::print_stdout, reason = "a program prints its result")]

use std::error::Error;

use ossmpu::{BucketName, Cancel, Client, Config, ObjectKey, UploadOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, bucket, key, directory] = arguments.as_slice() else {
        return Err("usage: resume FILE BUCKET KEY DIRECTORY".into());
    };
    let client = Client::new(Config::new().set_env()?)?;
    let mut options = UploadOptions::new();
    options.set_part_size(1024 * 1024)?.set_parallelism(4)?.set_checkpoint_dir(directory);

    let (bucket, key) = (BucketName::parse(bucket)?, ObjectKey::parse(key)?);
    let result = client.put_file(&bucket, &key, file, &options, &Cancel::never())?;
    println!("{} bytes, {} of them resumed", result.size, result.bytes_resumed);
    Ok(())
}
