//! The input of a kernel: the transposed states of N lanes, and their next blocks.

/// A 64-byte message block.
pub(super) type Block = [u8; 64];
/// The four state words of one MD5.
pub(super) type Md5State = [u32; 4];

/// The initial state.
pub(super) const INITIAL_STATE: Md5State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// The state of one MD5 and its next blocks.
#[derive(Debug)]
pub(super) struct Lane<'a> {
    pub(super) state: &'a mut Md5State,
    pub(super) blocks: &'a [Block],
}

/// N lanes that process the same number of blocks together.
#[derive(Debug)]
pub(super) struct LaneGroup<'a, const N: usize> {
    /// `state[w][n]` is word w of lane n.
    pub(super) state: [[u32; N]; 4],
    pub(super) blocks: [&'a [Block]; N],
}

impl<'a, const N: usize> LaneGroup<'a, N> {
    /// Makes a group of the lanes from `first`. Unused lanes process `padding`, which is in the
    /// cache, and their states are ignored.
    pub(super) fn gather(
        lanes: &[Lane<'a>],
        first: usize,
        padding: &'a [Block],
    ) -> LaneGroup<'a, N> {
        let mut group = LaneGroup { state: [[0; N]; 4], blocks: [padding; N] };
        for (n, lane) in lanes.iter().skip(first).take(N).enumerate() {
            group.blocks[n] = lane.blocks;
            for (words, word) in group.state.iter_mut().zip(lane.state.iter()) {
                words[n] = *word;
            }
        }
        group
    }

    /// Returns the state of each lane.
    pub(super) fn states(&self) -> impl Iterator<Item = Md5State> {
        (0..N).map(|n| self.state.map(|words| words[n]))
    }
}
