//! How far an upload is, for a callback.

use std::ffi::{c_int, c_void};
use std::ops::ControlFlow;

use super::callback::User;
use super::guard::outside;
use crate::Progress;

/// How far an upload is. The library owns it, and it is valid during the
/// callback: never copy it by its size, and test struct_size before reading a
/// field that was added after version 1.0.
#[derive(Debug)]
#[repr(C)]
pub struct ossmpu_progress {
    /// Bytes of this struct that the library has filled.
    pub struct_size: u32,
    /// Parts in all; -1 while unknown, 0 if it goes in one PutObject.
    pub parts_total: i32,
    /// Parts that OSS has acknowledged.
    pub parts_done: i32,
    /// Requests that were sent again.
    pub retries: i32,
    /// Bytes in all; -1 while unknown.
    pub bytes_total: i64,
    /// Bytes that OSS has acknowledged; never falls.
    pub bytes_done: i64,
    /// Of these, bytes that were found already there.
    pub bytes_resumed: i64,
    /// Bytes that went onto the wire; what is sent twice counts twice. Never
    /// falls.
    pub bytes_sent: i64,
}

/// Is told how far an upload is, on the thread that made the call, at most ten
/// times a second and once at the end. Rates are yours to work out. Return 0
/// to go on; anything else stops the upload with OSSMPU_ESTOPPED, and
/// OSSMPU_ERROR_CALLBACK_VALUE is what you returned.
pub type ossmpu_progress_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, progress: *const ossmpu_progress) -> c_int>;

/// A callback as the Rust interface wants it.
pub(super) fn reporter(
    callback: unsafe extern "C" fn(*mut c_void, *const ossmpu_progress) -> c_int,
    user: User,
) -> impl Fn(&Progress) -> ControlFlow<i64> + Send + Sync + 'static {
    move |progress| {
        let progress = ossmpu_progress::new(progress);
        // SAFETY: the callback came with this pointer (contract of `ffi`), and the struct lives
        // until it returns.
        match outside(|| unsafe { callback(user.pointer(), &raw const progress) }) {
            0 => ControlFlow::Continue(()),
            value => ControlFlow::Break(value.into()),
        }
    }
}

impl ossmpu_progress {
    fn new(progress: &Progress) -> Self {
        Self {
            struct_size: SIZE,
            parts_total: progress.parts_total.map_or(-1, count),
            parts_done: count(progress.parts_done),
            retries: count(progress.retries),
            bytes_total: progress.bytes_total.map_or(-1, bytes),
            bytes_done: bytes(progress.bytes_done),
            bytes_resumed: bytes(progress.bytes_resumed),
            bytes_sent: bytes(progress.bytes_sent),
        }
    }
}

fn count(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn bytes(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The struct is far smaller than the type of its size.
const SIZE: u32 = size_of::<ossmpu_progress>() as u32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_minus_one() {
        let mut progress = Progress::default();
        let shown = ossmpu_progress::new(&progress);
        assert_eq!((shown.parts_total, shown.bytes_total), (-1, -1));
        (progress.parts_total, progress.bytes_total) = (Some(0), Some(0));
        let shown = ossmpu_progress::new(&progress);
        assert_eq!((shown.struct_size, shown.parts_total, shown.bytes_total), (48, 0, 0));
        progress.bytes_total = Some(u64::MAX);
        progress.retries = u64::MAX;
        let shown = ossmpu_progress::new(&progress);
        assert_eq!((shown.bytes_total, shown.retries), (i64::MAX, i32::MAX));
    }
}
