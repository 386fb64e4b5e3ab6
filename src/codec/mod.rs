//! Percent-encoding, dates and checksums. Independent of OSS requests.

pub mod crc64;
pub mod date;
pub mod md5;
pub mod percent;
