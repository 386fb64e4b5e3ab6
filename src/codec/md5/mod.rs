//! MD5 of several streams in parallel.
//!
//! The steps of one MD5 depend on each other, but the parts of an upload are independent, and one
//! vector register can hold the state of 4, 8 or 16 of them. [`Lanes`] computes several digests this
//! way, with the instructions of a [`Kernel`]. The `md-5` crate computes single digests.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod group;
mod kernel;
mod lanes;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
mod rounds;

pub use kernel::Kernel;
pub use lanes::Lanes;

use ::md5::Digest as _;

/// Computes the digest of `bytes`.
pub fn md5(bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

/// An incremental digest of one stream.
#[derive(Debug, Clone, Default)]
pub struct Hasher {
    inner: ::md5::Md5,
}

impl Hasher {
    pub fn new() -> Hasher {
        Hasher::default()
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
    }

    pub fn finish(self) -> Digest {
        Digest(self.inner.finalize().into())
    }
}

/// An MD5 digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 16]);

impl Digest {
    pub fn from_bytes(bytes: [u8; 16]) -> Digest {
        Digest(bytes)
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Formats the digest as 32 upper-case hex digits, like the ETag of a part.
    pub fn to_hex_upper(self) -> String {
        let nibbles = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        nibbles.map(|nibble| char::from(b"0123456789ABCDEF"[usize::from(nibble)])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_no_bytes_is_known() {
        assert_eq!(md5(b"").to_hex_upper(), "D41D8CD98F00B204E9800998ECF8427E");
        assert_eq!(md5(b"").as_bytes()[..4], [0xd4, 0x1d, 0x8c, 0xd9]);
    }

    #[test]
    fn several_updates_give_the_digest_of_all_bytes() {
        let mut hasher = Hasher::new();
        [&b"he"[..], b"", b"llo"].iter().for_each(|chunk| hasher.update(chunk));
        assert_eq!(hasher.finish(), md5(b"hello"));
        assert_eq!(md5(b"hello").to_hex_upper(), "5D41402ABC4B2A76B9719D911017C592");
    }
}
