//! Four lanes in each NEON register, one or two groups of them in one instruction stream.
//!
//! Like `avx2`, but two of the functions are one instruction, and the rotation two. Only three small
//! functions access memory, through references of known size. For little-endian CPUs.

use std::arch::aarch64::*;

use super::group::{Block, LaneGroup};
use super::rounds::rounds;

/// Advances every group by `count` blocks, or to the end of the shortest lane.
#[target_feature(enable = "neon")]
pub(super) fn compress<const G: usize>(groups: &mut [LaneGroup<'_, 4>; G], count: usize) {
    let zero = vdupq_n_u32(0);
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
                    let constant = vdupq_n_u32($constant);
                    let sum = vaddq_u32($a[g], vaddq_u32(words[g][$word], constant));
                    let sum = vaddq_u32(sum, $function($b[g], $c[g], $d[g]));
                    let left = vshlq_n_u32::<$shift>(sum);
                    let rotated = vsriq_n_u32::<{ 32 - $shift }>(left, sum);
                    $a[g] = vaddq_u32($b[g], rotated);
                }
            };
        }
        rounds!(step, a, b, c, d);
        for g in 0..G {
            a[g] = vaddq_u32(a[g], a0[g]);
            b[g] = vaddq_u32(b[g], b0[g]);
            c[g] = vaddq_u32(c[g], c0[g]);
            d[g] = vaddq_u32(d[g], d0[g]);
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
#[target_feature(enable = "neon")]
fn transpose(lanes: &[&[Block]; 4], index: usize) -> Option<[uint32x4_t; 16]> {
    let mut blocks = [EMPTY; 4];
    for (block, lane) in blocks.iter_mut().zip(lanes) {
        *block = lane.get(index)?.as_chunks().0;
    }
    let mut words = [vdupq_n_u32(0); 16];
    for (quarter, words) in words.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let mut rows = [vdupq_n_u32(0); 4];
        for (row, block) in rows.iter_mut().zip(blocks) {
            *row = load_bytes(block.get(quarter)?);
        }
        let low = [vzip1q_u32(rows[0], rows[1]), vzip1q_u32(rows[2], rows[3])];
        let high = [vzip2q_u32(rows[0], rows[1]), vzip2q_u32(rows[2], rows[3])];
        *words = [
            low_halves(low[0], low[1]),
            high_halves(low[0], low[1]),
            low_halves(high[0], high[1]),
            high_halves(high[0], high[1]),
        ];
    }
    Some(words)
}

#[inline]
#[target_feature(enable = "neon")]
fn f(b: uint32x4_t, c: uint32x4_t, d: uint32x4_t) -> uint32x4_t {
    vbslq_u32(b, c, d)
}

#[inline]
#[target_feature(enable = "neon")]
fn g(b: uint32x4_t, c: uint32x4_t, d: uint32x4_t) -> uint32x4_t {
    vbslq_u32(d, b, c)
}

#[inline]
#[target_feature(enable = "neon")]
fn h(b: uint32x4_t, c: uint32x4_t, d: uint32x4_t) -> uint32x4_t {
    veorq_u32(b, veorq_u32(c, d))
}

#[inline]
#[target_feature(enable = "neon")]
fn i(b: uint32x4_t, c: uint32x4_t, d: uint32x4_t) -> uint32x4_t {
    veorq_u32(c, vornq_u32(b, d))
}

#[inline]
#[target_feature(enable = "neon")]
fn low_halves(first: uint32x4_t, second: uint32x4_t) -> uint32x4_t {
    let [first, second] = [vreinterpretq_u64_u32(first), vreinterpretq_u64_u32(second)];
    vreinterpretq_u32_u64(vzip1q_u64(first, second))
}

#[inline]
#[target_feature(enable = "neon")]
fn high_halves(first: uint32x4_t, second: uint32x4_t) -> uint32x4_t {
    let [first, second] = [vreinterpretq_u64_u32(first), vreinterpretq_u64_u32(second)];
    vreinterpretq_u32_u64(vzip2q_u64(first, second))
}

#[inline]
#[target_feature(enable = "neon")]
fn load_bytes(bytes: &[u8; 16]) -> uint32x4_t {
    // SAFETY: the reference covers the 16 bytes that are read; the load needs no alignment.
    vreinterpretq_u32_u8(unsafe { vld1q_u8(bytes.as_ptr()) })
}

#[inline]
#[target_feature(enable = "neon")]
fn load_words(words: &[u32; 4]) -> uint32x4_t {
    // SAFETY: the reference covers the four words that are read.
    unsafe { vld1q_u32(words.as_ptr()) }
}

#[inline]
#[target_feature(enable = "neon")]
fn store_words(words: &mut [u32; 4], value: uint32x4_t) {
    // SAFETY: the reference covers the four words that are written.
    unsafe { vst1q_u32(words.as_mut_ptr(), value) }
}

const EMPTY: &[[u8; 16]] = &[];
