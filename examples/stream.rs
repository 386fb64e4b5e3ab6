//! Uploads standard input, whose length is not known: `stream BUCKET KEY`.
//!
//! Any reader can be a source: a socket, a decompressor, the output of another program.

#![expect(clippy::print_stdout, reason = "a program prints its result")]

use std::error::Error;

use ossmpu::{BucketName, Cancel, Client, Config, ObjectKey, UploadOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [bucket, key] = arguments.as_slice() else {
        return Err("usage: stream BUCKET KEY < DATA".into());
    };
    let client = Client::new(Config::new().set_env()?)?;
    let (bucket, key) = (BucketName::parse(bucket)?, ObjectKey::parse(key)?);
    let (options, cancel) = (UploadOptions::new(), Cancel::never());

    let input = std::io::stdin().lock();
    let result = client.put_stream(&bucket, &key, input, &options, &cancel)?;
    println!("{} bytes in {} parts", result.size, result.parts);
    Ok(())
}
