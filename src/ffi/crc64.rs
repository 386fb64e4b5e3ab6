//! The CRC-64 of data in memory.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;

use super::bytes::Bytes;
use super::entry_point::{guard, write_number};
use super::handle::OutParam;
use crate::Crc64;

/// Computes the CRC-64 of len bytes as OSS does, for comparison with
/// OSSMPU_RESULT_CRC64, OSSMPU_OBJECT_CRC64 and the CRC-64 of parts. Sends
/// nothing and does not block.
///
/// before is the CRC-64 of the preceding bytes, 0 if there are none, so that
/// data can be passed in several calls. data may be NULL if len is 0. Returns
/// OSSMPU_OK; OSSMPU_EINVAL if data or out is NULL, without writing to out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_crc64(
    before: u64,
    data: *const c_void,
    len: usize,
    out: Option<&mut MaybeUninit<u64>>,
) -> c_int {
    guard(OutParam::discard(), || {
        let mut crc = Crc64::resume(before);
        // SAFETY: NULL or that many bytes (contract of `ffi`); the value is dropped before the
        // return.
        let data = unsafe { Bytes::borrow(data, len, "data") }?;
        crc.update(data.as_ref());
        write_number(out, Some(crc.value()))
    })
}
