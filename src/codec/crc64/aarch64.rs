//! CRC-64/XZ with the carry-less multiplication of aarch64, on registers of 128 bits.

use std::arch::aarch64::*;
use std::arch::is_aarch64_feature_detected;

use super::fold_factors::{DIVISOR, HALF_FACTOR, INVERSE, fold_factors};

/// Instructions that this CPU has.
#[derive(Debug, Clone, Copy)]
pub(super) struct FoldingKernel(());

impl FoldingKernel {
    pub(super) fn best() -> Option<Self> {
        Self::widest_first().next()
    }

    pub(super) fn widest_first() -> impl Iterator<Item = Self> {
        let has_pmull = cfg!(target_endian = "little") && is_aarch64_feature_detected!("aes");
        has_pmull.then_some(Self(())).into_iter()
    }

    /// Advances the register over all but the last bytes, which are fewer than 16 if there are at
    /// least [`LENGTH_MIN`]; returns it and them.
    pub(super) fn advance(self, register: u64, bytes: &[u8]) -> (u64, &[u8]) {
        // SAFETY: a value exists only if the CPU has the instructions.
        unsafe { advance(register, bytes) }
    }
}

/// Fewer bytes are left to the tables.
pub(super) const LENGTH_MIN: usize = 128;

#[target_feature(enable = "neon,aes")]
fn advance(register: u64, bytes: &[u8]) -> (u64, &[u8]) {
    let (blocks, rest) = bytes.as_chunks::<128>();
    let Some((first, blocks)) = blocks.split_first() else {
        return (register, bytes);
    };
    let mut sums = load_block(first);
    sums[0] = veorq_u64(sums[0], vcombine_u64(vcreate_u64(register), vcreate_u64(0)));
    let factors = const { fold_factors(128) };
    for block in blocks {
        for (sum, next) in sums.iter_mut().zip(load_block(block)) {
            *sum = fold(*sum, factors, next);
        }
    }
    let [first, others @ ..] = sums;
    let factors = const { fold_factors(16) };
    let sum = others.into_iter().fold(first, |sum, next| fold(sum, factors, next));
    let (lines, rest) = rest.as_chunks::<16>();
    let sum = lines.iter().fold(sum, |sum, line| fold(sum, factors, load_line(line)));
    (reduce(sum), rest)
}

/// Moves a register on, and adds the next bytes.
#[inline]
#[target_feature(enable = "neon,aes")]
fn fold(sum: uint64x2_t, (low, high): (u64, u64), next: uint64x2_t) -> uint64x2_t {
    let low = product(vgetq_lane_u64::<0>(sum), low);
    let high = product(vgetq_lane_u64::<1>(sum), high);
    veorq_u64(veorq_u64(low, high), next)
}

/// Reduces 128 bits to the register.
#[inline]
#[target_feature(enable = "neon,aes")]
fn reduce(sum: uint64x2_t) -> u64 {
    let (low, high) = (vgetq_lane_u64::<0>(sum), vgetq_lane_u64::<1>(sum));
    let folded = product(low, HALF_FACTOR);
    let low = high ^ vgetq_lane_u64::<0>(folded);
    let quotient = vgetq_lane_u64::<0>(product(low, INVERSE));
    let multiple = product(quotient, DIVISOR);
    // The highest term of the polynomial, which the 64 bits of the divisor do not hold.
    vgetq_lane_u64::<1>(folded) ^ vgetq_lane_u64::<1>(multiple) ^ quotient
}

#[inline]
#[target_feature(enable = "neon,aes")]
fn product(a: u64, b: u64) -> uint64x2_t {
    vreinterpretq_u64_p128(vmull_p64(a, b))
}

#[inline]
#[target_feature(enable = "neon")]
fn load_line(line: &[u8; 16]) -> uint64x2_t {
    // SAFETY: the reference is to 16 bytes, and the load needs no alignment.
    vreinterpretq_u64_u8(unsafe { vld1q_u8(line.as_ptr()) })
}

#[inline]
#[target_feature(enable = "neon")]
fn load_block(block: &[u8; 128]) -> [uint64x2_t; 8] {
    let (lines, _) = block.as_chunks::<16>();
    let mut loaded = [vdupq_n_u64(0); 8];
    for (loaded, line) in loaded.iter_mut().zip(lines) {
        *loaded = load_line(line);
    }
    loaded
}
