//! What the system says about a file.

use std::fs::{File, FileType, Metadata};
use std::io;
use std::mem::MaybeUninit;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::Path;

use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_BASIC_INFO, FILE_FLAG_BACKUP_SEMANTICS,
    FILE_FLAG_OPEN_REPARSE_POINT, FILE_ID_INFO, FILE_INFO_BY_HANDLE_CLASS, FileBasicInfo,
    FileIdInfo, GetFileInformationByHandle, GetFileInformationByHandleEx,
};

/// The times of a file, in seconds and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileTimes {
    /// When its content was modified.
    pub(crate) modified: (i64, i64),
    /// When content, name, links or attributes changed last.
    pub(crate) changed: (i64, i64),
}

impl FileTimes {
    pub(crate) fn of(file: &File, _: &Metadata) -> io::Result<Self> {
        let info: FILE_BASIC_INFO = query(file, FileBasicInfo)?;
        Ok(Self { modified: since_1970(info.LastWriteTime), changed: since_1970(info.ChangeTime) })
    }
}

/// Identifies a file or directory while it exists: its volume, and its ID there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileIdentity(u64, u128);

impl FileIdentity {
    pub(crate) fn of_file(file: &File) -> io::Result<Self> {
        if let Ok(info) = query::<FILE_ID_INFO>(file, FileIdInfo) {
            let id = u128::from_le_bytes(info.FileId.Identifier);
            return Ok(Self(info.VolumeSerialNumber, id));
        }
        // File systems of servers may not have the long IDs.
        let mut info = MaybeUninit::<BY_HANDLE_FILE_INFORMATION>::zeroed();
        // SAFETY: the file is open, and the call writes only `info`.
        let found = unsafe { GetFileInformationByHandle(file.as_raw_handle(), info.as_mut_ptr()) };
        if found == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: it consists of integers, which were zeroed or written by the call.
        let info = unsafe { info.assume_init() };
        let id = u64::from(info.nFileIndexHigh) << 32 | u64::from(info.nFileIndexLow);
        Ok(Self(info.dwVolumeSerialNumber.into(), id.into()))
    }

    pub(crate) fn of_directory(path: &Path) -> io::Result<Self> {
        Self::open(path, FILE_FLAG_BACKUP_SEMANTICS)
    }

    /// What has this name; a symbolic link is not followed.
    pub(crate) fn of_name(path: &Path) -> io::Result<Self> {
        Self::open(path, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
    }

    fn open(path: &Path, flags: u32) -> io::Result<Self> {
        Self::of_file(&File::options().access_mode(0).custom_flags(flags).open(path)?)
    }
}

/// Windows has no FIFOs among the files.
pub(crate) fn is_fifo(_: FileType) -> bool {
    false
}

fn query<T>(file: &File, class: FILE_INFO_BY_HANDLE_CLASS) -> io::Result<T>
where
    T: Copy,
{
    let mut info = MaybeUninit::<T>::zeroed();
    let (address, size) = (info.as_mut_ptr().cast(), size_of::<T>() as u32);
    // SAFETY: the file is open, and the call writes at most `size` bytes to `info`.
    let found = unsafe { GetFileInformationByHandleEx(file.as_raw_handle(), class, address, size) };
    if found == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the structs of this file consist of integers, which were zeroed or written by the call.
    Ok(unsafe { info.assume_init() })
}

/// Converts a time in units of 100 ns since 1601 to seconds and nanoseconds since 1970.
fn since_1970(time: i64) -> (i64, i64) {
    let units = time - UNITS_UNTIL_1970;
    (units.div_euclid(UNITS_PER_SECOND), units.rem_euclid(UNITS_PER_SECOND) * 100)
}

const UNITS_PER_SECOND: i64 = 10_000_000;
const UNITS_UNTIL_1970: i64 = 11_644_473_600 * UNITS_PER_SECOND;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_same_identity_by_its_names_and_handles() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("a"), "a").unwrap();
        std::fs::write(path("b"), "b").unwrap();
        let of_file = FileIdentity::of_file(&File::open(path("a")).unwrap()).unwrap();
        assert_eq!(of_file, FileIdentity::of_name(&path("a")).unwrap());
        assert_ne!(of_file, FileIdentity::of_name(&path("b")).unwrap());
        assert!(FileIdentity::of_directory(directory.path()).is_ok());
    }

    #[test]
    fn times_count_from_1970() {
        assert_eq!(since_1970(UNITS_UNTIL_1970), (0, 0));
        assert_eq!(since_1970(UNITS_UNTIL_1970 - 1), (-1, 999_999_900));
        let file = tempfile::tempfile().unwrap();
        let metadata = file.metadata().unwrap();
        let times = FileTimes::of(&file, &metadata).unwrap();
        let modified = metadata.modified().unwrap();
        let modified = modified.duration_since(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(times.modified.0, i64::try_from(modified.as_secs()).unwrap());
        assert_eq!(times.modified.1, i64::from(modified.subsec_nanos()));
    }
}
