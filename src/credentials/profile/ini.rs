//! Parses INI files.

use zeroize::Zeroizing;

/// A section. Its values are wiped when it is dropped.
pub(super) struct IniSection {
    pub(super) name: String,
    entries: Vec<(String, Zeroizing<String>)>,
}

impl IniSection {
    /// Returns the non-empty value of a key. Case, `-` and `_` in the key are ignored.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        let key = normalize(key);
        let mut found = self.entries.iter().filter(|(name, _)| *name == key);
        found.find(|(_, value)| !value.is_empty()).map(|(_, value)| value.as_str())
    }
}

/// Returns all sections in order. Skips lines that are neither a section nor `key = value`, and
/// lines before the first section. `#` and `;` start comment lines; `#` after white space ends a
/// value.
pub(super) fn parse(text: &str) -> Vec<IniSection> {
    let mut sections: Vec<IniSection> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            sections.push(IniSection { name: name.trim().to_owned(), entries: Vec::new() });
        } else if let (Some(section), Some((key, value))) =
            (sections.last_mut(), line.split_once('='))
        {
            let value = without_comment(value).trim();
            section.entries.push((normalize(key.trim()), Zeroizing::new(value.to_owned())));
        }
    }
    sections
}

/// Returns the security token of a temporary key.
pub(super) fn token(section: &IniSection) -> Option<&str> {
    section.value("sts_token").or(section.value("security_token"))
}

fn without_comment(value: &str) -> &str {
    let comment = value.find(" #").into_iter().chain(value.find("\t#")).min();
    value.get(..comment.unwrap_or(value.len())).unwrap_or(value)
}

fn normalize(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_keys_and_comments_are_parsed() {
        let sections = parse(
            "stray = 1\n# a comment\n[ first ]\r\nAccess-Key_Id = a=b#c # why\nempty =\n\
             ; comment = 1\nno value\n\n[profile second]\ntype=x\taccess",
        );
        let names: Vec<_> = sections.iter().map(|section| section.name.as_str()).collect();
        assert_eq!(names, ["first", "profile second"]);
        assert_eq!(sections[0].value("accessKeyId"), Some("a=b#c"));
        assert_eq!(sections[0].value("empty"), None);
        assert_eq!(sections[0].value("stray"), None);
        assert_eq!(sections[1].value("type"), Some("x\taccess"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            parse(&text);
        }
    }
}
