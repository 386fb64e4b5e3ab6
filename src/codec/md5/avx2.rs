//! Eight lanes in each AVX2 register, one or two groups of them in one instruction stream.
//!
//! Like `avx512`, but the functions and the rotation need three instructions instead of one. Only
//! three small functions access memory, through references of known size.

use std::arch::x86_64::*;

use super::group::{Block, LaneGroup};
use super::rounds::rounds;

/// Advances every group by `count` blocks, or to the end of the shortest lane.
#[target_feature(enable = "avx2")]
pub(super) fn compress<const G: usize>(groups: &mut [LaneGroup<'_, 8>; G], count: usize) {
    let zero = _mm256_setzero_si256();
    let [mut a, mut b, mut c, mut d] = [[zero; G]; 4];
    for g in 0..G {
        let [wa, wb, wc, wd] = &groups[g].state;
        [a[g], b[g], c[g], d[g]] = [load_words(wa), load_words(wb), load_words(wc), load_words(wd)];
    }
    let mut words = [[zero; 16]; G];
    'blocks: for index in 0..count {
        for g in 0..G {
            let Some(transposed) = transpose(&groups[g].blocks, index) else { break 'blocks };
            words[g] = transposed;
        }
        let [a0, b0, c0, d0] = [a, b, c, d];
        macro_rules! step {
            ($function:ident, $a:ident, $b:ident, $c:ident, $d:ident,
                $word:literal, $shift:literal, $constant:literal) => {
                for g in 0..G {
                    let constant = _mm256_set1_epi32(u32::cast_signed($constant));
                    let sum = _mm256_add_epi32($a[g], _mm256_add_epi32(words[g][$word], constant));
                    let sum = _mm256_add_epi32(sum, $function($b[g], $c[g], $d[g]));
                    let left = _mm256_slli_epi32::<$shift>(sum);
                    let right = _mm256_srli_epi32::<{ 32 - $shift }>(sum);
                    $a[g] = _mm256_add_epi32($b[g], _mm256_or_si256(left, right));
                }
            };
        }
        rounds!(step, a, b, c, d);
        for g in 0..G {
            a[g] = _mm256_add_epi32(a[g], a0[g]);
            b[g] = _mm256_add_epi32(b[g], b0[g]);
            c[g] = _mm256_add_epi32(c[g], c0[g]);
            d[g] = _mm256_add_epi32(d[g], d0[g]);
        }
    }
    for g in 0..G {
        let [wa, wb, wc, wd] = &mut groups[g].state;
        store_words(wa, a[g]);
        store_words(wb, b[g]);
        store_words(wc, c[g]);
        store_words(wd, d[g]);
    }
}

/// Loads block `index` of every lane and transposes it: vector w has word w of every lane.
#[inline]
#[target_feature(enable = "avx2")]
fn transpose(lanes: &[&[Block]; 8], index: usize) -> Option<[__m256i; 16]> {
    let mut blocks = [EMPTY; 8];
    for (block, lane) in blocks.iter_mut().zip(lanes) {
        *block = lane.get(index)?.as_chunks().0;
    }
    let mut words = [_mm256_setzero_si256(); 16];
    for (quarter, words) in words.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        // Lanes n and n + 4 share a row, so that only 4×4 words remain to be transposed.
        let mut rows = [_mm256_setzero_si256(); 4];
        for (n, row) in rows.iter_mut().enumerate() {
            *row = load_pair(blocks[n].get(quarter)?, blocks[n + 4].get(quarter)?);
        }
        let low =
            [_mm256_unpacklo_epi32(rows[0], rows[1]), _mm256_unpacklo_epi32(rows[2], rows[3])];
        let high =
            [_mm256_unpackhi_epi32(rows[0], rows[1]), _mm256_unpackhi_epi32(rows[2], rows[3])];
        *words = [
            _mm256_unpacklo_epi64(low[0], low[1]),
            _mm256_unpackhi_epi64(low[0], low[1]),
            _mm256_unpacklo_epi64(high[0], high[1]),
            _mm256_unpackhi_epi64(high[0], high[1]),
        ];
    }
    Some(words)
}

#[inline]
#[target_feature(enable = "avx2")]
fn f(b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_xor_si256(d, _mm256_and_si256(b, _mm256_xor_si256(c, d)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn g(b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_xor_si256(c, _mm256_and_si256(d, _mm256_xor_si256(b, c)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn h(b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_xor_si256(b, _mm256_xor_si256(c, d))
}

#[inline]
#[target_feature(enable = "avx2")]
fn i(b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    let not_d = _mm256_xor_si256(d, _mm256_set1_epi32(-1));
    _mm256_xor_si256(c, _mm256_or_si256(b, not_d))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_pair(low: &[u8; 16], high: &[u8; 16]) -> __m256i {
    // SAFETY: each reference covers the 16 bytes that are read; the load needs no alignment.
    unsafe { _mm256_loadu2_m128i(high.as_ptr().cast(), low.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_words(words: &[u32; 8]) -> __m256i {
    // SAFETY: the reference covers the 32 bytes that are read; the load needs no alignment.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store_words(words: &mut [u32; 8], value: __m256i) {
    // SAFETY: the reference covers the 32 bytes that are written; the store needs no alignment.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), value) }
}

const EMPTY: &[[u8; 16]] = &[];
