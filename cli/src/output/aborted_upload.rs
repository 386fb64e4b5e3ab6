//! Output for an aborted upload.

use serde::Serialize;

use crate::console::Output;

/// An upload that was aborted or, in a dry run, would be.
#[derive(Debug, Serialize)]
pub struct AbortedUpload<'a> {
    pub target: String,
    pub upload_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiated: Option<String>,
    /// False in a dry run.
    pub aborted: bool,
}

impl Output for AbortedUpload<'_> {
    fn to_fields(&self) -> Vec<String> {
        let Self { target, upload_id, initiated, aborted } = self;
        let verb = if *aborted { "aborted" } else { "would abort" };
        let since =
            initiated.as_ref().map(|time| format!(", initiated {time}")).unwrap_or_default();
        vec![format!("{verb} {target} {upload_id}{since}")]
    }
}
