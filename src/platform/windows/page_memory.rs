//! Zeroed memory that begins on a page boundary.

use std::io;
use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};
use std::slice;

use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_READWRITE, VirtualAlloc, VirtualFree,
};

/// Takes no physical memory until it is written to.
#[derive(Debug)]
pub(crate) struct PageMemory {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the pages belong to this value alone.
unsafe impl Send for PageMemory {}
// SAFETY: a shared reference only reads.
unsafe impl Sync for PageMemory {}

impl PageMemory {
    /// # Errors
    ///
    /// `OutOfMemory` when the system has no memory.
    pub(crate) fn zeroed(length: usize) -> io::Result<Self> {
        if length == 0 {
            return Ok(Self::default());
        }
        let kind = MEM_RESERVE | MEM_COMMIT;
        // SAFETY: NULL lets the system choose the address.
        let address = unsafe { VirtualAlloc(ptr::null(), length, kind, PAGE_READWRITE) };
        let start = NonNull::new(address.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, length })
    }
}

impl Default for PageMemory {
    /// Has no bytes.
    fn default() -> Self {
        Self { start: NonNull::dangling(), length: 0 }
    }
}

impl Deref for PageMemory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the pages have this length, are zeroed, and live as long as this value.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl DerefMut for PageMemory {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and this is the only reference.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

impl Drop for PageMemory {
    fn drop(&mut self) {
        if self.length > 0 {
            // SAFETY: this owns the pages, which are not used afterwards.
            unsafe { VirtualFree(self.start.as_ptr().cast(), 0, MEM_RELEASE) };
        }
    }
}
