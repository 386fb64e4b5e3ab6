//! Memory in whole pages.

use std::io;
use std::ptr::{self, NonNull};

use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_READWRITE, VirtualAlloc, VirtualFree,
};

/// # Errors
///
/// `OutOfMemory` when the system has no memory.
pub(in crate::platform) fn zeroed_pages(length: usize) -> io::Result<NonNull<u8>> {
    let kind = MEM_RESERVE | MEM_COMMIT;
    // SAFETY: NULL lets the system choose the address.
    let address = unsafe { VirtualAlloc(ptr::null(), length, kind, PAGE_READWRITE) };
    Ok(NonNull::new(address.cast()).ok_or(io::ErrorKind::OutOfMemory)?)
}

/// # Safety
///
/// The pages are of [`zeroed_pages`], and are not used again.
pub(in crate::platform) unsafe fn free_pages(start: NonNull<u8>, _length: usize) {
    // SAFETY: the caller has promised that they are an allocation which is not used again.
    unsafe { VirtualFree(start.as_ptr().cast(), 0, MEM_RELEASE) };
}
