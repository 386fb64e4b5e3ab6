//! The content type that the ending of a name suggests. The only file that names the table's crate.

/// None if there is no ending or no type is known for it.
pub(super) fn of_name(name: &str) -> Option<&'static str> {
    mime_guess::from_path(name).first_raw()
}

#[cfg(test)]
mod tests {
    use super::of_name;

    #[test]
    fn the_ending_counts_in_either_case() {
        assert_eq!(of_name("a/b.tar"), Some("application/x-tar"));
        assert_eq!(of_name("a.d/b.HTML"), Some("text/html"));
        assert_eq!(of_name("a.html/b"), None);
        assert_eq!(of_name(".html"), None);
        assert_eq!(of_name(""), None);
    }
}
