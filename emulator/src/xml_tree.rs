//! Parses request documents into a tree.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};

/// Maximum nesting depth of request documents.
const MAX_DEPTH: usize = 8;

/// An element with its text and children; names have no namespace prefix.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// Parses a document; `None` if it is malformed or its root has another name.
    pub(crate) fn parse(bytes: &[u8], root: &str) -> Option<Self> {
        let mut reader = Reader::from_str(std::str::from_utf8(bytes).ok()?);
        let mut open: Vec<Element> = Vec::new();
        let mut document = None;
        loop {
            let finished = match reader.read_event().ok()? {
                Event::Start(tag) => {
                    if open.len() == MAX_DEPTH {
                        return None;
                    }
                    open.push(Self::named(&tag));
                    None
                }
                Event::Empty(tag) => Some(Self::named(&tag)),
                Event::End(_) => Some(open.pop()?),
                Event::Text(text) => {
                    Self::add_text(&mut open, &text.xml10_content())?;
                    None
                }
                Event::CData(text) => {
                    Self::add_text(&mut open, &text.xml10_content())?;
                    None
                }
                Event::GeneralRef(reference) => {
                    match reference.resolve_char_ref().ok()? {
                        Some(character) => {
                            Self::add_text(&mut open, character.encode_utf8(&mut [0; 4]))?;
                        }
                        None => Self::add_text(
                            &mut open,
                            resolve_xml_entity(&reference.xml10_content())?,
                        )?,
                    }
                    None
                }
                // Reject document types: entity expansion is unbounded.
                Event::DocType(_) => return None,
                Event::Eof => {
                    let document: Element = document?;
                    return (open.is_empty() && document.name == root).then_some(document);
                }
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => None,
            };
            match (finished, open.last_mut()) {
                (None, _) => {}
                (Some(child), Some(parent)) => parent.children.push(child),
                (Some(_), None) if document.is_some() => return None,
                (Some(element), None) => document = Some(element),
            }
        }
    }

    /// Returns the children with this name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Returns the trimmed text of the first child with this name.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.children.iter().find(|child| child.name == name).map(|child| child.text.trim())
    }

    fn named(tag: &BytesStart<'_>) -> Self {
        Self { name: tag.local_name().as_ref().to_owned(), ..Self::default() }
    }

    /// Appends text to the innermost open element; outside the root only white space is allowed.
    fn add_text(open: &mut [Element], text: &str) -> Option<()> {
        match open.last_mut() {
            Some(element) => {
                element.text.push_str(text);
                Some(())
            }
            None => text.trim().is_empty().then_some(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_a_tree() {
        let text = b"<?xml version=\"1.0\"?>\n<a xmlns=\"u\"><b>1&lt;&#50;</b><c/><b> 2 </b></a>\n";
        let root = Element::parse(text, "a").unwrap();
        assert_eq!(root.first("b"), Some("1<2"));
        assert_eq!(root.all("b").count(), 2);
        assert_eq!(root.first("c"), Some(""));
        assert_eq!(root.first("d"), None);
    }

    #[test]
    fn malformed_documents_are_rejected() {
        let deep = "<a>".repeat(20) + &"</a>".repeat(20);
        let bad = ["", "x", "<a>", "<b/>", "<a></b>", "<a/><a/>", "<a/>x", "<!DOCTYPE a><a/>"];
        for text in bad.into_iter().chain(["<a>&undefined;</a>", deep.as_str()]) {
            assert_eq!(Element::parse(text.as_bytes(), "a"), None, "{text}");
        }
    }
}
