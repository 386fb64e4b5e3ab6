//! Parses the part list of CompleteMultipartUpload.

use crate::xml_tree::Element;

/// A `Part` element as sent.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct ListedPart {
    pub(super) number: i64,
    /// Without quotes.
    pub(super) etag: String,
}

/// Parses a part list; `None` if the document is not one.
pub(super) fn parse(text: &[u8]) -> Option<Vec<ListedPart>> {
    let root = Element::parse(text, "CompleteMultipartUpload")?;
    let part = |part: &Element| {
        Some(ListedPart {
            number: part.first("PartNumber")?.parse().ok()?,
            etag: part.first("ETag")?.trim_matches('"').to_owned(),
        })
    };
    root.all("Part").map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn etags(text: &str) -> Option<Vec<(i64, String)>> {
        parse(text.as_bytes())
            .map(|parts| parts.into_iter().map(|part| (part.number, part.etag)).collect())
    }

    #[test]
    fn quotes_come_in_four_forms() {
        for etag in ["\"AB\"", "&quot;AB&quot;", "&#34;AB&#34;", "AB"] {
            let text = format!(
                "<?xml version=\"1.0\"?>\n<CompleteMultipartUpload xmlns=\"u\"><Part>\
                 <PartNumber> 1 </PartNumber>\n<ETag>{etag}</ETag></Part>\
                 </CompleteMultipartUpload>\n"
            );
            assert_eq!(etags(&text), Some(vec![(1, "AB".to_owned())]), "{etag}");
        }
    }

    #[test]
    fn an_empty_list_is_a_list() {
        assert_eq!(etags("<CompleteMultipartUpload/>"), Some(Vec::new()));
        assert_eq!(etags("<CompleteMultipartUpload></CompleteMultipartUpload>"), Some(Vec::new()));
    }

    #[test]
    fn parts_need_number_and_etag() {
        for part in [
            "<PartNumber>x</PartNumber><ETag>a</ETag>",
            "<ETag>a</ETag>",
            "<PartNumber>1</PartNumber>",
            "",
        ] {
            let text =
                format!("<CompleteMultipartUpload><Part>{part}</Part></CompleteMultipartUpload>");
            assert_eq!(etags(&text), None, "{text}");
        }
    }
}
