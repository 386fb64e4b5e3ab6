//! Pagination with prefix, delimiter and common prefixes, shared by all bucket listings.

/// Parameters of a list request.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListParameters<'a> {
    pub(super) prefix: &'a str,
    pub(super) delimiter: &'a str,
    pub(super) max: u32,
}

/// An item of a page: an entry, or a common prefix.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Listed<'a, T> {
    Entry(T),
    Prefix(&'a str),
}

#[derive(Debug)]
pub(super) struct Page<'a, T> {
    pub(super) listed: Vec<Listed<'a, T>>,
    /// The last entry of the page; can be inside the last common prefix.
    pub(super) last: Option<T>,
    pub(super) truncated: bool,
}

impl<'a, T> Page<'a, T> {
    pub(super) fn prefixes(&self) -> Vec<&'a str> {
        let prefix = |listed: &Listed<'a, T>| match listed {
            Listed::Prefix(prefix) => Some(*prefix),
            Listed::Entry(_) => None,
        };
        self.listed.iter().filter_map(prefix).collect()
    }
}

/// Builds a page from `entries`, which are sorted by key and start after the marker.
pub(super) fn page<'a, T: Copy>(
    entries: impl Iterator<Item = (&'a str, T)>,
    parameters: &ListParameters<'a>,
) -> Page<'a, T> {
    let max = usize::try_from(parameters.max).unwrap_or(usize::MAX);
    let mut page = Page { listed: Vec::new(), last: None, truncated: false };
    let mut current: Option<&str> = None;
    for (key, entry) in entries.filter(|(key, _)| key.starts_with(parameters.prefix)) {
        let prefix = common_prefix(key, parameters);
        if prefix.is_some() && prefix == current {
            page.last = Some(entry);
            continue;
        }
        if page.listed.len() == max {
            page.truncated = true;
            break;
        }
        page.listed.push(prefix.map_or(Listed::Entry(entry), Listed::Prefix));
        page.last = Some(entry);
        current = prefix;
    }
    page
}

/// Returns `key` up to and including the first delimiter after the prefix.
fn common_prefix<'a>(key: &'a str, parameters: &ListParameters<'_>) -> Option<&'a str> {
    if parameters.delimiter.is_empty() {
        return None;
    }
    let rest = key.strip_prefix(parameters.prefix)?;
    let end =
        parameters.prefix.len() + rest.find(parameters.delimiter)? + parameters.delimiter.len();
    key.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 5] = ["a", "b/1", "b/2", "c/1", "d"];

    fn names(marker: &'static str, max: u32) -> (Vec<&'static str>, Option<&'static str>, bool) {
        let parameters = ListParameters { prefix: "", delimiter: "/", max };
        let entries = KEYS.iter().filter(|key| **key > marker).map(|key| (*key, *key));
        let page = page(entries, &parameters);
        let listed = page.listed.iter().map(|listed| match listed {
            Listed::Entry(name) | Listed::Prefix(name) => *name,
        });
        (listed.collect(), page.last, page.truncated)
    }

    #[test]
    fn a_prefix_counts_as_one_and_ends_after_its_last_key() {
        assert_eq!(names("", 2), (vec!["a", "b/"], Some("b/2"), true));
        assert_eq!(names("b/2", 2), (vec!["c/", "d"], Some("d"), false));
        assert_eq!(names("", 9), (vec!["a", "b/", "c/", "d"], Some("d"), false));
    }
}
