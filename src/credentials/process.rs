//! Credentials from the output of a command.

use super::fetch_context::{Fetch, FetchContext, of_source, unusable};
use super::json::{Json, Member};
use super::{Credentials, shell_words};
use crate::error::Result;
use crate::limits;
use crate::platform::is_secure;
use crate::runtime::Subprocess;

/// Runs the command, without a shell, in each fetch.
pub(super) struct Process(Subprocess);

impl Process {
    /// Parses a command line. The error does not contain the line.
    pub(super) fn parse(line: &str) -> Result<Self, &'static str> {
        let argv = shell_words::split(line)?;
        // `PATH` is that of a user with fewer rights.
        if is_secure() && !argv.first().is_some_and(|program| program.starts_with('/')) {
            return Err("a set-user-ID program needs the absolute path of the command");
        }
        Ok(Self(Subprocess::new(argv)))
    }

    /// Parses the command line of a profile, which is a file of the user who runs the program.
    pub(super) fn parse_of_profile(line: &str) -> Result<Self, &'static str> {
        if is_secure() {
            return Err("a set-user-ID program does not run the command of a profile");
        }
        Self::parse(line)
    }

    fn run(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        let finished =
            self.0.run(limits::CREDENTIALS_RESPONSE_MAX, context.cancel, context.deadline)?;
        // If the status is not known, the output decides.
        if let Some(status) = finished.status.filter(|status| !status.success()) {
            return Err(match status.code() {
                Some(code) => unusable(format!("it exited with status {code}")),
                None => unusable("it was killed by a signal"),
            });
        }
        if finished.output.trim_ascii().is_empty() {
            return Err(unusable("it printed nothing"));
        }
        let json = Json::parse(&finished.output)?;
        // Temporary credentials are useless without their token.
        let token = match json.text(&["mode"]) {
            None | Some("AK") => Member::Optional,
            Some("StsToken") => Member::Required,
            Some(_) => return Err(unusable("the mode in its output is neither AK nor StsToken")),
        };
        json.credentials(token, Member::Optional)
    }
}

impl Fetch for Process {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        self.run(context).map_err(|error| of_source("the credentials command", error))
    }
}
