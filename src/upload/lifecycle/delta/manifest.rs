//! The MD5s of the parts of the last delta upload, so that parts that are known to differ are not
//! copied.
//!
//! A hint only: a part that it shows to be the same is copied and compared like any other, and one
//! that it shows to differ is uploaded. A manifest that is wrong costs requests, nothing else.

use crate::codec::crc64::crc64;
use crate::codec::md5::Digest;
use crate::codec::percent::{escape, unescape};
use crate::error::Result;
use crate::limits;
use crate::model::{ETag, PartRange};
use crate::upload::lifecycle::checkpoint::Checkpoint;
use crate::upload::part::SentPart;
use crate::upload::schedule::plan::Parts;

/// The parts of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Of the object.
    etag: ETag,
    size: u64,
    part_size: u64,
    parts: Vec<Digest>,
}

impl Manifest {
    /// `None` if the ETag of a part is no MD5.
    pub(crate) fn new(etag: ETag, parts: Parts, sent: &[SentPart]) -> Option<Self> {
        let digests = sent.iter().map(|part| part.etag.as_md5()).collect::<Option<Vec<_>>>()?;
        let is_whole = digests.len() == parts.count();
        let (size, part_size) = (parts.size(), parts.part_size());
        is_whole.then_some(Self { etag, size, part_size, parts: digests })
    }

    /// Loads the manifest beside the checkpoint; `None` if there is none that can be read.
    pub(crate) fn load(checkpoint: &Checkpoint) -> Result<Option<Self>> {
        let bytes = checkpoint.read_beside(EXTENSION, SIZE_MAX)?;
        Ok(bytes.and_then(|bytes| Self::parse(std::str::from_utf8(&bytes).ok()?)))
    }

    pub(crate) fn save(&self, checkpoint: &Checkpoint) -> Result<()> {
        checkpoint.write_beside(EXTENSION, self.text())
    }

    /// Returns true if it describes an object with this ETag.
    pub(crate) fn is_of(&self, etag: &ETag) -> bool {
        self.etag.is_md5(etag.unquoted())
    }

    /// Returns true if the object had other bytes in the range of this part. False if that is not
    /// known, because the parts of the object had other ranges.
    pub(crate) fn differs(&self, part: PartRange, md5: Digest) -> bool {
        let index = part.number.index();
        let Some(theirs) = self.parts.get(index) else { return false };
        let offset = self.part_size.saturating_mul(index as u64);
        let length = self.size.saturating_sub(offset).min(self.part_size);
        part.offset == offset && part.length == length && *theirs != md5
    }

    fn text(&self) -> String {
        let Self { etag, size, part_size, parts } = self;
        let etag = escape(etag.unquoted());
        let mut body = format!("{HEADING}\netag {etag}\nsize {size}\npart_size {part_size}\n");
        for part in parts {
            body.push_str(&part.to_hex_upper());
            body.push('\n');
        }
        let sum = crc64(body.as_bytes());
        format!("{body}crc64 {sum}\n")
    }

    /// The inverse of [`Manifest::text`].
    fn parse(text: &str) -> Option<Self> {
        let (body, sum) = text.split_at(text.rfind("crc64 ")?);
        if sum != format!("crc64 {}\n", crc64(body.as_bytes())) {
            return None;
        }
        let mut lines = body.lines();
        lines.next().filter(|heading| *heading == HEADING)?;
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let etag = ETag::parse(&unescape(field("etag")?)?).ok()?;
        let size = field("size")?.parse().ok()?;
        let part_size = field("part_size")?.parse().ok().filter(|size| *size > 0)?;
        let digest = |line: &str| ETag::parse(line).ok()?.as_md5();
        let parts = lines.map(digest).collect::<Option<Vec<_>>>()?;
        Some(Self { etag, size, part_size, parts })
    }
}

const HEADING: &str = "ossmpu-manifest 1";
const EXTENSION: &str = "manifest";
/// A longer file is not a manifest: a line for each part, and the head.
const SIZE_MAX: u64 = 33 * limits::PART_NUMBER_MAX as u64 + 64 * limits::KIB;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::md5::md5;
    use crate::model::PartNumber;
    use crate::upload::lifecycle::checkpoint::CheckpointKey;

    fn manifest() -> Manifest {
        let etag = ETag::parse("0CC175B9C0F1B6A831C399E269772661-3").unwrap();
        let parts = [b"a", b"b", b"c"].map(|bytes| md5(bytes)).to_vec();
        Manifest { etag, size: 250, part_size: 100, parts }
    }

    fn part(index: usize, length: u64) -> PartRange {
        let number = PartNumber::from_index(index).unwrap();
        PartRange { number, offset: index as u64 * 100, length }
    }

    #[test]
    fn a_saved_manifest_is_loaded_again() {
        let directory = tempfile::tempdir().unwrap();
        let checkpoint_key = CheckpointKey {
            endpoint: "https://h".to_owned(),
            bucket: "b".to_owned(),
            key: "k".to_owned(),
            path: "/p".into(),
        };
        let checkpoint = Checkpoint::lock(directory.path(), &checkpoint_key).unwrap();
        assert_eq!(Manifest::load(&checkpoint).unwrap(), None);
        manifest().save(&checkpoint).unwrap();
        assert_eq!(Manifest::load(&checkpoint).unwrap(), Some(manifest()));
        checkpoint.remove();
        let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1);
        assert!(left[0].path().extension().unwrap() == EXTENSION);
    }

    #[test]
    fn every_truncation_and_every_changed_byte_is_detected() {
        let text = manifest().text();
        assert_eq!(Manifest::parse(&text), Some(manifest()));
        for at in 0..text.len() {
            assert_eq!(Manifest::parse(&text[..at]), None, "truncated at {at}");
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            assert_eq!(Manifest::parse(&String::from_utf8_lossy(&bytes)), None, "changed at {at}");
        }
    }

    #[test]
    fn a_manifest_of_parts_without_bytes_is_refused() {
        let text = Manifest { part_size: 0, ..manifest() }.text();
        assert_eq!(Manifest::parse(&text), None);
    }

    #[test]
    fn only_a_part_of_the_same_range_is_known_to_differ() {
        let manifest = manifest();
        assert!(!manifest.differs(part(0, 100), md5(b"a")));
        assert!(manifest.differs(part(0, 100), md5(b"x")));
        assert!(manifest.differs(part(2, 50), md5(b"x")));
        // The last part was shorter, or is shorter now, or was none.
        assert!(!manifest.differs(part(2, 100), md5(b"x")));
        assert!(!manifest.differs(part(1, 30), md5(b"x")));
        assert!(!manifest.differs(part(3, 100), md5(b"x")));
        let other_size = PartRange { offset: 200, ..part(1, 100) };
        assert!(!manifest.differs(other_size, md5(b"x")));
    }
}
