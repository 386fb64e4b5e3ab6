//! Makes untrusted text safe to print on a terminal.

use std::fmt::Write as _;

/// Escapes the characters of `text` that move the cursor, or reverse or hide text, so that a key or
/// a server's message cannot look like something else.
pub fn sanitize(text: &str) -> String {
    escape(text, |sanitized, character| sanitized.extend(character.escape_default()))
}

/// Escapes the same characters in a JSON document, where they occur only in strings.
pub fn sanitize_json(document: &str) -> String {
    escape(document, |sanitized, character| {
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a `String` cannot fail.
            let _ = write!(sanitized, "\\u{unit:04x}");
        }
    })
}

fn escape(text: &str, push_escaped: impl Fn(&mut String, char)) -> String {
    let mut sanitized = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_format(character) {
            push_escaped(&mut sanitized, character);
        } else {
            sanitized.push(character);
        }
    }
    sanitized
}

/// True for line separators, directional marks and other characters without a glyph. The joiners
/// that some scripts need are not among them.
fn is_format(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_change_what_a_terminal_shows_are_escaped() {
        assert_eq!(sanitize("a\nb\u{1b}[2J\u{9b}\tc"), "a\\nb\\u{1b}[2J\\u{9b}\\tc");
        assert_eq!(sanitize("a\u{202e}b\u{2028}c\u{2066}"), "a\\u{202e}b\\u{2028}c\\u{2066}");
        assert_eq!(sanitize("\u{feff}\u{e0041}"), "\\u{feff}\\u{e0041}");
        let kept = "中 \\ é می\u{200c}خواهم 👩\u{200d}🚀";
        assert_eq!(sanitize(kept), kept);
    }

    #[test]
    fn a_json_document_keeps_its_values() {
        let value = serde_json::json!({ "k\u{202e}": "a\u{2028}\u{9b}\t\u{7f}\u{e0041}中" });
        let document = sanitize_json(&value.to_string());
        assert!(document.chars().all(|c| !c.is_control() && !is_format(c)), "{document}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&document).unwrap(), value);
    }
}
