//! Writes response documents, element by element.

use quick_xml::escape::partial_escape;

const NAMESPACE: &str = "http://doc.oss-cn-hangzhou.aliyuncs.com";

/// An XML document under construction. Elements appear in the order they are added.
///
/// Lists of names have control characters, which XML 1.0 cannot represent, as they are: OSS encodes
/// names only on request, and the markers of a list must find the next page even if a name has one.
/// Other documents have U+FFFD in their place.
#[derive(Debug)]
pub(crate) struct Document {
    text: String,
    open: Vec<&'static str>,
    is_list: bool,
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
        Self { text, open: vec![root], is_list: LISTS.contains(&root) }
    }

    /// Creates a document with a single text element.
    pub(crate) fn with_text(root: &'static str, text: &str, namespace: bool) -> Self {
        let mut document = Self::new(root, namespace);
        document.push_escaped(text);
        document
    }

    pub(crate) fn element(&mut self, name: &str, value: &str) {
        self.text.push('<');
        self.text.push_str(name);
        self.text.push('>');
        self.push_escaped(value);
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

    fn push_escaped(&mut self, value: &str) {
        if self.is_list {
            self.text.push_str(&partial_escape(value));
        } else {
            self.text.push_str(&partial_escape(replace_invalid_chars(value)));
        }
    }

    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }
}

const LISTS: [&str; 3] = ["ListBucketResult", "ListMultipartUploadsResult", "ListVersionsResult"];

/// Replaces characters that XML 1.0 cannot represent, even as references.
fn replace_invalid_chars(value: &str) -> String {
    let allowed = |c: char| {
        matches!(c, '\t' | '\n' | '\r') || (' '..'\u{FFFE}').contains(&c) || c > '\u{FFFF}'
    };
    value.chars().map(|c| if allowed(c) { c } else { '\u{FFFD}' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_escapes_text_and_closes_itself() {
        for (root, control) in [("R", '\u{FFFD}'), (LISTS[0], '\u{1}')] {
            let mut document = Document::new(root, false);
            document.open("A");
            document.element("B", "<\"&\u{1}\r>");
            let expected = format!("<A><B>&lt;\"&amp;{control}&#13;&gt;</B></A></{root}>");
            assert!(document.finish().ends_with(&expected));
        }
    }
}
