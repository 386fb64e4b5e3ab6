//! The digests of many whole messages.

use std::cmp::Reverse;

use super::Digest;
use super::kernel::{Available, Kernel};
use super::lanes::Lanes;

/// The digest of each message, in order.
///
/// Messages of like length share the lanes, so the order given does not matter for speed. A kernel
/// that the CPU lacks gives way to [`Kernel::Portable`].
pub fn many(kernel: Kernel, messages: &[&[u8]]) -> Vec<Digest> {
    let kernel = Available::check(kernel).unwrap_or(Available::PORTABLE);
    let mut queue: Vec<(usize, &[u8])> = messages.iter().copied().enumerate().collect();
    queue.sort_unstable_by_key(|(_, message)| Reverse(message.len()));
    let mut digests = Vec::with_capacity(queue.len());
    for pack in queue.chunks(kernel.lanes()) {
        let slices: Vec<&[u8]> = pack.iter().map(|(_, message)| *message).collect();
        let mut lanes = Lanes::start(kernel, slices.len());
        lanes.update(&slices);
        digests.extend(pack.iter().map(|(index, _)| *index).zip(lanes.finish()));
    }
    digests.sort_unstable_by_key(|(index, _)| *index);
    digests.into_iter().map(|(_, digest)| digest).collect()
}

#[cfg(test)]
mod tests {
    use super::super::md5;
    use super::*;

    #[test]
    fn every_message_gets_its_own_digest() {
        let source: Vec<u8> = (0..2000_usize).map(|index| (index * 31 % 251) as u8).collect();
        for count in [0, 1, 2, 3, 33, 100] {
            let messages: Vec<&[u8]> = (0..count).map(|n| &source[n..][..n * 389 % 1500]).collect();
            let expected: Vec<Digest> = messages.iter().map(|message| md5(message)).collect();
            for kernel in Kernel::ALL {
                assert_eq!(many(kernel, &messages), expected, "{kernel:?} {count}");
            }
        }
    }
}
