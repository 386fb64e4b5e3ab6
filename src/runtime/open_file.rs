//! Opens files, such that they are never descriptor 0, 1 or 2 of the program.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::descriptor::{has_standard_gap, move_up};
use super::with_private_descriptors;

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

/// Reads a whole file.
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let path = path.to_owned();
    with_private_descriptors(move || std::fs::read(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_and_a_missing_one_has_an_errno() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "text").unwrap();
        assert_eq!(read_file(file.path()).unwrap(), b"text");
        let error = read_file(&file.path().join("none")).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOTDIR));
    }
}
