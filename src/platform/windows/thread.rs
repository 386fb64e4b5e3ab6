//! The identity and the name of a thread, and what other systems have for threads.

use std::os::windows::io::AsRawHandle;
use std::thread::JoinHandle;

use windows_sys::Win32::System::Threading::{GetCurrentThreadId, GetThreadId};

/// Identifies a thread that has not been joined. Unlike `std::thread::current`, it is available in
/// destructors of thread-local values and when the process exits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ThreadId(u32);

impl ThreadId {
    pub(crate) fn current() -> Self {
        // SAFETY: the call takes nothing.
        Self(unsafe { GetCurrentThreadId() })
    }

    pub(crate) fn of<T>(handle: &JoinHandle<T>) -> Self {
        // SAFETY: the handle is open as long as the thread was not joined.
        Self(unsafe { GetThreadId(handle.as_raw_handle()) })
    }
}

/// Returns true if the name of this thread begins like that. `std::thread::current` would panic in
/// destructors of thread-local values.
#[cfg(feature = "capi")]
pub(crate) fn has_name_prefix(prefix: &str) -> bool {
    use windows_sys::Win32::Foundation::LocalFree;
    use windows_sys::Win32::System::Threading::{GetCurrentThread, GetThreadDescription};

    let mut name = std::ptr::null_mut();
    // SAFETY: the call takes nothing.
    let thread = unsafe { GetCurrentThread() };
    // SAFETY: the call writes only `name`.
    let result = unsafe { GetThreadDescription(thread, &raw mut name) };
    if result < 0 || name.is_null() {
        return false;
    }
    let is_unit = |(index, unit): (usize, u16)| {
        // SAFETY: the text ends with 0, which equals no unit of the prefix: no unit after it is read.
        unsafe { *name.add(index) == unit }
    };
    let has_prefix = prefix.encode_utf16().enumerate().all(is_unit);
    // SAFETY: the call above has allocated it, and it is not used afterwards.
    unsafe { LocalFree(name.cast()) };
    has_prefix
}

/// The unwinder is that of the system.
pub(in crate::platform) fn prepare_unwinder() {}

pub(in crate::platform) fn wait_forever() -> ! {
    loop {
        std::thread::park();
    }
}

/// There are no signals.
#[derive(Debug)]
pub(crate) struct SignalsBlocked;

impl SignalsBlocked {
    pub(crate) fn new() -> Self {
        Self
    }
}

/// There is no cancellation of threads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CancellationState;

pub(crate) fn disable_cancellation() -> CancellationState {
    CancellationState
}

#[cfg(feature = "capi")]
impl CancellationState {
    pub(crate) fn restore(self) {}
}
