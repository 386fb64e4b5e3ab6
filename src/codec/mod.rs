//! Bytes and text: percent-encoding, dates, checksums. Knows nothing of OSS requests.

pub mod crc64;
pub mod date;
pub mod md5;
pub mod percent;
