//! A part that OSS has.

use crate::codec::crc64::{Combiner, combine};
use crate::codec::md5::md5;
use crate::model::{ETag, PartNumber};
use crate::ops::{CompletedPart, ListedPart};

/// A part that OSS has: sent from here, or known from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentPart {
    /// The part number.
    pub number: PartNumber,
    /// The size in bytes.
    pub size: u64,
    /// The ETag that Complete lists.
    pub etag: ETag,
    /// The CRC-64 of its bytes, if it is known.
    pub crc64: Option<u64>,
}

impl From<ListedPart> for SentPart {
    fn from(part: ListedPart) -> Self {
        Self { number: part.number, size: part.size, etag: part.etag, crc64: part.crc64 }
    }
}

impl SentPart {
    /// True if the other part has the same bytes, by the CRC-64s or, if one is not known, by the
    /// ETags.
    pub(crate) fn has_bytes_of(&self, other: &Self) -> bool {
        let same_content = match (self.crc64, other.crc64) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => self.etag == other.etag,
        };
        same_content && self.size == other.size
    }
}

/// The size and CRC-64 of the whole object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ObjectChecksum {
    pub(crate) size: u64,
    /// `None` if the CRC-64 of any part is unknown.
    pub(crate) crc64: Option<u64>,
}

impl ObjectChecksum {
    pub(crate) fn of(parts: &[SentPart]) -> Self {
        let size = parts.iter().fold(0, |size: u64, part| size.saturating_add(part.size));
        Self { size, crc64: combined_crc64(parts) }
    }
}

pub(crate) fn completed(parts: &[SentPart]) -> Vec<CompletedPart> {
    parts
        .iter()
        .map(|part| CompletedPart { number: part.number, etag: part.etag.clone() })
        .collect()
}

/// Returns the ETags that the object of these parts may have: OSS hashes the text of the ETags of the
/// parts, and servers that follow S3 the MD5s that they stand for. Either identifies the object, but
/// neither is promised, so another ETag proves nothing.
pub(crate) fn multipart_etags(parts: &[SentPart]) -> Vec<ETag> {
    let texts: String = parts.iter().map(|part| part.etag.unquoted()).collect();
    let digests = parts.iter().map(|part| u128::from_str_radix(part.etag.unquoted(), 16).ok());
    let digests = digests.map(|digest| digest.map(u128::to_be_bytes)).collect::<Option<Vec<_>>>();
    let hashed = [Some(texts.into_bytes()), digests.map(|digests| digests.concat())];
    let etag = |bytes: Vec<u8>| {
        ETag::parse(&format!("{}-{}", md5(&bytes).to_hex_upper(), parts.len())).ok()
    };
    hashed.into_iter().flatten().filter_map(etag).collect()
}

/// Combines the CRC-64s of the parts. Most parts have one size, so its operator is computed once.
pub(crate) fn combined_crc64(parts: &[SentPart]) -> Option<u64> {
    let usual = parts.first().map_or(0, |part| part.size);
    let combiner = Combiner::new(usual);
    parts.iter().try_fold(0, |whole, part| {
        let crc64 = part.crc64?;
        Some(if part.size == usual {
            combiner.append(whole, crc64)
        } else {
            combine(whole, crc64, part.size)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::crc64::crc64;

    fn part(number: u16, bytes: &[u8]) -> SentPart {
        SentPart {
            number: PartNumber::new(number).unwrap(),
            size: bytes.len() as u64,
            etag: ETag::parse("A").unwrap(),
            crc64: Some(crc64(bytes)),
        }
    }

    #[test]
    fn the_combined_crc_is_that_of_the_whole() {
        let bytes: Vec<u8> = (0..1000u32).map(|i| (i % 251) as u8).collect();
        let parts: Vec<_> = bytes.chunks(300).zip(1..).map(|(b, n)| part(n, b)).collect();
        let checksum = ObjectChecksum { size: 1000, crc64: Some(crc64(&bytes)) };
        assert_eq!(ObjectChecksum::of(&parts), checksum);
        assert_eq!(ObjectChecksum::of(&[]), ObjectChecksum { size: 0, crc64: Some(0) });
    }

    #[test]
    fn the_etag_of_an_object_is_made_of_those_of_its_parts() {
        let mut parts = [part(1, b"a"), part(2, b"b")];
        parts[0].etag = ETag::parse("0CC175B9C0F1B6A831C399E269772661").unwrap();
        parts[1].etag = ETag::parse("92EB5FFEE6AE2FEC3AD71C777531578F").unwrap();
        let found: Vec<_> = multipart_etags(&parts).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            ["\"6A57590691A4345F35997DC1B3C6FFD6-2\"", "\"96E024BA2074FE77E8E965BA43A704BE-2\"",]
        );
        parts[0].etag = ETag::parse("opaque").unwrap();
        assert_eq!(multipart_etags(&parts).len(), 1);
    }

    #[test]
    fn sizes_that_a_list_makes_up_do_not_overflow() {
        let huge = SentPart { size: u64::MAX, ..part(1, b"a") };
        assert_eq!(ObjectChecksum::of(&[huge, part(2, b"b")]).size, u64::MAX);
    }

    #[test]
    fn one_unknown_crc_makes_the_whole_unknown() {
        let mut parts = [part(1, b"a"), part(2, b"b")];
        parts[0].crc64 = None;
        assert_eq!(ObjectChecksum::of(&parts), ObjectChecksum { size: 2, crc64: None });
    }
}
