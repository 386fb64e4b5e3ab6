//! Handles of files: those of the library, and those of the program that a call uses.

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::{GENERIC_READ, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_TYPE_DISK, GetFileType, ReOpenFile,
};

use super::errno;

/// An open handle.
#[derive(Debug)]
pub(crate) struct Descriptor {
    file: ManuallyDrop<File>,
    is_borrowed: bool,
}

impl Descriptor {
    #[expect(clippy::unnecessary_wraps, reason = "other systems move the descriptor")]
    pub(crate) fn new(handle: impl Into<OwnedHandle>) -> io::Result<Self> {
        let file = File::from(handle.into());
        Ok(Self { file: ManuallyDrop::new(file), is_borrowed: false })
    }

    /// Uses a handle of the program, which must stay open until the call that it was given to
    /// returns. A regular file is opened once more: a read by position moves the position of its
    /// handle, which the program may use.
    ///
    /// # Errors
    ///
    /// ERROR_INVALID_HANDLE if it is not open; that of `ReOpenFile` if it was opened without
    /// FILE_SHARE_READ, or the user may not read the file.
    pub(crate) fn borrow(handle: BorrowedHandle<'_>) -> io::Result<Self> {
        let raw = handle.as_raw_handle();
        match file_type(raw) {
            0 => Err(io::Error::from_raw_os_error(errno::EBADF)),
            FILE_TYPE_DISK => reopen(raw).and_then(Self::new),
            _ => {
                // SAFETY: the handle is open while it is used, and never closed here.
                let file = unsafe { File::from_raw_handle(raw) };
                Ok(Self { file: ManuallyDrop::new(file), is_borrowed: true })
            }
        }
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
        if !self.is_borrowed {
            // SAFETY: this owns the file, which is not used afterwards.
            unsafe { ManuallyDrop::drop(&mut self.file) };
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
    use std::io::{Read, Seek, SeekFrom, Write};
    use std::os::windows::io::AsHandle;

    use super::*;
    use crate::platform::read_at;

    #[test]
    fn a_borrowed_file_keeps_its_position_and_stays_open() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
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
