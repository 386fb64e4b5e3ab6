//! CRC-64/XZ with carry-less multiplication on 256-bit registers, for x86-64 without AVX-512.
//!
//! Folding as in Intel's "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ": four
//! registers move over 128 bytes at a time, are folded into 128 bits and then reduced to 64 after
//! Barrett. All polynomials are reflected: the lowest bit is the highest power.

use std::arch::x86_64::*;

use super::POLYNOMIAL;

/// Shorter inputs are faster with `crc-fast`.
pub(super) const LENGTH_MIN: usize = 256;

/// Returns whether the CPU has the instructions.
pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("vpclmulqdq")
        && is_x86_feature_detected!("pclmulqdq")
        && is_x86_feature_detected!("avx2")
}

/// Returns whether this kernel is the fastest one: `crc-fast` has wider ones for AVX-512, which it
/// uses wherever this feature is detected.
pub(super) fn is_best() -> bool {
    is_available() && !is_x86_feature_detected!("avx512vl")
}

/// Advances the register over all blocks of 128 bytes; returns it and the remaining bytes.
#[target_feature(enable = "avx2,vpclmulqdq,pclmulqdq")]
pub(super) fn advance(register: u64, bytes: &[u8]) -> (u64, &[u8]) {
    let (blocks, rest) = bytes.as_chunks::<128>();
    let Some((first, blocks)) = blocks.split_first() else {
        return (register, bytes);
    };
    let mut sums = load(first);
    let register = _mm256_set_epi64x(0, 0, 0, register.cast_signed());
    sums[0] = _mm256_xor_si256(sums[0], register);
    let factor = _mm256_broadcastsi128_si256(factor_for::<128>());
    for block in blocks {
        for (sum, next) in sums.iter_mut().zip(load(block)) {
            *sum = fold(*sum, factor, next);
        }
    }
    let factor = _mm256_broadcastsi128_si256(factor_for::<32>());
    let [first, others @ ..] = sums;
    let sum = others.into_iter().fold(first, |sum, next| fold(sum, factor, next));
    let (low, high) = (_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
    let low_product = _mm_clmulepi64_si128::<0x00>(low, factor_for::<16>());
    let high_product = _mm_clmulepi64_si128::<0x11>(low, factor_for::<16>());
    (reduce(_mm_xor_si128(_mm_xor_si128(low_product, high_product), high)), rest)
}

/// Multiplies both halves of each 128-bit lane, and adds the next bytes.
#[inline]
#[target_feature(enable = "avx2,vpclmulqdq")]
fn fold(sum: __m256i, factor: __m256i, next: __m256i) -> __m256i {
    let low = _mm256_clmulepi64_epi128::<0x00>(sum, factor);
    let high = _mm256_clmulepi64_epi128::<0x11>(sum, factor);
    _mm256_xor_si256(_mm256_xor_si256(low, high), next)
}

/// What the two halves of a 128-bit lane are multiplied by to move `BYTES` on. A product has one bit
/// less than a lane.
#[inline]
#[target_feature(enable = "sse2")]
fn factor_for<const BYTES: u32>() -> __m128i {
    let (low, high) = const { (power(BYTES * 8 + 63), power(BYTES * 8 - 1)) };
    _mm_set_epi64x(high.cast_signed(), low.cast_signed())
}

/// Reduces 128 bits to the register.
#[inline]
#[target_feature(enable = "sse2,pclmulqdq")]
fn reduce(sum: __m128i) -> u64 {
    let factor = _mm_set_epi64x(0, const { power(127) }.cast_signed());
    let product = _mm_clmulepi64_si128::<0x00>(sum, factor);
    let sum = _mm_xor_si128(_mm_srli_si128::<8>(sum), product);
    let constants = _mm_set_epi64x(DIVISOR.cast_signed(), const { inverse() }.cast_signed());
    let quotient = _mm_clmulepi64_si128::<0x00>(sum, constants);
    let multiple = _mm_clmulepi64_si128::<0x10>(quotient, constants);
    // The highest term of the polynomial, which the 64 bits of the divisor do not hold.
    let multiple = _mm_xor_si128(multiple, _mm_slli_si128::<8>(quotient));
    let register = _mm_unpackhi_epi64(_mm_xor_si128(sum, multiple), sum);
    _mm_cvtsi128_si64(register).cast_unsigned()
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(block: &[u8; 128]) -> [__m256i; 4] {
    let (lines, _) = block.as_chunks::<32>();
    let mut loaded = [_mm256_setzero_si256(); 4];
    for (loaded, line) in loaded.iter_mut().zip(lines) {
        // SAFETY: the reference is to 32 bytes, and the load needs no alignment.
        *loaded = unsafe { _mm256_loadu_si256(line.as_ptr().cast()) };
    }
    loaded
}

/// x^n modulo the polynomial.
const fn power(n: u32) -> u64 {
    let mut value = super::ONE;
    let mut step = 0;
    while step < n {
        value = value >> 1 ^ POLYNOMIAL & (value & 1).wrapping_neg();
        step += 1;
    }
    value
}

/// The 64 lowest bits of the inverse of the divisor, with which Barrett's reduction multiplies.
const fn inverse() -> u64 {
    let (mut inverse, mut rest, mut bit) = (0, 1_u64, 0);
    while bit < u64::BITS {
        if rest >> bit & 1 == 1 {
            inverse |= 1 << bit;
            rest ^= DIVISOR << bit;
        }
        bit += 1;
    }
    inverse
}

/// The polynomial with its leading term, without its last one.
const DIVISOR: u64 = POLYNOMIAL << 1 | 1;
