//! A request body that was received.

use crc_fast::{CrcAlgorithm, Digest as Crc};
use md5::{Digest as _, Md5};

/// The length of the body, and the checksums that were computed.
#[derive(Default)]
pub struct Body {
    pub length: u64,
    pub md5: Option<[u8; 16]>,
    pub crc64: Option<u64>,
}

/// A running CRC-64, and a running MD5 if it is wanted.
pub struct Checksums {
    md5: Option<Md5>,
    crc64: Crc,
}

impl Checksums {
    pub fn new(has_md5: bool) -> Self {
        Self { md5: has_md5.then(Md5::new), crc64: Crc::new(CrcAlgorithm::Crc64Xz) }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        self.crc64.update(bytes);
    }

    pub fn of_body(self, length: u64) -> Body {
        let md5 = self.md5.map(|md5| md5.finalize().into());
        Body { length, md5, crc64: Some(self.crc64.finalize()) }
    }
}
