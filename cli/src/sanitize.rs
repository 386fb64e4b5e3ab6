//! Makes untrusted text safe to print on a terminal.

/// Escapes the control characters of `text`, so that a key or a server's message cannot move the
/// cursor or span several lines. Tabs, which separate fields, are kept.
pub fn sanitize(text: &str) -> String {
    let mut sanitized = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\t' {
            sanitized.extend(character.escape_default());
        } else {
            sanitized.push(character);
        }
    }
    sanitized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_control_characters_are_escaped() {
        assert_eq!(sanitize("a\nb\u{1b}[2J\u{9b}"), "a\\nb\\u{1b}[2J\\u{9b}");
        assert_eq!(sanitize("中 \\ é\t"), "中 \\ é\t");
    }
}
