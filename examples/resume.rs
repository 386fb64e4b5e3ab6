//! Uploads a file so that it can be killed and run again: `resume FILE BUCKET KEY DIRECTORY`.
//!
//! What is needed to go on is kept in the directory. The second run sends only what is missing.

#![expect(clippy::print_stdout, reason = "a program talks to its user")]

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
    let uploaded = client.put_file(&bucket, &key, file, &options, &Cancel::never())?;
    println!("{} bytes, {} of them were there already", uploaded.size, uploaded.bytes_resumed);
    Ok(())
}
