//! Which bytes of a file the page cache holds, and how they leave it.

use std::fs::File;
use std::ops::Range;

use crate::error::Result;

/// Returns the ranges of a file that are not in the page cache, in order, each a multiple of the page
/// size except at `range.end`; of more than `most` ranges only the first.
///
/// If the system does not tell, all bytes count as cached: Linux tells only who owns the file or may
/// write to it. The search takes seconds per TiB: `check` is called for each window, and its error
/// ends it.
#[cfg(target_os = "linux")]
pub(crate) fn uncached_ranges(
    file: &File,
    range: Range<u64>,
    most: usize,
    check: impl Fn() -> Result<()>,
) -> Result<Vec<Range<u64>>> {
    let page = page_size();
    let mut found: Vec<Range<u64>> = Vec::new();
    let mut start = range.start - range.start % page;
    while start < range.end {
        check()?;
        let end = range.end.min(start + WINDOW);
        let Some(cached) = linux::Window::map(file, start..end).and_then(|w| w.cached_pages(page))
        else {
            break;
        };
        for (index, _) in cached.iter().enumerate().filter(|(_, cached)| **cached & 1 == 0) {
            let at = start + index as u64 * page;
            let until = (at + page).min(range.end);
            let is_full = found.len() >= most;
            match found.last_mut().filter(|last| last.end == at) {
                Some(last) => last.end = until,
                None if is_full => return Ok(found),
                None => found.push(at..until),
            }
        }
        start = end;
    }
    Ok(found)
}

/// Removes the clean pages of a range from the page cache, and those that it begins and ends with.
/// Pages that a process has mapped stay.
#[cfg(target_os = "linux")]
pub(crate) fn remove_from_cache(file: &File, range: Range<u64>) {
    use std::os::fd::AsRawFd;

    let page = page_size();
    let start = range.start - range.start % page;
    let end = range.end.next_multiple_of(page);
    let (Ok(start), Ok(length)) = (start.try_into(), (end - start).try_into()) else {
        return;
    };
    // SAFETY: the call has no pointers. Without it, the pages stay.
    unsafe { libc::posix_fadvise64(file.as_raw_fd(), start, length, libc::POSIX_FADV_DONTNEED) };
}

/// Other systems have no such call.
#[cfg(not(target_os = "linux"))]
pub(crate) fn uncached_ranges(
    _: &File,
    _: Range<u64>,
    _: usize,
    _: impl Fn() -> Result<()>,
) -> Result<Vec<Range<u64>>> {
    Ok(Vec::new())
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn remove_from_cache(_: &File, _: Range<u64>) {}

#[cfg(target_os = "linux")]
fn page_size() -> u64 {
    // SAFETY: the call has no pointers.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(size).ok().filter(|size| size.is_power_of_two()).unwrap_or(4096)
}

/// How much of a file is mapped at once; a multiple of all page sizes.
#[cfg(target_os = "linux")]
const WINDOW: u64 = 64 * 1024 * 1024;

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::ops::Range;
    use std::os::fd::AsRawFd;
    use std::ptr;

    /// A mapping that is never read. A program that has locked its future memory would otherwise
    /// read the file into it.
    pub(super) struct Window {
        address: *mut libc::c_void,
        length: usize,
    }

    impl Window {
        pub(super) fn map(file: &File, range: Range<u64>) -> Option<Self> {
            let length = usize::try_from(range.end - range.start).ok()?;
            let offset = libc::off64_t::try_from(range.start).ok()?;
            let (access, kind) = (libc::PROT_NONE, libc::MAP_SHARED);
            let fd = file.as_raw_fd();
            // SAFETY: the kernel chooses the address.
            let address =
                unsafe { libc::mmap64(ptr::null_mut(), length, access, kind, fd, offset) };
            (address != libc::MAP_FAILED).then_some(Self { address, length })
        }

        /// Returns a byte for each page, whose lowest bit is set if the page is cached.
        pub(super) fn cached_pages(&self, page_size: u64) -> Option<Vec<u8>> {
            let pages = self.length.div_ceil(usize::try_from(page_size).ok()?);
            let mut cached = Vec::new();
            cached.try_reserve_exact(pages).ok()?;
            cached.resize(pages, 0u8);
            // SAFETY: the mapping has this length, and the vector a byte for each of its pages.
            let result =
                unsafe { libc::mincore(self.address, self.length, cached.as_mut_ptr().cast()) };
            (result == 0).then_some(cached)
        }
    }

    impl Drop for Window {
        fn drop(&mut self) {
            // SAFETY: this owns the mapping, which is not used afterwards.
            unsafe { libc::munmap(self.address, self.length) };
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::error::Error;
    use std::cell::Cell;

    #[test]
    fn the_search_can_be_ended_at_each_window() {
        let file = tempfile::tempfile().unwrap();
        let size = 2 * WINDOW + 1;
        file.set_len(size).unwrap();
        for last in 1..=4 {
            let checks = Cell::new(0);
            let found = uncached_ranges(&file, 0..size, usize::MAX, || {
                checks.set(checks.get() + 1);
                if checks.get() == last { Err(Error::canceled()) } else { Ok(()) }
            });
            assert_eq!((checks.get(), found.is_err()), (last.min(3), last <= 3));
        }
    }
}
