//! Reads by position, and what is there without waiting.

use std::fs::File;
use std::io::{self, Read};
use std::os::windows::fs::FileExt;
use std::os::windows::io::AsRawHandle;
use std::ptr;

use windows_sys::Win32::Foundation::ERROR_BROKEN_PIPE;
use windows_sys::Win32::Storage::FileSystem::{FILE_TYPE_PIPE, GetFileType};
use windows_sys::Win32::System::Pipes::PeekNamedPipe;

use super::RawDescriptor;

/// Reads by position. This moves the position of the handle, so it has to be one of the library.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    file.seek_read(buffer, offset)
}

/// Reads from a pipe or console. The error is `WouldBlock` if a pipe has nothing yet; other files are
/// waited for.
pub(crate) fn read_available(mut file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the file is open.
    if unsafe { GetFileType(file.as_raw_handle()) } != FILE_TYPE_PIPE {
        return file.read(buffer);
    }
    match available_bytes(file) {
        Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
        Ok(_) => file.read(buffer),
        Err(cause) if cause.raw_os_error() == Some(ERROR_BROKEN_PIPE.cast_signed()) => Ok(0),
        Err(cause) => Err(cause),
    }
}

/// Only sockets can be polled.
pub(crate) fn poll_descriptor(_: &File) -> Option<RawDescriptor> {
    None
}

fn available_bytes(pipe: &File) -> io::Result<u32> {
    let mut available = 0;
    // SAFETY: NULL stands for what is not asked for, and the call writes only `available`.
    let found = unsafe {
        PeekNamedPipe(
            pipe.as_raw_handle(),
            ptr::null_mut(),
            0,
            ptr::null_mut(),
            &raw mut available,
            ptr::null_mut(),
        )
    };
    if found == 0 { Err(io::Error::last_os_error()) } else { Ok(available) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::windows::io::OwnedHandle;

    use super::*;

    #[test]
    fn an_empty_pipe_is_not_waited_for_and_a_closed_one_is_at_its_end() {
        let (reader, mut writer) = io::pipe().unwrap();
        let reader = File::from(OwnedHandle::from(reader));
        let read = || {
            let mut buffer = [0; 4];
            read_available(&reader, &mut buffer).map(|count| buffer[..count].to_vec())
        };
        assert_eq!(read().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        writer.write_all(b"ab").unwrap();
        assert_eq!(read().unwrap(), b"ab");
        drop(writer);
        assert_eq!(read().unwrap(), b"");
    }
}
