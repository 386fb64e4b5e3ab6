//! Selects an implementation that the CPU supports.
//!
//! [`Kernel`] names an implementation. [`Available`] runs it, and can only be made after CPU
//! detection, so that unsupported instructions are unreachable.

use std::array;

use super::group::{Lane, LaneGroup};
#[cfg(target_arch = "aarch64")]
use super::neon;
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};

/// An implementation of MD5, from the narrowest to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kernel {
    /// One stream at a time, with the `md-5` crate.
    Scalar,
    /// Two groups of four lanes.
    Neon,
    /// Two groups of eight lanes.
    Avx2,
    /// Two groups of sixteen lanes.
    Avx512,
}

impl Kernel {
    /// All kernels, including those that the CPU does not support.
    #[cfg(any(test, feature = "bench-internals"))]
    pub const ALL: [Kernel; 4] = [Kernel::Scalar, Kernel::Neon, Kernel::Avx2, Kernel::Avx512];

    /// Returns the fastest kernel that the CPU supports.
    pub fn best() -> Kernel {
        let widest_first = [Kernel::Avx512, Kernel::Avx2, Kernel::Neon].into_iter();
        widest_first.filter(|kernel| kernel.is_available()).max().unwrap_or(Kernel::Scalar)
    }

    /// Returns true if the CPU and the operating system support the kernel. Detected once per
    /// process.
    pub fn is_available(self) -> bool {
        match self {
            Kernel::Scalar => true,
            #[cfg(target_arch = "aarch64")]
            Kernel::Neon => {
                cfg!(target_endian = "little") && std::arch::is_aarch64_feature_detected!("neon")
            }
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => is_x86_feature_detected!("avx512f"),
            // Of another CPU.
            _ => false,
        }
    }

    /// The number of streams that the kernel processes in parallel.
    pub fn lanes(self) -> usize {
        match self {
            Kernel::Scalar => 1,
            Kernel::Neon => 8,
            Kernel::Avx2 => 16,
            Kernel::Avx512 => 32,
        }
    }
}

/// A kernel that this CPU supports.
#[derive(Debug, Clone, Copy)]
pub(super) struct Available(Kernel);

impl Available {
    pub(super) fn check(kernel: Kernel) -> Option<Available> {
        kernel.is_available().then_some(Available(kernel))
    }

    pub(super) fn lanes(self) -> usize {
        self.0.lanes()
    }

    /// Processes all blocks of every lane. When the shortest lane has no more blocks, the others
    /// continue without it.
    pub(super) fn advance(self, mut lanes: Vec<Lane<'_>>) {
        // Each iteration finishes at least one lane.
        loop {
            lanes.retain(|lane| !lane.blocks.is_empty());
            let Some(count) = lanes.iter().map(|lane| lane.blocks.len()).min() else { return };
            self.advance_by(&mut lanes, count);
        }
    }

    /// Processes `count` blocks of every lane. Each lane must have at least that many.
    fn advance_by(self, lanes: &mut [Lane<'_>], count: usize) {
        match (self.0, lanes.len()) {
            // A vector step costs as much as a scalar step, so a single lane gains nothing.
            (Kernel::Scalar, _) | (_, 0..=1) => process_scalar(lanes, count),
            #[cfg(target_arch = "aarch64")]
            (Kernel::Neon, 0..=4) => process_groups::<4, 1>(lanes, count, |groups| {
                // SAFETY: `check` confirmed the NEON that this function is compiled for.
                unsafe { neon::compress(groups, count) }
            }),
            #[cfg(target_arch = "aarch64")]
            (Kernel::Neon, _) => process_groups::<4, 2>(lanes, count, |groups| {
                // SAFETY: `check` confirmed the NEON that this function is compiled for.
                unsafe { neon::compress(groups, count) }
            }),
            #[cfg(target_arch = "x86_64")]
            (Kernel::Avx2, 0..=8) => process_groups::<8, 1>(lanes, count, |groups| {
                // SAFETY: `check` confirmed the AVX2 that this function is compiled for.
                unsafe { avx2::compress(groups, count) }
            }),
            #[cfg(target_arch = "x86_64")]
            (Kernel::Avx2, _) => process_groups::<8, 2>(lanes, count, |groups| {
                // SAFETY: `check` confirmed the AVX2 that this function is compiled for.
                unsafe { avx2::compress(groups, count) }
            }),
            #[cfg(target_arch = "x86_64")]
            (Kernel::Avx512, 0..=16) => process_groups::<16, 1>(lanes, count, |groups| {
                // SAFETY: `check` confirmed the AVX-512F that this function is compiled for.
                unsafe { avx512::compress(groups, count) }
            }),
            #[cfg(target_arch = "x86_64")]
            (Kernel::Avx512, _) => process_groups::<16, 2>(lanes, count, |groups| {
                // SAFETY: `check` confirmed the AVX-512F that this function is compiled for.
                unsafe { avx512::compress(groups, count) }
            }),
            // Of another CPU, so `check` has refused it.
            _ => process_scalar(lanes, count),
        }
    }
}

fn process_scalar(lanes: &mut [Lane<'_>], count: usize) {
    for lane in lanes {
        let (blocks, rest) = lane.blocks.split_at(count);
        ::md5::block_api::compress(lane.state, blocks);
        lane.blocks = rest;
    }
}

/// Calls `compress` for G groups of N lanes at a time.
#[cfg_attr(
    not(any(target_arch = "aarch64", target_arch = "x86_64")),
    expect(dead_code, reason = "other CPUs have no vector kernel")
)]
fn process_groups<'a, const N: usize, const G: usize>(
    lanes: &mut [Lane<'a>],
    count: usize,
    compress: impl Fn(&mut [LaneGroup<'a, N>; G]),
) {
    for chunk in lanes.chunks_mut(N * G) {
        let [first, ..] = chunk else { return };
        let padding = first.blocks;
        let mut groups = array::from_fn(|g| LaneGroup::gather(chunk, g * N, padding));
        compress(&mut groups);
        for (lane, state) in chunk.iter_mut().zip(groups.iter().flat_map(LaneGroup::states)) {
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
