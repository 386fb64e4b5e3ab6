//! The progress of an upload, for a callback.

use std::ffi::{c_int, c_void};
use std::ops::ControlFlow;

use super::callback::Callback;
use crate::{CallPhase, Progress};

/// The call reads the source or a checkpoint, or lists the parts of an earlier
/// call.
pub const OSSMPU_PHASE_PREPARE: c_int = 1;
/// The call initiates the upload.
pub const OSSMPU_PHASE_INITIATE: c_int = 2;
/// The call sends or copies the parts, or the object in one PutObject.
pub const OSSMPU_PHASE_SEND: c_int = 3;
/// The call completes the upload, or determines whether the object was created.
pub const OSSMPU_PHASE_COMPLETE: c_int = 4;
/// The call aborts the upload.
pub const OSSMPU_PHASE_ABORT: c_int = 5;

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
    /// Retries of all requests so far.
    pub retries: i32,
    /// Bytes in total; -1 while unknown.
    pub bytes_total: i64,
    /// Bytes that OSS has acknowledged. Never decreases.
    pub bytes_done: i64,
    /// The bytes of bytes_done that were on OSS before this call.
    pub bytes_resumed: i64,
    /// Bytes that were sent; retries and hedged requests count again. The last
    /// 112 KiB of a request count when it ends. Never decreases.
    pub bytes_sent: i64,
    /// What the call is doing: OSSMPU_PHASE_*. A later version may add phases.
    pub phase: i32,
    /// 0.
    pub reserved: i32,
    /// Milliseconds for which OSS delayed requests because of its bandwidth
    /// limits (x-oss-qos-delay-time). Delays of concurrent requests add up.
    /// Never decreases.
    pub throttled_ms: i64,
    /// The bytes of bytes_done that OSS copied from the base of a delta upload
    /// (OSSMPU_OPTION_DELTA). Never decreases.
    pub bytes_reused: i64,
}

/// Receives the progress of a call, on the thread that made it: at its start,
/// then ten times a second until it returns, whatever it waits for, and when
/// all bytes are sent. Return 0 to continue. Any other value cancels the call,
/// as ossmpu_cancel_trigger does: it returns OSSMPU_ECANCELED, and the value is
/// OSSMPU_ERRINFO_CALLBACK_VALUE. The call does not call it again. It must not
/// make calls with the client that it serves.
pub type ossmpu_progress_fn = Option<
    unsafe extern "C-unwind" fn(user: *mut c_void, progress: *const ossmpu_progress) -> c_int,
>;

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
            phase: phase(progress.phase),
            reserved: 0,
            throttled_ms: bytes(progress.throttled_ms),
            bytes_reused: bytes(progress.bytes_reused),
        }
    }
}

fn phase(phase: CallPhase) -> i32 {
    match phase {
        CallPhase::Prepare => OSSMPU_PHASE_PREPARE,
        CallPhase::Initiate => OSSMPU_PHASE_INITIATE,
        CallPhase::Send => OSSMPU_PHASE_SEND,
        CallPhase::Complete => OSSMPU_PHASE_COMPLETE,
        CallPhase::Abort => OSSMPU_PHASE_ABORT,
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
        assert_eq!((shown.struct_size, shown.parts_total, shown.bytes_total), (SIZE, 0, 0));
        progress.bytes_total = Some(u64::MAX);
        progress.retries = u64::MAX;
        let shown = ossmpu_progress::new(&progress);
        assert_eq!((shown.bytes_total, shown.retries), (i64::MAX, i32::MAX));
    }
}
