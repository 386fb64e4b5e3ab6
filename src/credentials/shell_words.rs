//! Splits a command line into words by the quoting rules of the POSIX shell, without expansion. On
//! Windows a backslash outside quotes is one of a path.

use crate::platform::BACKSLASH_QUOTES;

/// Splits a line at white space outside quotes and backslashes. The error does not contain the
/// line.
pub(super) fn split(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    // `Some` inside a word, also after empty quotes.
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => single_quoted(&mut rest, word.get_or_insert_default())?,
            '"' => double_quoted(&mut rest, word.get_or_insert_default())?,
            '\\' if BACKSLASH_QUOTES => {
                match rest.next().ok_or("the command ends with a backslash")? {
                    '\n' => {}
                    escaped => word.get_or_insert_default().push(escaped),
                }
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if words.first().is_none_or(String::is_empty) {
        return Err("the command has no program");
    }
    if words.iter().any(|word| word.contains('\0')) {
        return Err("the command contains a NUL");
    }
    Ok(words)
}

fn single_quoted(
    rest: &mut impl Iterator<Item = char>,
    word: &mut String,
) -> Result<(), &'static str> {
    loop {
        match rest.next().ok_or(UNCLOSED_QUOTE)? {
            '\'' => return Ok(()),
            c => word.push(c),
        }
    }
}

fn double_quoted(
    rest: &mut impl Iterator<Item = char>,
    word: &mut String,
) -> Result<(), &'static str> {
    loop {
        match rest.next().ok_or(UNCLOSED_QUOTE)? {
            '"' => return Ok(()),
            '\\' => match rest.next().ok_or(UNCLOSED_QUOTE)? {
                '\n' => {}
                escaped @ ('$' | '`' | '"' | '\\') => word.push(escaped),
                other => word.extend(['\\', other]),
            },
            c => word.push(c),
        }
    }
}

const UNCLOSED_QUOTE: &str = "a quote in the command is not closed";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_follows_posix() {
        for (line, words) in [
            ("a  b\tc\n", &["a", "b", "c"][..]),
            (r#"a 'b c' "d e""#, &["a", "b c", "d e"]),
            (r#"a"b"'c'd"#, &["abcd"]),
            (r#"a '' """#, &["a", "", ""]),
            (r#"a "\"\\\$\`\n""#, &["a", r#""\$`\n"#]),
            (r"a '\n'", &["a", r"\n"]),
            ("a $HOME;b | c > d *", &["a", "$HOME;b", "|", "c", ">", "d", "*"]),
            ("ä '中 文'", &["ä", "中 文"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
    }

    #[test]
    fn a_backslash_outside_quotes_quotes_a_character_but_not_on_windows() {
        let cases: &[(&str, &[&str])] = match cfg!(windows) {
            true => &[(r"C:\a\b.exe \\c\", &[r"C:\a\b.exe", r"\\c\"])],
            false => &[(r"a\ b \' \c", &["a b", "'", "c"]), ("a\\\nb", &["ab"])],
        };
        for (line, words) in cases {
            assert_eq!(split(line).unwrap(), *words, "{line}");
        }
        assert_eq!(split(r"a\").is_err(), !cfg!(windows));
    }

    #[test]
    fn unclosed_quotes_and_empty_commands_are_refused() {
        for line in ["", "  ", "''", "'a", "\"a", "\"a\\", "a \0"] {
            assert!(split(line).is_err(), "{line:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn quoted_words_are_restored(words in proptest::collection::vec("[^\0]{1,8}", 1..5)) {
            let quoted: Vec<String> =
                words.iter().map(|word| format!("'{}'", word.replace('\'', r#"'"'"'"#))).collect();
            proptest::prop_assert_eq!(split(&quoted.join(" ")).unwrap(), words);
        }
    }
}
