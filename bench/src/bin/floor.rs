//! The floor: what the same bytes on the same sockets cost with nothing around them.
//!
//! Each connection takes the next part, sends a PUT with the least of headers, and loops over
//! `pread` of 128 KiB and `write`. Small objects come from memory, in one `write` with their head.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use ossmpu_bench::{Flags, Meter, Result};

const VALUED: &[&str] = &["endpoint", "file", "part-size", "parallel", "objects", "object-size"];
const STEP: usize = 112 * 1024;

/// What is sent: pieces of one size, the last perhaps smaller.
struct Job {
    file: Option<File>,
    size: u64,
    piece: u64,
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
        let piece: u64 = flags.number("object-size", 1024)?;
        Job::new(None, piece * flags.number("objects", 1u64)?, piece)
    };
    thread::scope(|scope| {
        let running: Vec<_> =
            (0..parallel).map(|_| scope.spawn(|| job.send_pieces(&address))).collect();
        running.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })?;
    meter.report(job.size, job.size.div_ceil(job.piece));
    Ok(())
}

impl Job {
    fn new(file: Option<File>, size: u64, piece: u64) -> Self {
        Self { file, size, piece, next: AtomicU64::new(0) }
    }

    /// Takes pieces until none is left, all on one connection.
    fn send_pieces(&self, address: &str) -> Result<()> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut buffer = vec![0; STEP];
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let offset = index * self.piece;
            if offset >= self.size {
                return Ok(());
            }
            let length = self.piece.min(self.size - offset);
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
            read_answer(&mut stream, &mut buffer)?;
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
            return Err("the file is shorter than it was".into());
        }
        stream.write_all(&buffer[..read])?;
        offset += read as u64;
        left -= read as u64;
    }
    Ok(())
}

/// The sink answers a PUT with a head alone, in one segment.
fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<()> {
    let mut filled = 0;
    while !buffer[..filled].ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer[filled..])? {
            0 => return Err("the server hung up".into()),
            read => filled += read,
        }
    }
    if !buffer.starts_with(b"HTTP/1.1 200") {
        return Err("the server refused a request".into());
    }
    Ok(())
}
