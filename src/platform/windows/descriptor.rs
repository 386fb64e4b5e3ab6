//! Handles of files: those of the library, and those of the program that a call uses.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::{GENERIC_READ, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_TYPE_DISK, GetFileType, ReOpenFile,
};

use super::errno;

/// Whose handle it is, and so what is done with it at the end.
#[derive(Debug, Clone, Copy)]
enum Owner {
    Library,
    Program,
    /// That of a file which is read by position; its own position is set to this one again.
    ProgramAt(u64),
}

/// An open handle.
#[derive(Debug)]
pub(crate) struct Descriptor {
    file: ManuallyDrop<File>,
    owner: Owner,
}

impl Descriptor {
    #[expect(clippy::unnecessary_wraps, reason = "other systems move the descriptor")]
    pub(crate) fn new(handle: impl Into<OwnedHandle>) -> io::Result<Self> {
        let file = File::from(handle.into());
        Ok(Self { file: ManuallyDrop::new(file), owner: Owner::Library })
    }

    /// Uses a handle of the program, which must stay open until the call that it was given to
    /// returns. A regular file is opened once more if possible: a read by position moves the position
    /// of its handle, which the program may use. One that was opened without FILE_SHARE_READ is not;
    /// its position is restored at the end.
    ///
    /// # Errors
    ///
    /// ERROR_INVALID_HANDLE if it is not open.
    pub(crate) fn borrow(handle: BorrowedHandle<'_>) -> io::Result<Self> {
        let raw = handle.as_raw_handle();
        let kind = file_type(raw);
        if kind == 0 {
            return Err(io::Error::from_raw_os_error(errno::EBADF));
        }
        if kind == FILE_TYPE_DISK
            && let Ok(file) = reopen(raw)
        {
            return Self::new(file);
        }
        // SAFETY: the handle is open while it is used, and never closed here.
        let file = ManuallyDrop::new(unsafe { File::from_raw_handle(raw) });
        let owner = match kind {
            FILE_TYPE_DISK => Owner::ProgramAt((&*file).stream_position()?),
            _ => Owner::Program,
        };
        Ok(Self { file, owner })
    }

    /// True for what can only be read as a stream: a pipe or a console.
    #[expect(clippy::unnecessary_wraps, reason = "other systems may fail")]
    pub(crate) fn is_stream(&self) -> io::Result<bool> {
        Ok(file_type(self.as_raw_handle()) != FILE_TYPE_DISK)
    }
}

impl Deref for Descriptor {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        match self.owner {
            // SAFETY: this owns the file, which is not used afterwards.
            Owner::Library => unsafe { ManuallyDrop::drop(&mut self.file) },
            Owner::Program => {}
            Owner::ProgramAt(position) => {
                let _ = (&*self.file).seek(SeekFrom::Start(position));
            }
        }
    }
}

/// Each C runtime of the process has numbers of its own, and only its program knows which it uses.
///
/// # Safety
///
/// None.
#[cfg(feature = "capi")]
pub(crate) unsafe fn descriptor_of_number<'fd>(_: i32) -> Option<BorrowedHandle<'fd>> {
    None
}

fn file_type(handle: std::os::windows::io::RawHandle) -> u32 {
    // SAFETY: the call only looks at the handle, and reports one that is not open.
    unsafe { GetFileType(handle) }
}

/// Opens the file of a handle once more, with a position of its own.
fn reopen(handle: std::os::windows::io::RawHandle) -> io::Result<OwnedHandle> {
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    // SAFETY: the handle is that of a file; what the call returns is checked below.
    let new = unsafe { ReOpenFile(handle, GENERIC_READ, share, 0) };
    if new == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call above returned this open handle, and nothing else owns it.
    Ok(unsafe { OwnedHandle::from_raw_handle(new) })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::windows::fs::OpenOptionsExt;
    use std::os::windows::io::AsHandle;

    use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_OVERLAPPED;

    use super::*;
    use crate::platform::read_at;

    #[test]
    fn a_borrowed_file_keeps_its_position_and_stays_open() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        for share in [FILE_SHARE_READ, 0] {
            std::fs::write(&path, "0123456789").unwrap();
            let mut file = File::options().read(true).share_mode(share).open(&path).unwrap();
            file.seek(SeekFrom::Start(3)).unwrap();
            let borrowed = Descriptor::borrow(file.as_handle()).unwrap();
            assert!(!borrowed.is_stream().unwrap());
            let mut read = [0; 2];
            assert_eq!(read_at(&borrowed, &mut read, 7).unwrap(), 2);
            assert_eq!(&read, b"78");
            drop(borrowed);
            file.read_exact(&mut read).unwrap();
            assert_eq!(&read, b"34");
        }
    }

    #[test]
    fn a_file_for_overlapped_operations_that_cannot_be_opened_again_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        std::fs::write(&path, "0123456789").unwrap();
        let mut options = File::options();
        options.read(true).share_mode(0).custom_flags(FILE_FLAG_OVERLAPPED);
        let file = options.open(&path).unwrap();
        let borrowed = Descriptor::borrow(file.as_handle()).unwrap();
        let mut read = [0; 20];
        assert_eq!(read_at(&borrowed, &mut read, 7).unwrap(), 3);
        assert_eq!(&read[..3], b"789");
        assert_eq!(read_at(&borrowed, &mut read, 10).unwrap(), 0);
    }

    #[test]
    fn a_borrowed_pipe_is_a_stream_and_stays_open() {
        let (mut reader, mut writer) = io::pipe().unwrap();
        let borrowed = Descriptor::borrow(reader.as_handle()).unwrap();
        assert!(borrowed.is_stream().unwrap());
        drop(borrowed);
        writer.write_all(b"x").unwrap();
        reader.read_exact(&mut [0]).unwrap();
    }
}
