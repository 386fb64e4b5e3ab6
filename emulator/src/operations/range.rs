//! Byte ranges of GetObject, with its two behaviors, and of UploadPartCopy.

/// The range selected by a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Selected {
    Whole,
    /// First byte and length.
    Slice(u64, u64),
    Unsatisfiable,
}

/// Parses the range of a read. `standard` follows RFC 9110; the OSS default is more lenient.
pub(super) fn of_read(header: &str, size: u64, standard: bool) -> Selected {
    let Some(spec) = header.trim().strip_prefix("bytes=") else { return Selected::Whole };
    if spec.contains(',') {
        return Selected::Unsatisfiable;
    }
    let Some((first, last)) = spec.trim().split_once('-') else { return Selected::Whole };
    match (number(first), number(last)) {
        (Bound::Absent, Bound::At(0)) => Selected::Unsatisfiable,
        (Bound::Absent, Bound::At(count)) if count <= size => Selected::Slice(size - count, count),
        (Bound::Absent, Bound::At(_)) if !standard => Selected::Whole,
        (Bound::Absent, Bound::At(_)) if size > 0 => Selected::Slice(0, size),
        (Bound::Absent, Bound::At(_)) => Selected::Unsatisfiable,
        (Bound::At(first), Bound::At(last)) if first > last => Selected::Whole,
        (Bound::At(first), Bound::At(_) | Bound::Absent) if first >= size => {
            if standard {
                Selected::Unsatisfiable
            } else {
                Selected::Whole
            }
        }
        (Bound::At(first), Bound::Absent) => Selected::Slice(first, size - first),
        (Bound::At(first), Bound::At(last)) if last < size => {
            Selected::Slice(first, last - first + 1)
        }
        (Bound::At(first), Bound::At(_)) if standard => Selected::Slice(first, size - first),
        _ => Selected::Whole,
    }
}

/// Parses the range of a copy source: both ends, within the object. Other ranges select all of it.
pub(super) fn of_copy(header: &str, size: u64) -> Selected {
    let ends = header.trim().strip_prefix("bytes=").and_then(|spec| spec.split_once('-'));
    match ends.map(|(first, last)| (number(first), number(last))) {
        Some((Bound::At(first), Bound::At(last))) if first <= last && last < size => {
            Selected::Slice(first, last - first + 1)
        }
        _ => Selected::Whole,
    }
}

enum Bound {
    Absent,
    At(u64),
    Bad,
}

fn number(text: &str) -> Bound {
    match text {
        "" => Bound::Absent,
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().map_or(Bound::Bad, Bound::At)
        }
        _ => Bound::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::Selected::{Slice, Unsatisfiable, Whole};
    use super::*;

    #[test]
    fn reads_follow_the_table_of_the_manual() {
        let cases = [
            ("bytes=0-499", Slice(0, 500), Slice(0, 500)),
            ("bytes=500-", Slice(500, 500), Slice(500, 500)),
            ("bytes=-500", Slice(500, 500), Slice(500, 500)),
            ("bytes=500-2000", Whole, Slice(500, 500)),
            ("bytes=1000-2000", Whole, Unsatisfiable),
            ("bytes=1000-", Whole, Unsatisfiable),
            ("bytes=-2000", Whole, Slice(0, 1000)),
            ("bytes=600-500", Whole, Whole),
            ("byte=0-499", Whole, Whole),
            ("bytes=a-b", Whole, Whole),
            ("bytes=-0", Unsatisfiable, Unsatisfiable),
            ("bytes=0-1,3-4", Unsatisfiable, Unsatisfiable),
        ];
        for (header, lenient, standard) in cases {
            assert_eq!(of_read(header, 1000, false), lenient, "{header}");
            assert_eq!(of_read(header, 1000, true), standard, "{header} standard");
        }
        assert_eq!(of_read("bytes=-5", 0, true), Unsatisfiable);
    }

    #[test]
    fn a_copy_ignores_ranges_it_cannot_serve() {
        assert_eq!(of_copy("bytes=0-99", 100), Slice(0, 100));
        for bad in ["bytes=0-100", "bytes=5-4", "bytes=5-", "0-5", "bytes=a-b"] {
            assert_eq!(of_copy(bad, 100), Whole, "{bad}");
        }
    }
}
