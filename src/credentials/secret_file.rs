//! Reads a whole small file that may have secrets in it.

use std::fs::OpenOptions;
use std::io::{Error, ErrorKind, Read, Result};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zeroize::Zeroizing;

/// The text of a file of so many bytes at the most. A pipe without a writer is empty and not waited
/// for.
pub(super) fn read(path: &Path, max: usize) -> Result<Zeroizing<String>> {
    let mut file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    // All at once, so that no copy is left behind by a buffer that grows.
    let mut bytes = Zeroizing::new(Vec::with_capacity(max.saturating_add(1)));
    (&mut file).take(max as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > max {
        return Err(Error::new(ErrorKind::InvalidData, "the file is too long"));
    }
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|_| Error::new(ErrorKind::InvalidData, "the file is not UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "äb").unwrap();
        assert_eq!(read(&path, 3).unwrap().as_str(), "äb");
        assert_eq!(read(&path, 2).unwrap_err().kind(), ErrorKind::InvalidData);
        std::fs::write(&path, b"\xff").unwrap();
        assert_eq!(read(&path, 2).unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(read(&folder.path().join("gone"), 2).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_pipe_that_nobody_writes_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        assert_eq!(read(&path, 10).unwrap().as_str(), "");
    }
}
