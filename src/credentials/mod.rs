//! Where access keys come from: one file per source, and a cache in front of those that ask.

mod address;
mod asking;
mod assume_role;
mod cached;
mod chain;
mod cloud_sso;
mod document;
mod ecs_role;
mod environment;
mod json;
mod named;
mod oidc;
mod process;
mod profile;
mod role;
mod small_file;
mod source;
mod sts;
mod surroundings;
#[cfg(test)]
mod tests;
mod turn;
mod uri;
mod words;

pub(crate) use asking::Asking;
pub(crate) use cached::Cached;
pub use named::NamedSource;
pub use source::{Credentials, CredentialsProvider, CredentialsSource};

/// Any bytes as what a service, a command or a file says of credentials.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8]) {
    use json::Member::{Optional, Required};

    if let Ok(mut json) = json::Json::parse(bytes) {
        let _ = (json.says_success(), json.credentials(Required, Required));
        if let Some(inner) = json.take_object("Credentials") {
            let _ = inner.credentials(Optional, Optional);
        }
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = (words::split(&text), address::Address::parse(&text), profile::fuzz(&text));
}
