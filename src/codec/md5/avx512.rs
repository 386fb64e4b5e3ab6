//! Sixteen lanes in each AVX-512 register, one or two groups of them in one instruction stream.
//!
//! The steps of MD5 depend on each other, so a second group uses the idle execution units. Message
//! blocks are loaded lane by lane and transposed in registers. Only three small functions access
//! memory, through references of known size.

use std::arch::x86_64::*;

use super::group::{Block, LaneGroup};
use super::rounds::rounds;

/// Advances every group by `count` blocks, or to the end of the shortest lane.
#[target_feature(enable = "avx512f")]
pub(super) fn compress<const G: usize>(groups: &mut [LaneGroup<'_, 16>; G], count: usize) {
    let zero = _mm512_setzero_si512();
    let [mut a, mut b, mut c, mut d] = [[zero; G]; 4];
    for g in 0..G {
        let [wa, wb, wc, wd] = &groups[g].state;
        [a[g], b[g], c[g], d[g]] = [load_words(wa), load_words(wb), load_words(wc), load_words(wd)];
    }
    let mut words = [[zero; 16]; G];
    'blocks: for index in 0..count {
        for g in 0..G {
            let Some(rows) = load_blocks(&groups[g].blocks, index) else { break 'blocks };
            words[g] = transpose(&rows);
        }
        let [a0, b0, c0, d0] = [a, b, c, d];
        macro_rules! step {
            ($function:ident, $a:ident, $b:ident, $c:ident, $d:ident,
                $word:literal, $shift:literal, $constant:literal) => {
                for g in 0..G {
                    let constant = _mm512_set1_epi32(u32::cast_signed($constant));
                    let sum = _mm512_add_epi32($a[g], _mm512_add_epi32(words[g][$word], constant));
                    let sum = _mm512_add_epi32(sum, $function($b[g], $c[g], $d[g]));
                    $a[g] = _mm512_add_epi32($b[g], _mm512_rol_epi32::<$shift>(sum));
                }
            };
        }
        rounds!(step, a, b, c, d);
        for g in 0..G {
            a[g] = _mm512_add_epi32(a[g], a0[g]);
            b[g] = _mm512_add_epi32(b[g], b0[g]);
            c[g] = _mm512_add_epi32(c[g], c0[g]);
            d[g] = _mm512_add_epi32(d[g], d0[g]);
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

/// Loads block `index` of every lane.
#[inline]
#[target_feature(enable = "avx512f")]
fn load_blocks(lanes: &[&[Block]; 16], index: usize) -> Option<[__m512i; 16]> {
    let mut rows = [_mm512_setzero_si512(); 16];
    for (row, blocks) in rows.iter_mut().zip(lanes) {
        *row = load_block(blocks.get(index)?);
    }
    Some(rows)
}

/// Transposes the blocks: row n has the words of lane n, vector w has word w of every lane.
#[inline]
#[target_feature(enable = "avx512f")]
fn transpose(rows: &[__m512i; 16]) -> [__m512i; 16] {
    // First 4×4 words within each 128-bit quarter, then the quarters between the vectors.
    let mut quads = [[_mm512_setzero_si512(); 4]; 4];
    for (quad, rows) in quads.iter_mut().zip(rows.as_chunks::<4>().0) {
        let low =
            [_mm512_unpacklo_epi32(rows[0], rows[1]), _mm512_unpacklo_epi32(rows[2], rows[3])];
        let high =
            [_mm512_unpackhi_epi32(rows[0], rows[1]), _mm512_unpackhi_epi32(rows[2], rows[3])];
        *quad = [
            _mm512_unpacklo_epi64(low[0], low[1]),
            _mm512_unpackhi_epi64(low[0], low[1]),
            _mm512_unpacklo_epi64(high[0], high[1]),
            _mm512_unpackhi_epi64(high[0], high[1]),
        ];
    }
    let mut words = [_mm512_setzero_si512(); 16];
    for w in 0..4 {
        let even = _mm512_shuffle_i32x4::<0x88>(quads[0][w], quads[1][w]);
        let odd = _mm512_shuffle_i32x4::<0xdd>(quads[0][w], quads[1][w]);
        let upper_even = _mm512_shuffle_i32x4::<0x88>(quads[2][w], quads[3][w]);
        let upper_odd = _mm512_shuffle_i32x4::<0xdd>(quads[2][w], quads[3][w]);
        words[w] = _mm512_shuffle_i32x4::<0x88>(even, upper_even);
        words[w + 4] = _mm512_shuffle_i32x4::<0x88>(odd, upper_odd);
        words[w + 8] = _mm512_shuffle_i32x4::<0xdd>(even, upper_even);
        words[w + 12] = _mm512_shuffle_i32x4::<0xdd>(odd, upper_odd);
    }
    words
}

// The immediates are truth tables: bit 4b + 2c + d is the value of the function.

/// `b ? c : d`
#[inline]
#[target_feature(enable = "avx512f")]
fn f(b: __m512i, c: __m512i, d: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xca>(b, c, d)
}

/// `d ? b : c`
#[inline]
#[target_feature(enable = "avx512f")]
fn g(b: __m512i, c: __m512i, d: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xe4>(b, c, d)
}

/// `b ^ c ^ d`
#[inline]
#[target_feature(enable = "avx512f")]
fn h(b: __m512i, c: __m512i, d: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x96>(b, c, d)
}

/// `c ^ (b | !d)`
#[inline]
#[target_feature(enable = "avx512f")]
fn i(b: __m512i, c: __m512i, d: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x39>(b, c, d)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_block(block: &Block) -> __m512i {
    // SAFETY: the reference covers the 64 bytes that are read; the load needs no alignment.
    unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_words(words: &[u32; 16]) -> __m512i {
    // SAFETY: the reference covers the 64 bytes that are read; the load needs no alignment.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store_words(words: &mut [u32; 16], value: __m512i) {
    // SAFETY: the reference covers the 64 bytes that are written; the store needs no alignment.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), value) }
}
