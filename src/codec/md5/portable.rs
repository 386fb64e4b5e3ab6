//! The kernel for every CPU: plain arrays that the compiler turns into vectors of the target.

use super::group::{Block, Group};
use super::rounds::rounds;

/// Advances N lanes by `count` blocks, or to the end of the shortest lane.
pub(super) fn compress<const N: usize>(group: &mut Group<'_, N>, count: usize) {
    let [mut a, mut b, mut c, mut d] = group.state;
    for index in 0..count {
        let Some(words) = transpose(&group.blocks, index) else { break };
        let [a0, b0, c0, d0] = [a, b, c, d];
        macro_rules! step {
            ($function:ident, $a:ident, $b:ident, $c:ident, $d:ident,
                $word:literal, $shift:literal, $constant:literal) => {
                for n in 0..N {
                    let sum = $a[n].wrapping_add(words[$word][n]).wrapping_add($constant);
                    let sum = sum.wrapping_add($function($b[n], $c[n], $d[n]));
                    $a[n] = sum.rotate_left($shift).wrapping_add($b[n]);
                }
            };
        }
        rounds!(step, a, b, c, d);
        for (sum, start) in [(&mut a, a0), (&mut b, b0), (&mut c, c0), (&mut d, d0)] {
            for n in 0..N {
                sum[n] = sum[n].wrapping_add(start[n]);
            }
        }
    }
    group.state = [a, b, c, d];
}

/// Word by word what the lanes hold lane by lane.
fn transpose<const N: usize>(lanes: &[&[Block]; N], index: usize) -> Option<[[u32; N]; 16]> {
    let mut words = [[0; N]; 16];
    for (n, blocks) in lanes.iter().enumerate() {
        let (bytes, _) = blocks.get(index)?.as_chunks::<4>();
        for (word, bytes) in words.iter_mut().zip(bytes) {
            word[n] = u32::from_le_bytes(*bytes);
        }
    }
    Some(words)
}

fn f(b: u32, c: u32, d: u32) -> u32 {
    d ^ (b & (c ^ d))
}

fn g(b: u32, c: u32, d: u32) -> u32 {
    c ^ (d & (b ^ c))
}

fn h(b: u32, c: u32, d: u32) -> u32 {
    b ^ c ^ d
}

fn i(b: u32, c: u32, d: u32) -> u32 {
    c ^ (b | !d)
}
