//! The marker of a page of unfinished uploads.

/// A key and an upload ID. The page starts after that upload; without an ID, after all uploads of
/// the key; without either, at the beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct UploadMarker {
    pub(super) key: String,
    pub(super) upload_id: String,
}

impl UploadMarker {
    pub(super) fn new(key: &str, upload_id: &str) -> Self {
        Self { key: key.to_owned(), upload_id: upload_id.to_owned() }
    }

    /// Returns true if this marker comes after `from`, so that a loop over the pages terminates.
    ///
    /// OSS sorts keys by their bytes. With non-ASCII keys the order may differ, so any other key is
    /// accepted then.
    pub(super) fn advances(&self, from: &Self) -> bool {
        if self.key.is_empty() {
            return false;
        }
        let ascii = self.key.is_ascii() && from.key.is_ascii();
        self.sort_key() > from.sort_key() || (!ascii && self.key != from.key)
    }

    fn sort_key(&self) -> (&str, bool, &str) {
        let whole_key = !self.key.is_empty() && self.upload_id.is_empty();
        (&self.key, whole_key, &self.upload_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advances(from: (&str, &str), to: (&str, &str)) -> bool {
        UploadMarker::new(to.0, to.1).advances(&UploadMarker::new(from.0, from.1))
    }

    #[test]
    fn a_key_without_an_upload_id_comes_after_all_its_uploads() {
        assert!(advances(("", ""), ("a", "")));
        assert!(advances(("a", "1"), ("a", "2")));
        assert!(advances(("a", "1"), ("a", "")));
        assert!(advances(("a", ""), ("b", "1")));
        assert!(!advances(("a", ""), ("a", "1")));
        assert!(!advances(("a", ""), ("a", "")));
        assert!(!advances(("b", "1"), ("a", "1")));
        assert!(!advances(("", "1"), ("", "2")));
    }

    #[test]
    fn with_non_ascii_keys_any_other_key_advances() {
        assert!(advances(("\u{ff21}", "1"), ("\u{10400}", "1")));
        assert!(advances(("\u{10400}", "1"), ("\u{ff21}", "1")));
        assert!(!advances(("\u{10400}", "1"), ("\u{10400}", "1")));
    }
}
