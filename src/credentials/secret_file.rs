//! Reads small files that may contain secrets.

use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

use zeroize::Zeroizing;

use crate::platform::{open_file, read_options};

/// Reads a file of at most `max` bytes. Does not wait for the writer of a FIFO.
pub(super) fn read(path: &Path, max: usize) -> Result<Zeroizing<String>> {
    let file = open_file(path, &read_options())?;
    // The capacity is reserved at once: a growing buffer would leave copies in memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(max.saturating_add(1)));
    (&file).take(max as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > max {
        return Err(Error::new(ErrorKind::InvalidData, "the file is too long"));
    }
    // Editors on Windows begin a file with a byte order mark.
    let text = std::str::from_utf8(bytes.strip_prefix(BOM).unwrap_or(&bytes));
    let text = text.map_err(|_| Error::new(ErrorKind::InvalidData, "the file is not UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

const BOM: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_long_or_not_utf_8_is_refused() {
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
    fn a_byte_order_mark_is_no_part_of_the_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (bytes, text) in [("\u{feff}[a]", "[a]"), ("\u{feff}", ""), ("a\u{feff}", "a\u{feff}")]
        {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(read(&path, 9).unwrap().as_str(), text);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_fifo_without_a_writer_does_not_block() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        assert_eq!(read(&path, 10).unwrap().as_str(), "");
    }
}
