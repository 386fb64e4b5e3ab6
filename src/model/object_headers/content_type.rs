//! The content type that the extension of a name suggests. The only file that uses `mime_guess`.

/// Returns the content type; `None` if there is no extension or it is unknown.
pub(super) fn of_name(name: &str) -> Option<&'static str> {
    mime_guess::from_path(name).first_raw()
}

#[cfg(test)]
mod tests {
    use super::of_name;

    #[test]
    fn the_extension_is_not_case_sensitive() {
        assert_eq!(of_name("a/b.tar"), Some("application/x-tar"));
        assert_eq!(of_name("a.d/b.HTML"), Some("text/html"));
        assert_eq!(of_name("a.html/b"), None);
        assert_eq!(of_name(".html"), None);
        assert_eq!(of_name(""), None);
    }
}
