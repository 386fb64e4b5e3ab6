//! Which instructions advance the lanes, and the proof that this CPU has them.
//!
//! A [`Kernel`] is only a name. What runs is an [`Available`], which exists only for kernels that
//! detection has confirmed, so no caller can reach an instruction that would trap.

use std::array;

use super::group::{Group, Lane};
use super::portable;
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};

/// A way to compute MD5, from the plainest to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kernel {
    /// One stream after the other.
    Scalar,
    /// Eight lanes in plain Rust, as the compiler vectorises them for the target.
    Portable,
    /// Two groups of eight lanes.
    Avx2,
    /// Two groups of sixteen lanes.
    Avx512,
}

impl Kernel {
    /// Every kernel, on whatever CPU.
    pub const ALL: [Kernel; 4] = [Kernel::Scalar, Kernel::Portable, Kernel::Avx2, Kernel::Avx512];

    /// The fastest kernel of this CPU.
    pub fn best() -> Kernel {
        let vectors = [Kernel::Avx512, Kernel::Avx2].into_iter();
        vectors.filter(|kernel| kernel.is_available()).max().unwrap_or(Kernel::Portable)
    }

    /// Whether this CPU and its operating system can run it. Asked of the CPU once per process.
    pub fn is_available(self) -> bool {
        match self {
            Kernel::Scalar | Kernel::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => is_x86_feature_detected!("avx512f"),
            #[cfg(not(target_arch = "x86_64"))]
            Kernel::Avx2 | Kernel::Avx512 => false,
        }
    }

    /// How many streams it advances together.
    pub fn lanes(self) -> usize {
        match self {
            Kernel::Scalar => 1,
            Kernel::Portable => 8,
            Kernel::Avx2 => 16,
            Kernel::Avx512 => 32,
        }
    }
}

/// A kernel that this CPU was seen to support.
#[derive(Debug, Clone, Copy)]
pub(super) struct Available(Kernel);

impl Available {
    pub(super) fn check(kernel: Kernel) -> Option<Available> {
        kernel.is_available().then_some(Available(kernel))
    }

    pub(super) fn lanes(self) -> usize {
        self.0.lanes()
    }

    /// Advances every lane to the end of its blocks. The lanes run together for as long as the
    /// shortest has blocks; then that one leaves and the others go on.
    pub(super) fn advance(self, mut lanes: Vec<Lane<'_>>) {
        // Each turn ends at least one lane.
        loop {
            lanes.retain(|lane| !lane.blocks.is_empty());
            let Some(count) = lanes.iter().map(|lane| lane.blocks.len()).min() else { return };
            self.advance_by(&mut lanes, count);
        }
    }

    /// Advances every lane by `count` blocks, which each of them has.
    fn advance_by(self, lanes: &mut [Lane<'_>], count: usize) {
        match (self.0, lanes.len()) {
            // A vector costs the same however few of its lanes are in use: a wide one as much as
            // one scalar stream, the portable one as much as three or four.
            (Kernel::Scalar, _) | (Kernel::Portable, 0..=3) | (_, 0..=1) => in_turn(lanes, count),
            #[cfg(target_arch = "x86_64")]
            (Kernel::Avx2, 0..=8) => together::<8, 1>(lanes, count, |groups| {
                // SAFETY: `check` saw the AVX2 that this function is compiled for.
                unsafe { avx2::compress(groups, count) }
            }),
            #[cfg(target_arch = "x86_64")]
            (Kernel::Avx2, _) => together::<8, 2>(lanes, count, |groups| {
                // SAFETY: `check` saw the AVX2 that this function is compiled for.
                unsafe { avx2::compress(groups, count) }
            }),
            #[cfg(target_arch = "x86_64")]
            (Kernel::Avx512, 0..=16) => together::<16, 1>(lanes, count, |groups| {
                // SAFETY: `check` saw the AVX-512F that this function is compiled for.
                unsafe { avx512::compress(groups, count) }
            }),
            #[cfg(target_arch = "x86_64")]
            (Kernel::Avx512, _) => together::<16, 2>(lanes, count, |groups| {
                // SAFETY: `check` saw the AVX-512F that this function is compiled for.
                unsafe { avx512::compress(groups, count) }
            }),
            _ => together::<8, 1>(lanes, count, |[group]| portable::compress(group, count)),
        }
    }
}

fn in_turn(lanes: &mut [Lane<'_>], count: usize) {
    for lane in lanes {
        let (now, later) = lane.blocks.split_at(count);
        ::md5::block_api::compress(lane.state, now);
        lane.blocks = later;
    }
}

/// Runs `compress` over G groups of N lanes at a time.
fn together<'a, const N: usize, const G: usize>(
    lanes: &mut [Lane<'a>],
    count: usize,
    compress: impl Fn(&mut [Group<'a, N>; G]),
) {
    for pack in lanes.chunks_mut(N * G) {
        let [spare, ..] = pack else { return };
        let spare = spare.blocks;
        let mut groups = array::from_fn(|g| Group::gather(pack, g * N, spare));
        compress(&mut groups);
        for (lane, state) in pack.iter_mut().zip(groups.iter().flat_map(Group::states)) {
            *lane.state = state;
            lane.blocks = lane.blocks.split_at(count).1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_kernel_is_the_widest_available() {
        let widest = Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()).max();
        assert_eq!(Some(Kernel::best()), widest);
    }
}
