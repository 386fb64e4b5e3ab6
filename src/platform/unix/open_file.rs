//! Opens files, such that they are never descriptor 0, 1 or 2 of the program.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
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

/// The options to read a file; opening a FIFO does not wait for its writer.
pub(crate) fn read_options() -> OpenOptions {
    File::options().read(true).custom_flags(libc::O_NONBLOCK).clone()
}

/// The options to write a new file, for this user alone.
pub(crate) fn new_private_file_options() -> OpenOptions {
    File::options().write(true).create_new(true).mode(0o600).clone()
}

/// Gives a file another name, in place of the file that has it.
pub(crate) fn replace_file(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)
}

/// Writes the entries of a directory to the disk.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
