//! The list of parts in the body of Complete.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;

/// One `Part` of the list, as sent.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct ListedPart {
    pub(super) number: i64,
    /// Without quotes.
    pub(super) etag: String,
}

/// `None` if the text is not such a list.
pub(super) fn parse(text: &[u8]) -> Option<Vec<ListedPart>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut reader = Reader::from_str(text);
    let mut path: Vec<String> = Vec::new();
    let mut parts = Vec::new();
    let (mut number, mut etag) = (None, None);
    let mut value = String::new();
    let mut rooted = false;
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                path.push(tag.local_name().as_ref().to_owned());
                value.clear();
                if path.len() == 1 {
                    if rooted || path.first().is_none_or(|root| root != ROOT) {
                        return None;
                    }
                    rooted = true;
                }
            }
            Event::Empty(tag) => {
                let name = tag.local_name().as_ref().to_owned();
                if path.is_empty() {
                    rooted = !rooted && name == ROOT;
                    if !rooted {
                        return None;
                    }
                }
                if path.len() == 1 && name == "Part" {
                    return None;
                }
            }
            Event::Text(text) => value.push_str(&text.xml10_content()),
            Event::CData(text) => value.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                Some(character) => value.push(character),
                None => value.push_str(resolve_xml_entity(&reference.xml10_content())?),
            },
            Event::End(_) => {
                match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                    [ROOT, "Part", "PartNumber"] => number = Some(value.trim().parse().ok()?),
                    [ROOT, "Part", "ETag"] => {
                        etag = Some(value.trim().trim_matches('"').to_owned());
                    }
                    [ROOT, "Part"] => {
                        parts.push(ListedPart { number: number.take()?, etag: etag.take()? });
                    }
                    _ => {}
                }
                path.pop();
            }
            Event::DocType(_) => return None,
            Event::Eof => return (rooted && path.is_empty()).then_some(parts),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
        }
    }
}

const ROOT: &str = "CompleteMultipartUpload";

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
    fn other_documents_are_not() {
        for text in [
            "",
            "x",
            "<a></a>",
            "<CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part><PartNumber>x</PartNumber><ETag>a</ETag></Part>\
             </CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part><ETag>a</ETag></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part/></CompleteMultipartUpload>",
            "<!DOCTYPE a><CompleteMultipartUpload/>",
            "<CompleteMultipartUpload/><CompleteMultipartUpload/>",
        ] {
            assert_eq!(etags(text), None, "{text}");
        }
    }
}
