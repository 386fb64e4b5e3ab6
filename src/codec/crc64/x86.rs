//! CRC-64/XZ with the carry-less multiplication of x86, on registers of 128, 256 or 512 bits.

#[cfg(target_arch = "x86")]
use std::arch::x86::*;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use super::fold_factors::{DIVISOR, HALF_FACTOR, INVERSE, fold_factors};

/// Instructions that this CPU has.
#[derive(Debug, Clone, Copy)]
pub(super) struct FoldingKernel(Instructions);

#[derive(Debug, Clone, Copy)]
enum Instructions {
    Pclmulqdq,
    Vpclmulqdq256,
    Vpclmulqdq512,
}

impl FoldingKernel {
    /// The widest one.
    pub(super) fn best() -> Option<Self> {
        Self::widest_first().next()
    }

    /// All, the widest first.
    pub(super) fn widest_first() -> impl Iterator<Item = Self> {
        use Instructions::{Pclmulqdq, Vpclmulqdq256, Vpclmulqdq512};
        let known = [Vpclmulqdq512, Vpclmulqdq256, Pclmulqdq];
        known.into_iter().filter(|instructions| instructions.are_available()).map(Self)
    }

    /// Advances the register over all but the last bytes, which are fewer than 16 if there are at
    /// least [`LENGTH_MIN`]; returns it and them.
    pub(super) fn advance(self, register: u64, bytes: &[u8]) -> (u64, &[u8]) {
        match self.0 {
            // SAFETY: a value exists only if the CPU has its instructions.
            Instructions::Pclmulqdq => unsafe { advance_128(register, bytes) },
            // SAFETY: as above.
            Instructions::Vpclmulqdq256 => unsafe { advance_256(register, bytes) },
            // SAFETY: as above.
            Instructions::Vpclmulqdq512 => unsafe { advance_512(register, bytes) },
        }
    }
}

impl Instructions {
    fn are_available(self) -> bool {
        let has_pclmulqdq =
            is_x86_feature_detected!("pclmulqdq") && is_x86_feature_detected!("sse2");
        let has_vpclmulqdq = || has_pclmulqdq && is_x86_feature_detected!("vpclmulqdq");
        match self {
            Self::Pclmulqdq => has_pclmulqdq,
            Self::Vpclmulqdq256 => has_vpclmulqdq() && is_x86_feature_detected!("avx2"),
            Self::Vpclmulqdq512 => has_vpclmulqdq() && is_x86_feature_detected!("avx512f"),
        }
    }
}

/// Fewer bytes are left to the tables.
pub(super) const LENGTH_MIN: usize = 256;

#[target_feature(enable = "sse2,pclmulqdq")]
fn advance_128(register: u64, bytes: &[u8]) -> (u64, &[u8]) {
    let (blocks, rest) = bytes.as_chunks::<128>();
    let Some((first, blocks)) = blocks.split_first() else {
        return (register, bytes);
    };
    let mut sums = load_128(first);
    sums[0] = _mm_xor_si128(sums[0], from_register(register));
    let factors = factors_for::<128>();
    for block in blocks {
        for (sum, next) in sums.iter_mut().zip(load_128(block)) {
            *sum = fold_128(*sum, factors, next);
        }
    }
    let [first, others @ ..] = sums;
    let factors = factors_for::<16>();
    finish(others.into_iter().fold(first, |sum, next| fold_128(sum, factors, next)), rest)
}

#[target_feature(enable = "avx2,vpclmulqdq,pclmulqdq")]
fn advance_256(register: u64, bytes: &[u8]) -> (u64, &[u8]) {
    let (blocks, rest) = bytes.as_chunks::<128>();
    let Some((first, blocks)) = blocks.split_first() else {
        return (register, bytes);
    };
    let mut sums = load_256(first);
    let register = _mm256_zextsi128_si256(from_register(register));
    sums[0] = _mm256_xor_si256(sums[0], register);
    let factors = _mm256_broadcastsi128_si256(factors_for::<128>());
    for block in blocks {
        for (sum, next) in sums.iter_mut().zip(load_256(block)) {
            *sum = fold_256(*sum, factors, next);
        }
    }
    let [first, others @ ..] = sums;
    let factors = _mm256_broadcastsi128_si256(factors_for::<32>());
    let sum = others.into_iter().fold(first, |sum, next| fold_256(sum, factors, next));
    let (low, high) = (_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
    finish(fold_128(low, factors_for::<16>(), high), rest)
}

#[target_feature(enable = "avx512f,vpclmulqdq,pclmulqdq")]
fn advance_512(register: u64, bytes: &[u8]) -> (u64, &[u8]) {
    let (blocks, rest) = bytes.as_chunks::<256>();
    let Some((first, blocks)) = blocks.split_first() else {
        return (register, bytes);
    };
    let mut sums = load_512(first);
    let register = _mm512_zextsi128_si512(from_register(register));
    sums[0] = _mm512_xor_si512(sums[0], register);
    let factors = _mm512_broadcast_i32x4(factors_for::<256>());
    for block in blocks {
        for (sum, next) in sums.iter_mut().zip(load_512(block)) {
            *sum = fold_512(*sum, factors, next);
        }
    }
    let [first, others @ ..] = sums;
    let factors = _mm512_broadcast_i32x4(factors_for::<64>());
    let sum = others.into_iter().fold(first, |sum, next| fold_512(sum, factors, next));
    let [first, others @ ..] = [
        _mm512_extracti32x4_epi32::<0>(sum),
        _mm512_extracti32x4_epi32::<1>(sum),
        _mm512_extracti32x4_epi32::<2>(sum),
        _mm512_extracti32x4_epi32::<3>(sum),
    ];
    let factors = factors_for::<16>();
    finish(others.into_iter().fold(first, |sum, next| fold_128(sum, factors, next)), rest)
}

/// Folds all blocks of 16 bytes, and reduces the sum to the register.
#[inline]
#[target_feature(enable = "sse2,pclmulqdq")]
fn finish(sum: __m128i, bytes: &[u8]) -> (u64, &[u8]) {
    let (lines, rest) = bytes.as_chunks::<16>();
    let factors = factors_for::<16>();
    let sum = lines.iter().fold(sum, |sum, line| fold_128(sum, factors, load_line(line)));
    (reduce(sum), rest)
}

/// Moves a register on, and adds the next bytes.
#[inline]
#[target_feature(enable = "sse2,pclmulqdq")]
fn fold_128(sum: __m128i, factors: __m128i, next: __m128i) -> __m128i {
    let low = _mm_clmulepi64_si128::<0x00>(sum, factors);
    let high = _mm_clmulepi64_si128::<0x11>(sum, factors);
    _mm_xor_si128(_mm_xor_si128(low, high), next)
}

/// As [`fold_128`], in each lane of 128 bits.
#[inline]
#[target_feature(enable = "avx2,vpclmulqdq")]
fn fold_256(sum: __m256i, factors: __m256i, next: __m256i) -> __m256i {
    let low = _mm256_clmulepi64_epi128::<0x00>(sum, factors);
    let high = _mm256_clmulepi64_epi128::<0x11>(sum, factors);
    _mm256_xor_si256(_mm256_xor_si256(low, high), next)
}

/// As [`fold_128`], in each lane of 128 bits.
#[inline]
#[target_feature(enable = "avx512f,vpclmulqdq")]
fn fold_512(sum: __m512i, factors: __m512i, next: __m512i) -> __m512i {
    const XOR_OF_THREE: i32 = 0x96;
    let low = _mm512_clmulepi64_epi128::<0x00>(sum, factors);
    let high = _mm512_clmulepi64_epi128::<0x11>(sum, factors);
    _mm512_ternarylogic_epi64::<XOR_OF_THREE>(low, high, next)
}

#[inline]
#[target_feature(enable = "sse2")]
fn factors_for<const BYTES: u32>() -> __m128i {
    let (low, high) = const { fold_factors(BYTES) };
    _mm_set_epi64x(high.cast_signed(), low.cast_signed())
}

/// Reduces 128 bits to the register.
#[inline]
#[target_feature(enable = "sse2,pclmulqdq")]
fn reduce(sum: __m128i) -> u64 {
    let factor = from_register(HALF_FACTOR);
    let product = _mm_clmulepi64_si128::<0x00>(sum, factor);
    let sum = _mm_xor_si128(_mm_srli_si128::<8>(sum), product);
    let constants = _mm_set_epi64x(DIVISOR.cast_signed(), INVERSE.cast_signed());
    let quotient = _mm_clmulepi64_si128::<0x00>(sum, constants);
    let multiple = _mm_clmulepi64_si128::<0x10>(quotient, constants);
    // The highest term of the polynomial, which the 64 bits of the divisor do not hold.
    let multiple = _mm_xor_si128(multiple, _mm_slli_si128::<8>(quotient));
    upper_half(_mm_xor_si128(sum, multiple))
}

#[inline]
#[target_feature(enable = "sse2")]
fn from_register(register: u64) -> __m128i {
    _mm_set_epi64x(0, register.cast_signed())
}

#[inline]
#[target_feature(enable = "sse2")]
fn upper_half(value: __m128i) -> u64 {
    let upper = _mm_unpackhi_epi64(value, value);
    let mut half = 0_u64;
    // SAFETY: the store is to the eight bytes of `half`, and needs no alignment.
    unsafe { _mm_storel_epi64((&raw mut half).cast(), upper) };
    half
}

#[inline]
#[target_feature(enable = "sse2")]
fn load_line(line: &[u8; 16]) -> __m128i {
    // SAFETY: the reference is to 16 bytes, and the load needs no alignment.
    unsafe { _mm_loadu_si128(line.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn load_128(block: &[u8; 128]) -> [__m128i; 8] {
    let (lines, _) = block.as_chunks::<16>();
    let mut loaded = [_mm_setzero_si128(); 8];
    for (loaded, line) in loaded.iter_mut().zip(lines) {
        *loaded = load_line(line);
    }
    loaded
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_256(block: &[u8; 128]) -> [__m256i; 4] {
    let (lines, _) = block.as_chunks::<32>();
    let mut loaded = [_mm256_setzero_si256(); 4];
    for (loaded, line) in loaded.iter_mut().zip(lines) {
        // SAFETY: the reference is to 32 bytes, and the load needs no alignment.
        *loaded = unsafe { _mm256_loadu_si256(line.as_ptr().cast()) };
    }
    loaded
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_512(block: &[u8; 256]) -> [__m512i; 4] {
    let (lines, _) = block.as_chunks::<64>();
    let mut loaded = [_mm512_setzero_si512(); 4];
    for (loaded, line) in loaded.iter_mut().zip(lines) {
        // SAFETY: the reference is to 64 bytes, and the load needs no alignment.
        *loaded = unsafe { _mm512_loadu_si512(line.as_ptr().cast()) };
    }
    loaded
}
