//! Reads the XML of responses into a small tree.
//!
//! Responses are untrusted: document types, unknown entities, deep nesting and too many elements
//! are refused, so that memory and time are bounded by a small multiple of the body size.
//! Namespaces are ignored, because OSS sends its documents with and without one.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};
use quick_xml::reader::Reader;

use super::excerpt::excerpt;
use crate::error::{Error, ErrorKind, Result};

/// An element: its name, the text directly in it, and its children. Attributes are dropped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// Parses a document and returns its root.
    ///
    /// # Errors
    ///
    /// `Protocol` if the document is malformed or exceeds the limits; the cause is its start.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        read(bytes).map_err(|why| {
            Error::new(ErrorKind::Protocol, format!("the response is not XML: {why}"))
                .with_cause(excerpt(bytes))
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the first child of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Returns the children of that name, in order.
    pub(crate) fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Returns all children, in order.
    pub(crate) fn all_children(&self) -> impl Iterator<Item = &Self> {
        self.children.iter()
    }

    /// Returns the text directly in this element, untrimmed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text of a child, or "" if there is no such child.
    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", Self::text)
    }
}

fn read(bytes: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut tree = Tree::default();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => tree.open(start.local_name().as_ref())?,
            Event::End(_) => tree.close()?,
            Event::Text(text) => tree.text(&text.xml10_content())?,
            Event::CData(text) => tree.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => tree.text(&resolve(&reference)?)?,
            Event::DocType(_) => return Err("it has a document type".to_owned()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => {}
            Event::Eof => return tree.finish(),
        }
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    if let Some(char) = reference.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(char.to_string());
    }
    resolve_predefined_entity(reference)
        .map(str::to_owned)
        .ok_or_else(|| "it has an unknown entity".to_owned())
}

/// The open elements, outermost first, and the root once it is closed.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    count: usize,
}

impl Tree {
    fn open(&mut self, name: &str) -> Result<(), String> {
        self.count += 1;
        if self.root.is_some() {
            return Err("it has more than one root element".to_owned());
        }
        if self.open.len() >= DEPTH_MAX || self.count > ELEMENTS_MAX {
            return Err(format!("it has over {DEPTH_MAX} levels or {ELEMENTS_MAX} elements"));
        }
        self.open.push(Element { name: name.to_owned(), ..Element::default() });
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(element) = self.open.pop() else {
            return Err("it has an end tag without a start tag".to_owned());
        };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err("it has text outside the root element".to_owned()),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element, String> {
        if let Some(element) = self.open.last() {
            return Err(format!("it ends inside <{}>", element.name));
        }
        self.root.ok_or_else(|| "it is empty".to_owned())
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// The deepest response of OSS has four levels.
const DEPTH_MAX: usize = 16;
/// A list of 1000 parts has fewer than 20,000 elements.
const ELEMENTS_MAX: usize = 200_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::num::u8::ANY;

    const MARKUP: &str = "([<>/&;#!?\\[\\]\"' a-c0-9]|<a>|</a>|&amp;|<!--|-->){0,60}";

    #[test]
    fn namespaces_are_ignored_and_text_is_decoded() {
        let document = Element::parse(
            "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- a -->\
             <o:R xmlns:o=\"urn:x\">\r\n\
             <o:K a=\"1\">&#34;a&amp;b&#x4E2D;<![CDATA[<&>]]></o:K><E/><K>2</K></o:R>\n"
                .as_bytes(),
        )
        .unwrap();
        assert_eq!(document.name(), "R");
        assert_eq!(document.text_of("K"), "\"a&b中<&>");
        assert_eq!(document.children("K").count(), 2);
        assert_eq!(document.child("E").unwrap().text(), "");
        assert_eq!(document.text_of("Missing"), "");
        assert_eq!(document.all_children().count(), 3);
    }

    #[test]
    fn entity_bombs_and_unknown_entities_are_refused() {
        for bad in [
            "<!DOCTYPE r [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><r>&b;</r>",
            "<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><r/>",
            "<r>&b;</r>",
            "<r>&#0;</r>",
            "<r>&#x110000;</r>",
            "<r>a & b</r>",
        ] {
            assert_eq!(
                Element::parse(bad.as_bytes()).unwrap_err().kind(),
                ErrorKind::Protocol,
                "{bad}"
            );
        }
    }

    #[test]
    fn truncated_and_malformed_documents_are_refused() {
        for bad in ["", " ", "<r", "<r>", "<r><a></r></a>", "<r/><r/>", "<r/>x", "x<r/>", "</r>"] {
            assert!(Element::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Element::parse(b"<r>\xff</r>").is_err());
        let error = Element::parse(b"<R><UploadId>00").unwrap_err();
        assert!(error.to_string().contains("it ends inside <UploadId>"), "{error}");
        assert_eq!(error.cause(), Some("<R><UploadId>00"));
    }

    #[test]
    fn depth_and_count_are_bounded() {
        let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(Element::parse(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert!(Element::parse(nested(DEPTH_MAX + 1).as_bytes()).is_err());
        let wide = |count: usize| format!("<r>{}</r>", "<a/>".repeat(count));
        assert!(Element::parse(wide(ELEMENTS_MAX - 1).as_bytes()).is_ok());
        assert!(Element::parse(wide(ELEMENTS_MAX).as_bytes()).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in vec(ANY, 0..200)) {
            let _ = Element::parse(&bytes);
        }

        #[test]
        fn no_markup_makes_it_panic(text in MARKUP) {
            let _ = Element::parse(text.as_bytes());
        }
    }
}
