//! A program that prints credentials.

use super::fetch_context::{FetchContext, Source, of_source, unusable};
use super::json::{Json, Member};
use super::{Credentials, shell_words};
use crate::error::Result;
use crate::limits;
use crate::runtime::Subprocess;

/// Runs the program without a shell each time that credentials are needed.
pub(super) struct Process(Subprocess);

impl Process {
    /// The error says what is wrong with the line without a word of it.
    pub(super) fn parse(line: &str) -> Result<Self, &'static str> {
        shell_words::split(line).map(Subprocess::new).map(Self)
    }

    fn run(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        let end = self.0.run(limits::CREDENTIALS_RESPONSE_MAX, context.cancel, context.deadline)?;
        if !end.status.success() {
            return Err(match end.status.code() {
                Some(code) => unusable(format!("it ended with status {code}")),
                None => unusable("it was ended by a signal"),
            });
        }
        if end.output.trim_ascii().is_empty() {
            return Err(unusable("it printed nothing"));
        }
        let json = Json::parse(&end.output)?;
        // A set that says that it is temporary is of no use without its token.
        let token = match json.text(&["mode"]) {
            None | Some("AK") => Member::Optional,
            Some("StsToken") => Member::Required,
            Some(_) => return Err(unusable("mode in its output is neither AK nor StsToken")),
        };
        json.credentials(token, Member::Optional)
    }
}

impl Source for Process {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        self.run(context).map_err(|error| of_source("the credentials command", error))
    }
}
