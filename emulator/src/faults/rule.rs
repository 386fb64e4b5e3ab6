//! Rules that select the requests to inject faults into.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Action;

/// Injects a fault into selected requests.
///
/// As JSON: `{"op":"UploadPart","part":7,"nth":3,"times":1,"action":{"status":503}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rule {
    /// Operation name as in the OSS API reference, e.g. `UploadPart`; `*` matches any.
    #[serde(default = "any")]
    pub op: String,
    /// Match only this bucket.
    #[serde(default)]
    pub bucket: Option<String>,
    /// Match only this key.
    #[serde(default)]
    pub key: Option<String>,
    /// Match only this part number.
    #[serde(default)]
    pub part: Option<u32>,
    /// First matching request to inject the fault into, counted from 1.
    #[serde(default = "one")]
    pub nth: u64,
    /// Number of consecutive matching requests to inject the fault into; 0 means no limit.
    #[serde(default = "one")]
    pub times: u64,
    /// The fault to inject.
    pub action: Action,
}

impl Rule {
    /// Creates a rule for the first request of `op`.
    pub fn on(op: impl Into<String>, action: Action) -> Self {
        let op = op.into();
        Self { op, bucket: None, key: None, part: None, nth: 1, times: 1, action }
    }

    /// Matches only this bucket.
    #[must_use]
    pub fn bucket(mut self, bucket: impl Into<String>) -> Self {
        self.bucket = Some(bucket.into());
        self
    }

    /// Matches only this key.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Matches only this part number.
    #[must_use]
    pub fn part(mut self, number: u32) -> Self {
        self.part = Some(number);
        self
    }

    /// Starts at the `nth` matching request.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = nth;
        self
    }

    /// Applies to this many consecutive requests; 0 means no limit.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// Applies to all matching requests.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(0)
    }

    /// Loads a rule file: a JSON list of rules. The error names the file.
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

/// The attributes of a request that rules match.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestInfo<'a> {
    pub(crate) op: &'a str,
    pub(crate) bucket: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) part: Option<u32>,
}

/// The active rules, each with its count of matching requests.
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

    /// Counts the request in every matching rule and returns the first action that is due.
    pub(crate) fn match_fault(&mut self, request: RequestInfo<'_>) -> Option<Action> {
        let mut action = None;
        for (rule, seen) in &mut self.rules {
            if !matches_rule(rule, request) {
                continue;
            }
            *seen += 1;
            let first = rule.nth.max(1);
            let is_due = rule.times == 0 || *seen - first.min(*seen) < rule.times;
            if *seen >= first && is_due && action.is_none() {
                action = Some(rule.action.clone());
            }
        }
        action
    }
}

fn matches_rule(rule: &Rule, request: RequestInfo<'_>) -> bool {
    let matches = |expected: &Option<String>, found: Option<&str>| {
        expected.as_deref().is_none_or(|expected| Some(expected) == found)
    };
    (rule.op == "*" || rule.op == request.op)
        && matches(&rule.bucket, request.bucket)
        && matches(&rule.key, request.key)
        && rule.part.is_none_or(|part| Some(part) == request.part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(op: &str, part: u32) -> RequestInfo<'_> {
        RequestInfo { op, bucket: Some("b"), key: Some("k"), part: Some(part) }
    }

    fn injected(text: &str, parts: &[u32]) -> Vec<bool> {
        let mut book = RuleBook::default();
        book.add(serde_json::from_str(text).unwrap());
        parts.iter().map(|part| book.match_fault(request("UploadPart", *part)).is_some()).collect()
    }

    #[test]
    fn nth_counts_only_matching_requests() {
        let rule = r#"{"op":"UploadPart","part":7,"nth":2,"times":2,"action":{"status":503}}"#;
        let expected = [false, false, true, false, true, false];
        assert_eq!(injected(rule, &[7, 1, 7, 1, 7, 7]), expected);
    }

    #[test]
    fn a_rule_applies_once_by_default() {
        assert_eq!(injected(r#"{"action":{}}"#, &[1, 1]), [true, false]);
        assert_eq!(injected(r#"{"times":0,"action":{}}"#, &[1, 1]), [true, true]);
        assert_eq!(injected(r#"{"op":"Other","action":{}}"#, &[1, 1]), [false, false]);
    }

    #[test]
    fn unknown_fields_are_errors() {
        assert!(serde_json::from_str::<Rule>(r#"{"action":{"statu":1}}"#).is_err());
    }
}
