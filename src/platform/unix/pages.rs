//! Memory in whole pages.

use std::io;
use std::ptr::{self, NonNull};

/// # Errors
///
/// That of the system when it has no memory.
pub(in crate::platform) fn zeroed_pages(length: usize) -> io::Result<NonNull<u8>> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: the kernel chooses the address.
    let address = unsafe { libc::mmap(ptr::null_mut(), length, access, kind, -1, 0) };
    if address == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    Ok(NonNull::new(address.cast()).ok_or(io::ErrorKind::OutOfMemory)?)
}

/// # Safety
///
/// The pages are of [`zeroed_pages`] with this length, and are not used again.
pub(in crate::platform) unsafe fn free_pages(start: NonNull<u8>, length: usize) {
    // SAFETY: the caller has promised that they are a mapping which is not used again.
    unsafe { libc::munmap(start.as_ptr().cast(), length) };
}
