//! Text that others chose, made fit for a terminal.

/// The text with its control characters written out: a key or a message cannot move the cursor,
/// and a list has one entry in a line.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\t' {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_and_others_stay() {
        assert_eq!(printable("a\nb\u{1b}[2J\u{9b}"), "a\\nb\\u{1b}[2J\\u{9b}");
        assert_eq!(printable("中 \\ é\t"), "中 \\ é\t");
    }
}
