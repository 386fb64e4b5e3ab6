//! A request body that was received.

use crc_fast::{CrcAlgorithm, Digest as Crc};
use md5::{Digest as _, Md5};

/// The length of the body, and its checksums if it was read.
pub struct Body {
    pub length: u64,
    pub checksums: Option<Checksums>,
}

/// Running MD5 and CRC-64.
pub struct Checksums {
    md5: Md5,
    crc64: Crc,
}

impl Default for Checksums {
    fn default() -> Self {
        Self { md5: Md5::new(), crc64: Crc::new(CrcAlgorithm::Crc64Xz) }
    }
}

impl Checksums {
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
