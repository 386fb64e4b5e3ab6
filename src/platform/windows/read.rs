//! Reads by position, and what is there without waiting.

use std::fs::File;
use std::io::{self, Read};
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_HANDLE_EOF, ERROR_IO_PENDING, GetLastError,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_TYPE_PIPE, GetFileType, ReadFile};
use windows_sys::Win32::System::IO::{GetOverlappedResult, OVERLAPPED, OVERLAPPED_0_0};
use windows_sys::Win32::System::Pipes::PeekNamedPipe;
use windows_sys::Win32::System::Threading::CreateEventW;

use super::RawDescriptor;

/// Reads by position, which moves the position of the handle. Several threads may do so at a time, also
/// if the handle was opened for overlapped operations.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let event = new_event()?;
    let mut read = OVERLAPPED { hEvent: event.as_raw_handle(), ..OVERLAPPED::default() };
    read.Anonymous.Anonymous =
        OVERLAPPED_0_0 { Offset: offset as u32, OffsetHigh: (offset >> 32) as u32 };
    let wanted = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
    let handle = file.as_raw_handle();
    let mut count = 0;
    // SAFETY: the file is open, the buffer has this length, and neither it nor `read` is used or dropped
    // until the operation has ended below.
    let mut ended =
        unsafe { ReadFile(handle, buffer.as_mut_ptr(), wanted, &raw mut count, &raw mut read) };
    if ended == 0 && last_error() == ERROR_IO_PENDING {
        // SAFETY: as above; this waits for the end.
        ended = unsafe { GetOverlappedResult(handle, &raw const read, &raw mut count, 1) };
    }
    match ended {
        0 if last_error() == ERROR_HANDLE_EOF => Ok(0),
        0 => Err(io::Error::last_os_error()),
        _ => Ok(count as usize),
    }
}

fn new_event() -> io::Result<OwnedHandle> {
    // SAFETY: NULL stands for the default attributes, and for no name.
    let event = unsafe { CreateEventW(ptr::null(), 1, 0, ptr::null()) };
    if event.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call above returned this open handle, and nothing else owns it.
    Ok(unsafe { OwnedHandle::from_raw_handle(event) })
}

fn last_error() -> u32 {
    // SAFETY: the call takes nothing.
    unsafe { GetLastError() }
}

/// Reads from a pipe or console. The error is `WouldBlock` if a pipe has nothing yet. Others, and pipes
/// that cannot tell, are waited for, which nothing interrupts.
pub(crate) fn read_available(mut file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the file is open.
    if unsafe { GetFileType(file.as_raw_handle()) } != FILE_TYPE_PIPE {
        return file.read(buffer);
    }
    match available_bytes(file) {
        Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
        Ok(_) => file.read(buffer),
        Err(cause) if cause.raw_os_error() == Some(ERROR_BROKEN_PIPE.cast_signed()) => Ok(0),
        Err(_) => file.read(buffer),
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
