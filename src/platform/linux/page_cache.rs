//! Which bytes of a file the page cache holds, and how they leave it.

use std::fs::File;
use std::ops::Range;
use std::os::fd::AsRawFd;

/// Returns the ranges of a file that are not in the page cache, in order, each a multiple of the page
/// size except at `range.end`; of more than `most` ranges only the first.
///
/// If the system does not tell, all bytes count as cached: Linux tells only who owns the file or may
/// write to it. The search takes seconds per TiB: `check` is called for each window, and its error
/// ends it.
pub(crate) fn uncached_ranges<E>(
    file: &File,
    range: Range<u64>,
    most: usize,
    check: impl Fn() -> Result<(), E>,
) -> Result<Vec<Range<u64>>, E> {
    let page = page_size();
    let mut found: Vec<Range<u64>> = Vec::new();
    let mut start = range.start - range.start % page;
    while start < range.end {
        check()?;
        let end = range.end.min(start + WINDOW);
        let window = start..end;
        if !calls::is_cached_entirely(file, &window, page) {
            let Some(uncached) = calls::uncached_pages(file, window, page) else { break };
            for next in uncached {
                let is_full = found.len() >= most;
                match found.last_mut().filter(|last| last.end == next.start) {
                    Some(last) => last.end = next.end,
                    None if is_full => return Ok(found),
                    None => found.push(next),
                }
            }
        }
        start = end;
    }
    Ok(found)
}

/// Removes the clean pages of a range from the page cache, and those that it begins and ends with.
/// Pages that a process has mapped stay.
pub(crate) fn remove_from_cache(file: &File, range: Range<u64>) {
    let page = page_size();
    let start = range.start - range.start % page;
    let end = range.end.next_multiple_of(page);
    let (Ok(start), Ok(length)) = (start.try_into(), (end - start).try_into()) else {
        return;
    };
    // SAFETY: the call has no pointers. Without it, the pages stay.
    unsafe { libc::posix_fadvise64(file.as_raw_fd(), start, length, libc::POSIX_FADV_DONTNEED) };
}

fn page_size() -> u64 {
    // SAFETY: the call has no pointers.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(size).ok().filter(|size| size.is_power_of_two()).unwrap_or(4096)
}

/// How much of a file is mapped at once; a multiple of all page sizes.
const WINDOW: u64 = 64 * 1024 * 1024;

mod calls {
    use std::fs::File;
    use std::ops::Range;
    use std::os::fd::AsRawFd;
    use std::ptr;

    /// Returns true if each page of a range is cached, as Linux 6.5 and later counts them, which takes
    /// a fraction of the time of a look at each page. Another count says nothing: an overlay file
    /// system counts no page, because the cached pages are those of the file below it.
    pub(super) fn is_cached_entirely(file: &File, range: &Range<u64>, page_size: u64) -> bool {
        let Some(number) = CACHESTAT else { return false };
        let asked = CacheStatRange { offset: range.start, length: range.end - range.start };
        let mut counts = CacheStat::default();
        let (asked_for, found) = (ptr::from_ref(&asked), ptr::from_mut(&mut counts));
        // SAFETY: both structs have the layout of the kernel, which writes only the second.
        let result = unsafe { libc::syscall(number, file.as_raw_fd(), asked_for, found, 0) };
        result == 0 && counts.cached == asked.length.div_ceil(page_size)
    }

    /// Returns the pages that are not cached.
    pub(super) fn uncached_pages(
        file: &File,
        range: Range<u64>,
        page_size: u64,
    ) -> Option<impl Iterator<Item = Range<u64>>> {
        let cached = Window::map(file, range.clone())?.cached_pages(page_size)?;
        let starts = (range.start..range.end).step_by(usize::try_from(page_size).ok()?);
        let pages = starts.zip(cached).filter(|(_, cached)| cached & 1 == 0);
        Some(pages.map(move |(start, _)| start..(start + page_size).min(range.end)))
    }

    /// The number of the system call `cachestat`, which is the same on these processors.
    const CACHESTAT: Option<libc::c_long> = if cfg!(any(
        all(target_arch = "x86_64", target_pointer_width = "64"),
        target_arch = "x86",
        target_arch = "aarch64",
        target_arch = "arm",
        target_arch = "riscv64",
        target_arch = "powerpc64",
        target_arch = "s390x",
    )) {
        Some(451)
    } else {
        None
    };

    /// `struct cachestat_range` of the kernel.
    #[repr(C)]
    struct CacheStatRange {
        offset: u64,
        length: u64,
    }

    /// `struct cachestat` of the kernel, in pages.
    #[repr(C)]
    #[derive(Default)]
    struct CacheStat {
        cached: u64,
        _others: [u64; 4],
    }

    /// A mapping that is never read. A program that has locked its future memory would otherwise
    /// read the file into it.
    struct Window {
        address: *mut libc::c_void,
        length: usize,
    }

    impl Window {
        fn map(file: &File, range: Range<u64>) -> Option<Self> {
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
        fn cached_pages(&self, page_size: u64) -> Option<Vec<u8>> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::io;
    use std::os::unix::fs::FileExt;

    /// A file whose pages of these numbers are cached.
    fn file_with_cached_pages(cached: &[u64], pages: u64) -> io::Result<File> {
        let file = tempfile::tempfile()?;
        file.set_len(pages * page_size())?;
        for page in cached {
            file.write_all_at(&[1], page * page_size())?;
        }
        Ok(file)
    }

    #[test]
    fn pages_are_found_however_many_are_cached() {
        let page = page_size();
        let window = WINDOW / page;
        for (cached, pages, expected) in [
            (&[0, 1, 2][..], 3, vec![]),
            (&[], 3, vec![(0, 3)]),
            (&[1], 3, vec![(0, 1), (2, 3)]),
            (&[1], window + 2, vec![(0, 1), (2, window + 2)]),
            (&[window], window + 2, vec![(0, window), (window + 1, window + 2)]),
        ] {
            let file = file_with_cached_pages(cached, pages).unwrap();
            let size = pages * page - 1;
            let found = uncached_ranges(&file, 0..size, usize::MAX, || Ok::<_, ()>(())).unwrap();
            let numbers = found.iter().map(|range| (range.start / page, range.end.div_ceil(page)));
            assert_eq!(numbers.collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn only_a_range_without_an_uncached_page_is_cached_entirely() {
        let page = page_size();
        let file = file_with_cached_pages(&[1, 2, 3, 5], 7).unwrap();
        let cached = |range: Range<u64>| calls::is_cached_entirely(&file, &range, page);
        assert!(!cached(0..4 * page) && !cached(3 * page..6 * page) && !cached(6 * page..7 * page));
        let is_counted = cached(page..4 * page);
        if !is_counted {
            eprintln!("NOT TESTED: this system does not count cached pages");
        }
        assert_eq!(cached(page..4 * page - 1), is_counted);
        assert_eq!(cached(5 * page..6 * page), is_counted);
    }

    #[test]
    fn the_search_can_be_ended_at_each_window() {
        let file = tempfile::tempfile().unwrap();
        let size = 2 * WINDOW + 1;
        file.set_len(size).unwrap();
        for last in 1..=4 {
            let checks = Cell::new(0);
            let found = uncached_ranges(&file, 0..size, usize::MAX, || {
                checks.set(checks.get() + 1);
                if checks.get() == last { Err(()) } else { Ok(()) }
            });
            assert_eq!((checks.get(), found.is_err()), (last.min(3), last <= 3));
        }
    }
}
