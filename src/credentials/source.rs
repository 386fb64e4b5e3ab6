//! Credentials, their sources, and the trait for sources of the caller.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::builtin_source::{self, BuiltinSource};
use crate::error::Result;
use crate::platform::env_var;
use crate::sign::AccessKey;

/// An access key and its expiry.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The access key, with a security token if it is temporary.
    pub access_key: AccessKey,
    /// When the key expires; `None` means never.
    pub expires: Option<SystemTime>,
}

/// A credentials source that the caller implements.
///
/// It is called on first use, shortly before expiry and when OSS has refused the key; never by two
/// threads of a client at once. It runs on any thread that uses the client. Calls of that client
/// that it makes fail with kind `State`.
/// Cancellation does not interrupt it: a canceled call returns only after `fetch` has returned.
pub trait CredentialsProvider: Send + Sync {
    /// Fetches valid credentials. May block.
    ///
    /// # Errors
    ///
    /// Any error. The call that needed the credentials fails with kind `Credentials` and this error
    /// as its source.
    fn fetch(&self) -> Result<Credentials, Box<dyn std::error::Error + Send + Sync>>;
}

/// The credentials source of a client.
#[derive(Clone)]
#[non_exhaustive]
pub enum CredentialsSource {
    /// Requests are not signed.
    Anonymous,
    /// A static key.
    Fixed(AccessKey),
    /// A source that the caller implements.
    Provider(Arc<dyn CredentialsProvider>),
    /// A built-in source, made by [`CredentialsSource::parse`].
    Builtin(BuiltinSource),
}

impl CredentialsSource {
    /// Parses the text form of a source. Environment variables are read now; files, commands and
    /// services are used in each fetch.
    ///
    /// - `anonymous`: requests are not signed.
    /// - `env`: `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET` and `OSS_SESSION_TOKEN`.
    /// - `default`: the first of these that is configured: `env`; the same as
    ///   `ALIBABA_CLOUD_ACCESS_KEY_ID`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET` and
    ///   `ALIBABA_CLOUD_SECURITY_TOKEN`; `oidc`; `profile`; the URL in
    ///   `ALIBABA_CLOUD_CREDENTIALS_URI`; `ecs`. The first that succeeds is used from then on.
    /// - `oidc`: AssumeRoleWithOIDC of STS, with the token in the file
    ///   `ALIBABA_CLOUD_OIDC_TOKEN_FILE`, `ALIBABA_CLOUD_ROLE_ARN` and
    ///   `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`.
    /// - `profile`, `profile:NAME`: the first of `~/.aliyun/config.json`,
    ///   `~/.alibabacloud/credentials`, the same with `.ini`, and `~/.ossutilconfig` (its access
    ///   keys only) that has the profile. The default name is `ALIBABA_CLOUD_PROFILE`, then the
    ///   default profile of each file.
    /// - `ecs`, `ecs:ROLE`: the metadata service of the instance, never through a proxy.
    /// - `assume-role:ARN`: AssumeRole of STS, with the key from `default`, for one hour.
    /// - `process:COMMAND`: the JSON that the command prints. It is run without a shell; quotes are
    ///   those of the POSIX shell, and backslashes too except on Windows.
    /// - `uri:URL`: the JSON that the URL returns; https, or http to a loopback address.
    ///
    /// The JSON has the strings `AccessKeyId` and `AccessKeySecret` and, for a temporary key,
    /// `SecurityToken` and `Expiration`.
    ///
    /// If a configured source fails, the call fails; `default` does not fall back to another. A
    /// fetch takes at most 60 seconds, a step of `ecs` one second. Cancellation ends a fetch.
    ///
    /// # Errors
    ///
    /// `Unsupported`, naming `credentials`, for any other text; `Invalid`, naming `credentials`, if
    /// the text after the colon is invalid; `Credentials`, if a variable that the source needs is
    /// missing or invalid. No error contains the text.
    pub fn parse(text: &str) -> Result<Self> {
        builtin_source::parse(text, &env_var)
    }

    /// Reads `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET` and `OSS_SESSION_TOKEN` now.
    ///
    /// # Errors
    ///
    /// `Credentials`, naming the variable that is missing or empty.
    pub fn environment() -> Result<Self> {
        Self::parse("env")
    }
}

impl fmt::Debug for CredentialsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("Anonymous"),
            Self::Fixed(key) => f.debug_tuple("Fixed").field(key).finish(),
            Self::Provider(_) => f.write_str("Provider"),
            Self::Builtin(source) => source.fmt(f),
        }
    }
}
