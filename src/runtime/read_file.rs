//! Reads a file that may be a FIFO.

use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use super::{Cancel, Deadline, ReadinessWait, Wake};
use crate::platform::{errno, poll_descriptor, read_options, with_private_descriptors};

/// Reads a whole file. One that is a FIFO, such as the `<(command)` of a shell, is read while it has
/// a writer, but for ten seconds at most.
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let path = path.to_owned();
    with_private_descriptors(move || read_within(&path, FIFO_TIMEOUT))
}

fn read_within(path: &Path, timeout: Duration) -> io::Result<Vec<u8>> {
    let deadline = Deadline::after(timeout);
    let file = read_options().open(path)?;
    let mut bytes = Vec::new();
    let mut waits = ReadinessWait::default();
    loop {
        match (&file).read_to_end(&mut bytes) {
            Ok(_) => return Ok(bytes),
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
            Err(cause) => return Err(cause),
        }
        match waits.wait(poll_descriptor(&file), &Cancel::never(), deadline) {
            Wake::Ready => {}
            Wake::TimedOut if !deadline.has_passed() => {}
            Wake::Failed(errno) => return Err(io::Error::from_raw_os_error(errno)),
            Wake::TimedOut | Wake::Canceled => {
                return Err(io::Error::from_raw_os_error(errno::ETIMEDOUT));
            }
        }
    }
}

const FIFO_TIMEOUT: Duration = Duration::from_secs(10);

// They need FIFOs.
#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Write;

    #[test]
    fn a_file_is_read_and_a_missing_one_has_an_errno() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "text").unwrap();
        assert_eq!(read_file(file.path()).unwrap(), b"text");
        let error = read_file(&file.path().join("none")).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOTDIR));
    }

    #[test]
    fn a_fifo_is_read_while_it_has_a_writer_and_no_longer_than_the_timeout() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert_eq!(read_file(&path).unwrap(), b"");
        // On Linux, opening a FIFO for both never waits.
        let mut writer = File::options().read(true).write(true).open(&path).unwrap();
        writer.write_all(b"text").unwrap();
        let error = read_within(&path, Duration::from_millis(1)).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ETIMEDOUT));
        let text = vec![b'x'; 100_000];
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| read_file(&path));
            // More than a FIFO holds, so that the reader has opened it when this returns.
            writer.write_all(&text).unwrap();
            drop(writer);
            assert_eq!(reader.join().unwrap().unwrap(), text);
        });
    }
}
