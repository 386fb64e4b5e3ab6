//! What a kernel sees: the states of N lanes word by word, and where their next blocks are.

/// One 64-byte step of a message.
pub(super) type Block = [u8; 64];
/// The four words of one running MD5.
pub(super) type Md5State = [u32; 4];

/// The state before the first block.
pub(super) const START: Md5State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// One running MD5 and the blocks it is to take.
#[derive(Debug)]
pub(super) struct Lane<'a> {
    pub(super) state: &'a mut Md5State,
    pub(super) blocks: &'a [Block],
}

/// N lanes that take the same number of blocks together.
#[derive(Debug)]
pub(super) struct LaneGroup<'a, const N: usize> {
    /// Word by word: `state[w][n]` is word w of lane n.
    pub(super) state: [[u32; N]; 4],
    pub(super) blocks: [&'a [Block]; N],
}

impl<'a, const N: usize> LaneGroup<'a, N> {
    /// Takes the lanes from `first` on. Places without a lane repeat `spare`, whose blocks are in
    /// the cache anyway; what becomes of them is never read.
    pub(super) fn gather(lanes: &[Lane<'a>], first: usize, spare: &'a [Block]) -> LaneGroup<'a, N> {
        let mut group = LaneGroup { state: [[0; N]; 4], blocks: [spare; N] };
        for (n, lane) in lanes.iter().skip(first).take(N).enumerate() {
            group.blocks[n] = lane.blocks;
            for (words, word) in group.state.iter_mut().zip(lane.state.iter()) {
                words[n] = *word;
            }
        }
        group
    }

    /// The state of each lane.
    pub(super) fn states(&self) -> impl Iterator<Item = Md5State> {
        (0..N).map(|n| self.state.map(|words| words[n]))
    }
}
