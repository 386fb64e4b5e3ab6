//! What is said of an upload that was given up, or would be.

use serde::Serialize;

use crate::console::Line;

/// An unfinished upload that is gone, or would be.
#[derive(Debug, Serialize)]
pub struct Removed<'a> {
    pub target: String,
    pub upload_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiated: Option<String>,
    /// False when it was only looked for.
    pub aborted: bool,
}

impl Line for Removed<'_> {
    fn text(&self) -> String {
        let Self { target, upload_id, initiated, aborted } = self;
        let what = if *aborted { "aborted" } else { "would abort" };
        let since = initiated.as_ref().map(|time| format!(", begun {time}")).unwrap_or_default();
        format!("{what} {target} {upload_id}{since}")
    }
}
