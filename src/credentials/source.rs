//! The sources a configuration can name, and the trait of a caller's own.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::builtin_source::{self, BuiltinSource};
use crate::error::Result;
use crate::sign::AccessKey;

/// An access key and the time until which it is good.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The key pair, and the security token if it is a temporary one.
    pub access_key: AccessKey,
    /// When it ends; `None` is never.
    pub expires: Option<SystemTime>,
}

/// A caller's own source of credentials.
///
/// It is asked when there are none, when they are about to end and when the service says that they
/// have ended; never by two threads at once. It may run on any thread of the client and must not
/// use the client that it serves. A cancel does not cut it: the call goes on when it returns.
pub trait CredentialsProvider: Send + Sync {
    /// Gives credentials that are good now.
    ///
    /// # Errors
    ///
    /// Whatever the source has to say; the call that needed them fails with kind `Credentials` and
    /// these words as its cause.
    fn fetch(&self) -> Result<Credentials, Box<dyn std::error::Error + Send + Sync>>;
}

/// Where the credentials of a client come from.
#[derive(Clone)]
#[non_exhaustive]
pub enum CredentialsSource {
    /// Requests are not signed.
    Anonymous,
    /// One key that never changes.
    Fixed(AccessKey),
    /// A caller's own source.
    Provider(Arc<dyn CredentialsProvider>),
    /// A source of the library's own, made by [`CredentialsSource::parse`].
    Builtin(BuiltinSource),
}

impl CredentialsSource {
    /// Makes a source of its text form. The environment is read now, and not again; files are read,
    /// and services asked, when credentials are needed.
    ///
    /// - `anonymous`: requests are not signed.
    /// - `env`: `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET` and `OSS_SESSION_TOKEN`.
    /// - `default`: the first of these that is set up: `env`; the same as
    ///   `ALIBABA_CLOUD_ACCESS_KEY_ID`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET` and
    ///   `ALIBABA_CLOUD_SECURITY_TOKEN`; `oidc`; `profile`; the URL in
    ///   `ALIBABA_CLOUD_CREDENTIALS_URI`; `ecs`. The one that has worked is kept.
    /// - `oidc`: the vendor's STS, for the token in the file `ALIBABA_CLOUD_OIDC_TOKEN_FILE`,
    ///   with `ALIBABA_CLOUD_ROLE_ARN` and `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`.
    /// - `profile`, `profile:NAME`: the first of `~/.aliyun/config.json`,
    ///   `~/.alibabacloud/credentials`, the same with `.ini`, and `~/.ossutilconfig` (its key
    ///   pairs only) that has the profile; without a name, that in `ALIBABA_CLOUD_PROFILE` or the
    ///   one that each file has for the purpose.
    /// - `ecs`, `ecs:ROLE`: the metadata service of the instance, never through a proxy.
    /// - `assume-role:ARN`: the vendor's STS, asked with the key that `default` gives, for an hour.
    /// - `process:COMMAND`: the JSON that a command prints, which is run without a shell.
    /// - `uri:URL`: the JSON that a URL answers; https, or http to this machine.
    ///
    /// That JSON has the texts `AccessKeyId` and `AccessKeySecret` and, for a temporary key,
    /// `SecurityToken` and `Expiration`.
    ///
    /// A source that was set up and does not work is an error; `default` takes no other in its
    /// place. Each fetch takes 60 seconds at the most, a step of `ecs` one second, and a cancel of
    /// the call ends it.
    ///
    /// # Errors
    ///
    /// `Unsupported`, naming `credentials`, for a text that is none of these; `Invalid`, naming it
    /// too, for one that is, with something behind the colon that cannot be used; `Credentials`,
    /// when the environment lacks what the source needs. None of them repeats the text.
    pub fn parse(text: &str) -> Result<Self> {
        builtin_source::parse(text, &|name| std::env::var(name).ok())
    }

    /// Reads `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET` and `OSS_SESSION_TOKEN`, now.
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
