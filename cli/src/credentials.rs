//! Where the credentials come from, by name.

use ossmpu::{Config, CredentialsSource};

use crate::failure::Failure;

/// A source of credentials, as written on the command line. The one place that knows the names.
///
/// None of them holds a secret: others can see a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialsText {
    Environment,
    Anonymous,
}

impl CredentialsText {
    /// # Errors
    ///
    /// Which sources there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "env" => Ok(Self::Environment),
            "anonymous" => Ok(Self::Anonymous),
            _ => Err("the sources of credentials are env and anonymous".to_owned()),
        }
    }

    /// # Errors
    ///
    /// `Credentials`, when the source has none.
    pub fn apply(self, config: &mut Config) -> Result<(), Failure> {
        config.set_credentials(match self {
            Self::Environment => CredentialsSource::environment()?,
            Self::Anonymous => CredentialsSource::Anonymous,
        });
        Ok(())
    }
}
