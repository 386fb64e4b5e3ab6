//! Opens files, such that they are never descriptor 0, 1 or 2 of the program.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use super::descriptor::{has_standard_gap, move_up};
use super::{Cancel, Deadline, Interest, Wake, with_private_descriptors};

/// Opens a file.
///
/// If the program has closed one of the first three descriptors, the file is there for a moment
/// before it is moved. That moment is short, because the file has been found or created before: it
/// has been opened with a descriptor table of its own.
pub(crate) fn open_file(path: &Path, options: &OpenOptions) -> io::Result<File> {
    if has_standard_gap() {
        let (path, options) = (path.to_owned(), options.clone());
        with_private_descriptors(move || options.open(&path).map(drop))?;
    }
    move_up(options.open(path)?.into()).map(File::from)
}

/// Reads a whole file. One that is a FIFO, such as the `<(command)` of a shell, is read while it has
/// a writer, but for ten seconds at most.
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let path = path.to_owned();
    with_private_descriptors(move || read_within(&path, FIFO_TIMEOUT))
}

fn read_within(path: &Path, timeout: Duration) -> io::Result<Vec<u8>> {
    let deadline = Deadline::after(timeout);
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    let mut bytes = Vec::new();
    loop {
        match (&file).read_to_end(&mut bytes) {
            Ok(_) => return Ok(bytes),
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
            Err(cause) => return Err(cause),
        }
        let writer = Some((file.as_raw_fd(), Interest::Read));
        match Cancel::never().wait_for(writer, deadline) {
            Wake::Ready => {}
            Wake::Failed(errno) => return Err(io::Error::from_raw_os_error(errno)),
            Wake::TimedOut | Wake::Canceled => {
                return Err(io::Error::from_raw_os_error(libc::ETIMEDOUT));
            }
        }
    }
}

const FIFO_TIMEOUT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
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
