//! Writes the small XML documents that OSS accepts.

use quick_xml::escape::escape;

/// A document under construction. Element names are constants of this library; only text is
/// escaped.
#[derive(Debug, Default)]
pub(crate) struct XmlWriter {
    text: String,
    open: Vec<&'static str>,
}

impl XmlWriter {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Opens an element.
    pub(crate) fn start(&mut self, name: &'static str) {
        self.tag(["<", name, ">"]);
        self.open.push(name);
    }

    /// Writes an element that contains only text.
    pub(crate) fn text_element(&mut self, name: &'static str, text: &str) {
        self.start(name);
        self.text.push_str(&escape(text));
        self.end();
    }

    /// Closes the element that was opened last.
    pub(crate) fn end(&mut self) {
        if let Some(name) = self.open.pop() {
            self.tag(["</", name, ">"]);
        }
    }

    /// Closes all open elements and returns the document.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.text
    }

    fn tag(&mut self, tokens: [&str; 3]) {
        self.text.extend(tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Element;

    #[test]
    fn text_is_escaped_and_open_elements_are_closed() {
        let mut xml = XmlWriter::new();
        xml.start("A");
        xml.text_element("B", "\"<&>'");
        xml.start("C");
        assert_eq!(xml.finish(), "<A><B>&quot;&lt;&amp;&gt;&apos;</B><C></C></A>");
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(texts in proptest::collection::vec(".*", 0..5)) {
            let mut xml = XmlWriter::new();
            xml.start("List");
            for text in &texts {
                xml.text_element("Item", text);
            }
            let document = Element::parse(xml.finish().as_bytes()).unwrap();
            let read = document.children("Item").map(|item| item.text().to_owned());
            proptest::prop_assert_eq!(read.collect::<Vec<_>>(), texts);
        }
    }
}
