//! What is known of a body that was taken.

use crc_fast::{CrcAlgorithm, Digest as Crc};
use md5::{Digest as _, Md5};

/// Its length, and the check sums if it was read.
pub struct Body {
    pub length: u64,
    pub sums: Option<Sums>,
}

/// MD5 and CRC-64 of the bytes so far.
pub struct Sums {
    md5: Md5,
    crc64: Crc,
}

impl Default for Sums {
    fn default() -> Self {
        Self { md5: Md5::new(), crc64: Crc::new(CrcAlgorithm::Crc64Xz) }
    }
}

impl Sums {
    pub fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.crc64.update(bytes);
    }

    pub fn md5(&self) -> [u8; 16] {
        self.md5.clone().finalize().into()
    }

    pub fn crc64(&self) -> u64 {
        self.crc64.finalize()
    }
}
