//! Another Rust static library in the same program, with a panic of its own.

use std::ffi::{c_int, c_void};
use std::panic::{catch_unwind, set_hook};

/// Panics, catches the panic, and returns 1 on success.
#[unsafe(no_mangle)]
pub extern "C" fn neighbor_catches_a_panic() -> c_int {
    set_hook(Box::new(|_| ()));
    let caught = catch_unwind(|| {
        let numbers: Vec<u32> = (0..3).collect();
        numbers[std::hint::black_box(3)]
    });
    c_int::from(caught.is_err())
}

/// A data callback that catches a panic, below the frames of ossmpu, and cancels the call.
#[unsafe(no_mangle)]
pub extern "C" fn neighbor_reads(_user: *mut c_void, _buf: *mut c_void, _len: usize) -> i64 {
    -5 - i64::from(neighbor_catches_a_panic())
}
