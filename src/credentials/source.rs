//! The sources a configuration can name, and the trait of a caller's own.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::environment;
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
/// use the client that it serves.
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
}

impl CredentialsSource {
    /// Reads `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET` and `OSS_SESSION_TOKEN`, now.
    ///
    /// # Errors
    ///
    /// `Credentials`, naming the variable that is missing or empty.
    pub fn environment() -> Result<Self> {
        environment::read(|name| std::env::var(name).ok()).map(Self::Fixed)
    }
}

impl fmt::Debug for CredentialsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("Anonymous"),
            Self::Fixed(key) => f.debug_tuple("Fixed").field(key).finish(),
            Self::Provider(_) => f.write_str("Provider"),
        }
    }
}
