//! Writes response documents, element by element.

use quick_xml::escape::partial_escape;

const NAMESPACE: &str = "http://doc.oss-cn-hangzhou.aliyuncs.com";

/// An XML document under construction. Elements appear in the order they are added.
///
/// Control characters, which XML 1.0 cannot represent, are written as they are: OSS encodes names
/// only on request, and the markers of a list must find the next page all the same.
#[derive(Debug)]
pub(crate) struct Document {
    text: String,
    open: Vec<&'static str>,
}

impl Document {
    pub(crate) fn new(root: &'static str, namespace: bool) -> Self {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<");
        text.push_str(root);
        if namespace {
            text.push_str(" xmlns=\"");
            text.push_str(NAMESPACE);
            text.push('"');
        }
        text.push('>');
        Self { text, open: vec![root] }
    }

    /// Creates a document with a single text element.
    pub(crate) fn with_text(root: &'static str, text: &str, namespace: bool) -> Self {
        let mut document = Self::new(root, namespace);
        document.text.push_str(&partial_escape(text));
        document
    }

    pub(crate) fn element(&mut self, name: &str, value: &str) {
        self.text.push('<');
        self.text.push_str(name);
        self.text.push('>');
        self.text.push_str(&partial_escape(value));
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    pub(crate) fn open(&mut self, name: &'static str) {
        self.text.push('<');
        self.text.push_str(name);
        self.text.push('>');
        self.open.push(name);
    }

    pub(crate) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push('>');
        }
    }

    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_escapes_text_and_closes_itself() {
        let mut document = Document::new("R", false);
        document.open("A");
        document.element("B", "<\"&\u{1}\r>");
        assert!(document.finish().ends_with("<R><A><B>&lt;\"&amp;\u{1}&#13;&gt;</B></A></R>"));
    }
}
