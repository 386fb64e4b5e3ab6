//! Independent MD5 digests that are computed in parallel.
//!
//! Fastest if each update appends the same multiple of 64 bytes to every lane.

use std::slice;

use super::Digest;
use super::group::{Block, INITIAL_STATE, Lane, Md5State};
use super::kernel::{Available, Kernel};

/// Up to [`Kernel::lanes`] incremental digests.
#[derive(Debug)]
pub struct Lanes {
    kernel: Available,
    states: Vec<Md5State>,
    tails: Vec<Tail>,
}

impl Lanes {
    /// Starts `count` digests. `None` if the CPU lacks the kernel or the kernel has fewer lanes.
    pub fn new(kernel: Kernel, count: usize) -> Option<Lanes> {
        let kernel = Available::check(kernel).filter(|kernel| count <= kernel.lanes())?;
        Some(Lanes::start(kernel, count))
    }

    pub(super) fn start(kernel: Available, count: usize) -> Lanes {
        Lanes { kernel, states: vec![INITIAL_STATE; count], tails: vec![Tail::default(); count] }
    }

    /// Appends a slice of any length to each lane. Missing slices count as empty, and surplus
    /// slices are ignored.
    pub fn update(&mut self, slices: &[&[u8]]) {
        let tails = self.tails.iter_mut().zip(slices);
        let rests: Vec<&[u8]> = tails.map(|(tail, slice)| tail.complete(slice)).collect();

        let lanes = self.states.iter_mut().zip(&self.tails);
        let completed = lanes.map(|(state, tail)| Lane { state, blocks: tail.full_block() });
        self.kernel.advance(completed.collect());

        let lanes = self.states.iter_mut().zip(&rests);
        let following = lanes.map(|(state, rest)| Lane { state, blocks: rest.as_chunks().0 });
        self.kernel.advance(following.collect());

        for ((tail, rest), slice) in self.tails.iter_mut().zip(rests).zip(slices) {
            tail.keep(rest.as_chunks::<64>().1);
            tail.length = tail.length.wrapping_add(slice.len() as u64);
        }
    }

    /// Returns the digest of each lane, in order.
    pub fn finish(mut self) -> Vec<Digest> {
        let paddings: Vec<Padding> = self.tails.iter().map(Tail::pad).collect();
        let lanes = self.states.iter_mut().zip(&paddings);
        let last = lanes.map(|(state, padding)| Lane { state, blocks: padding.blocks() });
        self.kernel.advance(last.collect());
        self.states.iter().map(digest).collect()
    }
}

/// The incomplete block of a lane, and the total length of the lane.
#[derive(Debug, Clone)]
struct Tail {
    bytes: Block,
    /// The bytes in use: at most 64, and 64 only during an update.
    filled: usize,
    length: u64,
}

impl Tail {
    /// Completes a partial block and returns the rest of the slice.
    fn complete<'a>(&mut self, slice: &'a [u8]) -> &'a [u8] {
        if self.filled == 0 { slice } else { self.fill(slice) }
    }

    /// Returns the block if it is full.
    fn full_block(&self) -> &[Block] {
        if self.filled == self.bytes.len() { slice::from_ref(&self.bytes) } else { &[] }
    }

    /// Drops the block if it was full, and keeps `rest`, which is shorter than a block.
    fn keep(&mut self, rest: &[u8]) {
        self.filled %= self.bytes.len();
        self.fill(rest);
    }

    fn fill<'a>(&mut self, slice: &'a [u8]) -> &'a [u8] {
        let free = self.bytes.iter_mut().skip(self.filled);
        let (used, rest) = slice.split_at(slice.len().min(free.len()));
        free.zip(used).for_each(|(place, byte)| *place = *byte);
        self.filled += used.len();
        rest
    }

    /// Pads the message as in RFC 1321: a one bit, zeros, and the length in bits.
    fn pad(&self) -> Padding {
        let mut bytes = [[0; 64]; 2];
        let message = self.bytes.iter().take(self.filled).chain(&[0x80]);
        bytes.as_flattened_mut().iter_mut().zip(message).for_each(|(to, from)| *to = *from);
        let count = if self.filled < 56 { 1 } else { 2 };
        let bits = self.length.wrapping_mul(8).to_le_bytes();
        bytes[count - 1][56..].copy_from_slice(&bits);
        Padding { bytes, count }
    }
}

impl Default for Tail {
    fn default() -> Tail {
        Tail { bytes: [0; 64], filled: 0, length: 0 }
    }
}

/// The last one or two blocks of a message.
#[derive(Debug)]
struct Padding {
    bytes: [Block; 2],
    count: usize,
}

impl Padding {
    fn blocks(&self) -> &[Block] {
        self.bytes.split_at(self.count).0
    }
}

fn digest(state: &Md5State) -> Digest {
    let mut bytes = [0; 16];
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_le_bytes();
    }
    Digest(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::md5;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_unsupported_kernel_is_rejected() {
        for kernel in Kernel::ALL {
            assert_eq!(Lanes::new(kernel, 1).is_some(), kernel.is_available(), "{kernel:?}");
        }
    }

    #[test]
    fn more_lanes_than_the_kernel_has_are_rejected() {
        for kernel in available() {
            assert!(Lanes::new(kernel, 0).unwrap().finish().is_empty());
            assert!(Lanes::new(kernel, kernel.lanes()).is_some(), "{kernel:?}");
            assert!(Lanes::new(kernel, kernel.lanes() + 1).is_none(), "{kernel:?}");
        }
    }

    #[test]
    fn every_number_of_lanes_gives_correct_digests() {
        let source = source(2000);
        for kernel in available() {
            for count in 1..=kernel.lanes() {
                // Unaligned starts, equal lengths.
                check(kernel, &(0..count).map(|n| &source[n..n + 300]).collect::<Vec<_>>());
                // Unequal lengths, with empty lanes among them.
                let unequal = (0..count).map(|n| &source[n..][..n * 97 % 640]);
                check(kernel, &unequal.collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn every_short_length_gives_correct_digests() {
        let source = source(300);
        for kernel in available() {
            for length in 0..=200 {
                let slices: Vec<_> = (0..kernel.lanes()).map(|n| &source[n..n + length]).collect();
                check(kernel, &slices);
            }
        }
    }

    #[test]
    fn lengths_around_16_kib_give_correct_digests() {
        let source = source(17_000);
        for kernel in available() {
            let lengths = (0..kernel.lanes()).map(|n| 16_384 - 65 + n * 67 % 131);
            check(kernel, &lengths.map(|length| &source[..length]).collect::<Vec<_>>());
        }
    }

    #[test]
    fn missing_slices_are_empty_and_surplus_slices_are_ignored() {
        for kernel in available().filter(|kernel| kernel.lanes() > 2) {
            let mut lanes = Lanes::new(kernel, 3).unwrap();
            lanes.update(&[b"one", b"two"]);
            lanes.update(&[]);
            lanes.update(&[b"1", b"2", b"3", b"no lane"]);
            assert_eq!(lanes.finish(), [md5(b"one1"), md5(b"two2"), md5(b"3")]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn updates_of_any_length_give_the_digest_of_all_bytes(
            updates in prop::collection::vec(prop::collection::vec(0..300_usize, 1..=32), 1..6),
        ) {
            let source = source(300);
            for kernel in available() {
                let mut lanes = Lanes::new(kernel, kernel.lanes()).unwrap();
                let mut messages = vec![Vec::new(); kernel.lanes()];
                for lengths in &updates {
                    let slices: Vec<_> = lengths.iter().map(|length| &source[..*length]).collect();
                    lanes.update(&slices);
                    messages.iter_mut().zip(slices).for_each(|(message, slice)| message.extend(slice));
                }
                prop_assert_eq!(lanes.finish(), messages.iter().map(|m| md5(m)).collect::<Vec<_>>());
            }
        }
    }

    fn available() -> impl Iterator<Item = Kernel> {
        Kernel::ALL.into_iter().filter(|kernel| kernel.is_available())
    }

    /// Bytes that differ at the start of each lane.
    fn source(length: usize) -> Vec<u8> {
        (0..length).map(|index| (index * 31 % 251) as u8).collect()
    }

    fn check(kernel: Kernel, slices: &[&[u8]]) {
        let mut lanes = Lanes::new(kernel, slices.len()).unwrap();
        lanes.update(slices);
        let expected: Vec<_> = slices.iter().map(|slice| md5(slice)).collect();
        assert_eq!(lanes.finish(), expected, "{kernel:?} {}", slices.len());
    }
}
