//! The baseline: a minimal client that sends the same bytes over the same sockets.
//!
//! Each connection takes the next part, sends a PUT with minimal headers, and loops over `pread`
//! of 112 KiB and `write`. Small objects come from memory, in one `write` with their head. With
//! `--stream`, one thread reads the file into part buffers, which the others write; with `--size`,
//! the parts are written from memory.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use ossmpu_bench::{Flags, Meter, Result};

const VALUED: &[&str] =
    &["endpoint", "file", "size", "part-size", "parallel", "objects", "object-size"];
const BUFFER_SIZE: usize = 112 * 1024;

/// The data to send, in items of one size; the last may be smaller. An item is a part of the file
/// or an object.
struct Job {
    source: Source,
    size: u64,
    item_size: u64,
    next: AtomicU64,
}

enum Source {
    File(File),
    Memory(PageAligned),
    /// Each item has the same bytes.
    Constant,
}

fn main() -> Result<()> {
    let flags = Flags::read(VALUED, &["stream"])?;
    let address = flags.required("endpoint")?.trim_start_matches("http://").to_owned();
    let parallel: usize = flags.number("parallel", 8)?;
    let part_size: u64 = flags.number("part-size", 8 << 20)?;
    let data =
        flags.has("size").then(|| flags.number("size", 0).map(PageAligned::new)).transpose()?;
    let meter = Meter::start();
    if flags.has("stream") {
        let file = File::open(flags.required("file")?)?;
        return send_stream(&address, file, parallel, part_size.try_into()?, &meter);
    }
    let job = if let Some(data) = data {
        let size = data.bytes().len() as u64;
        Job::new(Source::Memory(data), size, part_size)
    } else if let Some(file) = flags.text("file") {
        let file = File::open(file)?;
        let size = file.metadata()?.len();
        Job::new(Source::File(file), size, part_size)
    } else {
        let item_size: u64 = flags.number("object-size", 1024)?;
        Job::new(Source::Constant, item_size * flags.number("objects", 1u64)?, item_size)
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
    fn new(source: Source, size: u64, item_size: u64) -> Self {
        Self { source, size, item_size, next: AtomicU64::new(0) }
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
            let mut message = head(address, index, length);
            match &self.source {
                Source::File(file) => {
                    stream.write_all(&message)?;
                    send_range(&mut stream, file, offset, length, &mut buffer)?;
                }
                Source::Memory(data) => {
                    stream.write_all(&message)?;
                    let start = usize::try_from(offset)?;
                    let bytes = &data.bytes()[start..start + usize::try_from(length)?];
                    send_bytes(&mut stream, bytes)?;
                }
                Source::Constant => {
                    message.resize(message.len() + length as usize, b'x');
                    stream.write_all(&message)?;
                }
            }
            read_response(&mut stream, &mut buffer)?;
        }
    }
}

/// One thread reads parts into buffers, the others send them; one more buffer than connections.
fn send_stream(
    address: &str,
    mut file: File,
    parallel: usize,
    part_size: usize,
    meter: &Meter,
) -> Result<()> {
    let (filled, to_send) = mpsc::sync_channel::<(u64, PageAligned, usize)>(parallel);
    let (sent, free) = mpsc::channel();
    let to_send = Mutex::new(to_send);
    let send_parts = |sent: mpsc::Sender<PageAligned>| -> Result<()> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut response = vec![0; 4096];
        loop {
            let next = to_send.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((index, buffer, length)) = next else { return Ok(()) };
            stream.write_all(&head(address, index, length as u64))?;
            send_bytes(&mut stream, &buffer.bytes()[..length])?;
            read_response(&mut stream, &mut response)?;
            sent.send(buffer)?;
        }
    };
    let (bytes, parts) = thread::scope(|scope| -> Result<(u64, u64)> {
        let workers: Vec<_> = (0..parallel)
            .map(|_| (sent.clone(), &send_parts))
            .map(|(sent, send_parts)| scope.spawn(move || send_parts(sent)))
            .collect();
        for _ in 0..=parallel {
            sent.send(PageAligned::new(part_size))?;
        }
        drop(sent);
        let (mut bytes, mut parts) = (0, 0);
        loop {
            let mut buffer: PageAligned = free.recv()?;
            let mut length = 0;
            while length < part_size {
                match file.read(&mut buffer.bytes_mut()[length..])? {
                    0 => break,
                    read => length += read,
                }
            }
            if length == 0 {
                break;
            }
            filled.send((parts, buffer, length))?;
            (bytes, parts) = (bytes + length as u64, parts + 1);
        }
        drop(filled);
        workers
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)?;
        Ok((bytes, parts))
    })?;
    meter.report(bytes, parts);
    Ok(())
}

/// Memory that begins on a page boundary.
struct PageAligned {
    memory: Vec<u8>,
    start: usize,
    length: usize,
}

impl PageAligned {
    fn new(length: usize) -> Self {
        let memory = vec![0; length + 4096];
        let start = memory.as_ptr().align_offset(4096);
        Self { memory, start, length }
    }

    fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.length]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.length]
    }
}

fn head(address: &str, index: u64, length: u64) -> Vec<u8> {
    let head = format!(
        "PUT /bench/object-{index} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n"
    );
    head.into_bytes()
}

fn send_bytes(stream: &mut TcpStream, bytes: &[u8]) -> Result<()> {
    bytes.chunks(BUFFER_SIZE).try_for_each(|step| Ok(stream.write_all(step)?))
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
