//! Extracts elements from response documents, for the client commands.

use quick_xml::escape::unescape;

/// Returns the raw content of each element `name`.
pub(crate) fn all<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let blobs = text.split(start.as_str()).skip(1);
    blobs.filter_map(|blob| blob.split_once(end.as_str()).map(|(inner, _)| inner)).collect()
}

/// Returns the unescaped text of the first element `name`.
pub(crate) fn first(text: &str, name: &str) -> Option<String> {
    let inner = all(text, name).into_iter().next()?;
    unescape(inner).ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_name() {
        let text = "<L><K>a&amp;b</K><Kx>no</Kx><K>c</K></L>";
        assert_eq!(all(text, "K"), ["a&amp;b", "c"]);
        assert_eq!(first(text, "K").as_deref(), Some("a&b"));
        assert_eq!(first(text, "Z"), None);
    }
}
