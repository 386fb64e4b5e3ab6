//! The baseline: a minimal client that sends the same bytes over the same sockets.
//!
//! Each connection takes the next part, sends a PUT with minimal headers, and loops over `pread`
//! of 112 KiB and `write`. Small objects come from memory, in one `write` with their head.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use ossmpu_bench::{Flags, Meter, Result};

const VALUED: &[&str] = &["endpoint", "file", "part-size", "parallel", "objects", "object-size"];
const BUFFER_SIZE: usize = 112 * 1024;

/// The data to send, in items of one size; the last may be smaller. An item is a part of the file
/// or an object.
struct Job {
    file: Option<File>,
    size: u64,
    item_size: u64,
    next: AtomicU64,
}

fn main() -> Result<()> {
    let flags = Flags::read(VALUED, &[])?;
    let address = flags.required("endpoint")?.trim_start_matches("http://").to_owned();
    let parallel: usize = flags.number("parallel", 8)?;
    let meter = Meter::start();
    let job = if let Some(file) = flags.text("file") {
        let file = File::open(file)?;
        let size = file.metadata()?.len();
        Job::new(Some(file), size, flags.number("part-size", 8 << 20)?)
    } else {
        let item_size: u64 = flags.number("object-size", 1024)?;
        Job::new(None, item_size * flags.number("objects", 1u64)?, item_size)
    };
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..parallel).map(|_| scope.spawn(|| job.send_items(&address))).collect();
        workers.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })?;
    meter.report(job.size, job.size.div_ceil(job.item_size));
    Ok(())
}

impl Job {
    fn new(file: Option<File>, size: u64, item_size: u64) -> Self {
        Self { file, size, item_size, next: AtomicU64::new(0) }
    }

    /// Sends items over one connection until none is left.
    fn send_items(&self, address: &str) -> Result<()> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut buffer = vec![0; BUFFER_SIZE];
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let offset = index * self.item_size;
            if offset >= self.size {
                return Ok(());
            }
            let length = self.item_size.min(self.size - offset);
            let mut message = format!(
                "PUT /bench/object-{index} HTTP/1.1\r\nHost: {address}\r\n\
                 Content-Length: {length}\r\n\r\n"
            )
            .into_bytes();
            match &self.file {
                Some(file) => {
                    stream.write_all(&message)?;
                    send_range(&mut stream, file, offset, length, &mut buffer)?;
                }
                None => {
                    message.resize(message.len() + length as usize, b'x');
                    stream.write_all(&message)?;
                }
            }
            read_response(&mut stream, &mut buffer)?;
        }
    }
}

fn send_range(
    stream: &mut TcpStream,
    file: &File,
    mut offset: u64,
    mut left: u64,
    buffer: &mut [u8],
) -> Result<()> {
    while left > 0 {
        let step = buffer.len().min(left.try_into().unwrap_or(usize::MAX));
        let read = file.read_at(&mut buffer[..step], offset)?;
        if read == 0 {
            return Err("the file became shorter".into());
        }
        stream.write_all(&buffer[..read])?;
        offset += read as u64;
        left -= read as u64;
    }
    Ok(())
}

/// Reads a response, which has no body.
fn read_response(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<()> {
    let mut filled = 0;
    while !buffer[..filled].ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer[filled..])? {
            0 => return Err("the server closed the connection".into()),
            read => filled += read,
        }
    }
    if !buffer.starts_with(b"HTTP/1.1 200") {
        return Err("the server refused a request".into());
    }
    Ok(())
}
