//! Arbitrary bytes as requests to a running emulator with a public-read-write bucket.
//!
//! A panic on any thread ends the run. Skips requests with callbacks, because the emulator would
//! connect to the URLs in them, and faults that only delay a response.
#![no_main]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::LazyLock;
use std::time::Duration;

use oss_emulator::Emulator;

static EMULATOR: LazyLock<Emulator> = LazyLock::new(|| start().expect("an emulator"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if is_skipped(bytes) {
        return;
    }
    let stream = TcpStream::connect(EMULATOR.addr()).expect("the emulator listens");
    // The emulator may close the connection early.
    let _ = exchange(stream, bytes);
    EMULATOR.clear_requests();
});

fn exchange(mut stream: TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_millis(500)))?;
    stream.write_all(bytes)?;
    stream.shutdown(Shutdown::Write)?;
    let mut buffer = [0; 64 * 1024];
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}

fn is_skipped(bytes: &[u8]) -> bool {
    let plain: Vec<u8> = percent_encoding::percent_decode(bytes).collect();
    let lower = plain.to_ascii_lowercase();
    let has = |word: &[u8]| lower.windows(word.len()).any(|window| window == word);
    [b"callback".as_slice(), b"traffic-limit", b"delay_ms", b"stall", b"drip"].into_iter().any(has)
}

fn start() -> std::io::Result<Emulator> {
    let emulator = Emulator::builder().bucket("bucket").access_key("id", "secret").start()?;
    emulator.set_bucket_acl("bucket", "public-read-write")?;
    emulator.set_option("body-timeout=200").map_err(std::io::Error::other)?;
    Ok(emulator)
}
