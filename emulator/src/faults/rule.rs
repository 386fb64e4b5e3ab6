//! When a fault strikes: one rule of the rule file, and the counters that go with it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Action;

/// A fault for some of the requests of an operation.
///
/// As JSON: `{"op":"UploadPart","part":7,"nth":3,"times":1,"action":{"status":503}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rule {
    /// Operation as the manual names it, e.g. `UploadPart`; `*` is any.
    #[serde(default = "any")]
    pub op: String,
    /// Only requests for this bucket.
    #[serde(default)]
    pub bucket: Option<String>,
    /// Only requests for this key.
    #[serde(default)]
    pub key: Option<String>,
    /// Only this part number.
    #[serde(default)]
    pub part: Option<u32>,
    /// The first request struck, counted from 1 among those the fields above select.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many requests in a row are struck; 0 is without end.
    #[serde(default = "one")]
    pub times: u64,
    /// What happens.
    pub action: Action,
}

impl Rule {
    /// A rule for the first request of `op`.
    pub fn on(op: impl Into<String>, action: Action) -> Self {
        let op = op.into();
        Self { op, bucket: None, key: None, part: None, nth: 1, times: 1, action }
    }

    /// Only for this bucket.
    #[must_use]
    pub fn bucket(mut self, bucket: impl Into<String>) -> Self {
        self.bucket = Some(bucket.into());
        self
    }

    /// Only for this key.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Only for this part number.
    #[must_use]
    pub fn part(mut self, number: u32) -> Self {
        self.part = Some(number);
        self
    }

    /// From the `nth` such request on.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = nth;
        self
    }

    /// For so many requests; 0 is without end.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// For every such request.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(0)
    }

    /// Reads a rule file: a JSON list of rules.
    pub fn load(path: &Path) -> Result<Vec<Self>, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
    }
}

fn any() -> String {
    "*".to_owned()
}

fn one() -> u64 {
    1
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestInfo<'a> {
    pub(crate) op: &'a str,
    pub(crate) bucket: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) part: Option<u32>,
}

/// The rules in force, each with the number of requests it has seen.
#[derive(Debug, Default)]
pub(crate) struct RuleBook {
    rules: Vec<(Rule, u64)>,
}

impl RuleBook {
    pub(crate) fn add(&mut self, rule: Rule) {
        self.rules.push((rule, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// Counts the request in every rule that selects it; the first that strikes decides.
    pub(crate) fn match_fault(&mut self, request: RequestInfo<'_>) -> Option<Action> {
        let mut action = None;
        for (rule, seen) in &mut self.rules {
            if !selects(rule, request) {
                continue;
            }
            *seen += 1;
            let first = rule.nth.max(1);
            let in_time = rule.times == 0 || *seen - first.min(*seen) < rule.times;
            if *seen >= first && in_time && action.is_none() {
                action = Some(rule.action.clone());
            }
        }
        action
    }
}

fn selects(rule: &Rule, request: RequestInfo<'_>) -> bool {
    let fits = |wanted: &Option<String>, found: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| Some(wanted) == found)
    };
    (rule.op == "*" || rule.op == request.op)
        && fits(&rule.bucket, request.bucket)
        && fits(&rule.key, request.key)
        && rule.part.is_none_or(|part| Some(part) == request.part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(op: &str, part: u32) -> RequestInfo<'_> {
        RequestInfo { op, bucket: Some("b"), key: Some("k"), part: Some(part) }
    }

    fn struck(text: &str, parts: &[u32]) -> Vec<bool> {
        let mut book = RuleBook::default();
        book.add(serde_json::from_str(text).unwrap());
        parts.iter().map(|part| book.match_fault(request("UploadPart", *part)).is_some()).collect()
    }

    #[test]
    fn nth_counts_only_what_the_rule_selects() {
        let rule = r#"{"op":"UploadPart","part":7,"nth":2,"times":2,"action":{"status":503}}"#;
        let expected = [false, false, true, false, true, false];
        assert_eq!(struck(rule, &[7, 1, 7, 1, 7, 7]), expected);
    }

    #[test]
    fn a_rule_strikes_once_unless_told_otherwise() {
        assert_eq!(struck(r#"{"action":{}}"#, &[1, 1]), [true, false]);
        assert_eq!(struck(r#"{"times":0,"action":{}}"#, &[1, 1]), [true, true]);
        assert_eq!(struck(r#"{"op":"Other","action":{}}"#, &[1, 1]), [false, false]);
    }

    #[test]
    fn unknown_fields_are_errors() {
        assert!(serde_json::from_str::<Rule>(r#"{"action":{"statu":1}}"#).is_err());
    }
}
