//! The check sum of bytes that the caller has.

use std::ffi::{c_int, c_void};

use super::guard::guard;
use super::ptr::{self, Bytes, Slot};
use crate::Crc64;

/// Gives the CRC-64 of len bytes, computed as OSSMPU_RESULT_CRC64 and that of
/// a part are: to learn whether OSS has what is here. Asks nobody and does not
/// block.
///
/// before is the CRC-64 of the bytes that come before these, 0 if there are
/// none: so data can be given piece by piece. data may be NULL if len
/// is 0. Returns OSSMPU_OK; OSSMPU_EINVAL if data or out is NULL, and then out
/// is left alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_crc64(
    before: u64,
    data: *const c_void,
    len: usize,
    out: *mut u64,
) -> c_int {
    guard(Slot::unwanted(), || {
        let mut crc = Crc64::resume(before);
        // SAFETY: NULL or so many bytes (contract of `ffi`); they are given back before the return.
        let data = unsafe { Bytes::lend(data, len, "data") }?;
        crc.update(data.as_ref());
        // SAFETY: NULL or a place for a number (contract of `ffi`).
        unsafe { ptr::write_number(out, Some(crc.value())) }
    })
}
