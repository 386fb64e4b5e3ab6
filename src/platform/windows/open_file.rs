//! Opens and replaces files. All are opened such that others may read, write, rename and remove them.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_BACKUP_SEMANTICS, MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH, MoveFileExW,
};

pub(crate) fn open_file(path: &Path, options: &OpenOptions) -> io::Result<File> {
    options.open(path)
}

/// The options to read a file. A directory is opened too, so that it can be named in the error.
pub(crate) fn read_options() -> OpenOptions {
    File::options().read(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).clone()
}

/// The options to write a new file. Who may read it is a property of its directory.
pub(crate) fn new_private_file_options() -> OpenOptions {
    File::options().write(true).create_new(true).clone()
}

/// Gives a file another name, in place of the file that has it. It has the name on the disk when this
/// returns.
pub(crate) fn replace_file(from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (wide(from)?, wide(to)?);
    let flags = MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH;
    // SAFETY: both names end with NUL.
    match unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), flags) } {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Directories cannot be written to the disk; [`replace_file`] does what is needed.
#[expect(clippy::unnecessary_wraps, reason = "other systems can fail")]
pub(crate) fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A path for a system call, of any length.
fn wide(path: &Path) -> io::Result<Vec<u16>> {
    let path = std::path::absolute(path)?;
    Ok(verbatim(path).as_os_str().encode_wide().chain([0]).collect())
}

/// Adds the prefix without which a path has at most 260 characters.
fn verbatim(path: PathBuf) -> PathBuf {
    use std::path::{Component, Prefix};

    let Some(Component::Prefix(prefix)) = path.components().next() else { return path };
    let (start, rest) = match prefix.kind() {
        Prefix::Disk(_) => (r"\\?\", path.as_os_str()),
        Prefix::UNC(..) => match path.as_os_str().to_str().and_then(|text| text.get(2..)) {
            Some(rest) => (r"\\?\UNC\", rest.as_ref()),
            None => return path,
        },
        _ => return path,
    };
    let mut verbatim = std::ffi::OsString::from(start);
    verbatim.push(rest);
    verbatim.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_get_the_prefix_that_allows_them() {
        for (path, expected) in [
            (r"C:\a\b", r"\\?\C:\a\b"),
            (r"\\server\share\a", r"\\?\UNC\server\share\a"),
            (r"\\?\C:\a", r"\\?\C:\a"),
        ] {
            assert_eq!(verbatim(path.into()), Path::new(expected));
        }
    }

    #[test]
    fn a_file_of_a_long_path_is_opened_and_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let deep = directory.path().join("d".repeat(150)).join("e".repeat(150));
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(deep.join("new"), "new").unwrap();
        std::fs::write(deep.join("old"), "old").unwrap();
        replace_file(&deep.join("new"), &deep.join("old")).unwrap();
        assert_eq!(std::fs::read(deep.join("old")).unwrap(), b"new");
        assert!(open_file(&deep.join("old"), &read_options()).is_ok());
        assert!(!deep.join("new").exists());
        assert!(open_file(directory.path(), &read_options()).unwrap().metadata().unwrap().is_dir());
    }
}
