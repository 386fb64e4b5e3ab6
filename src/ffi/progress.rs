//! The progress of an upload, for a callback.

use std::ffi::{c_int, c_void};
use std::ops::ControlFlow;

use super::callback::Callback;
use crate::Progress;

/// The progress of an upload. Owned by the library and valid during the
/// callback. Never copy it by its size, and test struct_size before reading a
/// field that was added after version 1.0.
#[derive(Debug)]
#[repr(C)]
pub struct ossmpu_progress {
    /// Bytes of this struct that the library has filled.
    pub struct_size: u32,
    /// Parts in total; -1 while unknown, 0 if the object goes in one PutObject.
    pub parts_total: i32,
    /// Parts that OSS has acknowledged.
    pub parts_done: i32,
    /// Requests that were retried.
    pub retries: i32,
    /// Bytes in total; -1 while unknown.
    pub bytes_total: i64,
    /// Bytes that OSS has acknowledged. Never decreases.
    pub bytes_done: i64,
    /// The bytes of bytes_done that were on OSS before this call.
    pub bytes_resumed: i64,
    /// Bytes that were sent; retries and hedged requests count again. Never
    /// decreases.
    pub bytes_sent: i64,
}

/// Receives the progress of an upload, on the thread that made the call, at
/// most ten times a second and once at the end. Return 0 to continue. Any other
/// value cancels the upload with OSSMPU_ECALLBACK, and is then
/// OSSMPU_ERRINFO_CALLBACK_VALUE.
pub type ossmpu_progress_fn =
    Option<unsafe extern "C-unwind" fn(user: *mut c_void, progress: *const ossmpu_progress) -> c_int>;

type ProgressFunction = unsafe extern "C-unwind" fn(*mut c_void, *const ossmpu_progress) -> c_int;

/// A progress callback as a closure of the Rust interface.
pub(super) fn progress_callback(
    callback: Callback<ProgressFunction>,
) -> impl Fn(&Progress) -> ControlFlow<i64> + Send + Sync + 'static {
    move |progress| {
        let progress = ossmpu_progress::new(progress);
        let value = callback.run(|function, user| {
            // SAFETY: `Callback::new` was promised that it can be called with `user`; the struct is
            // live.
            unsafe { function(user, &raw const progress) }
        });
        match value {
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

const SIZE: u32 = size_of::<ossmpu_progress>() as u32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_total_is_minus_one() {
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
