//! Credentials sources, one per file, and the cache in front of them.

mod assume_role;
mod builtin_source;
mod chain;
mod cloud_sso;
mod credentials_cache;
mod ecs_role;
mod endpoint_url;
mod env_settings;
mod environment;
mod fetch_context;
mod http_fetch;
mod json;
mod oidc;
mod process;
mod profile;
mod role;
mod secret_file;
mod shell_words;
mod single_flight;
mod source;
mod sts;
#[cfg(test)]
mod tests;
mod uri;

pub(crate) use credentials_cache::CredentialsCache;
pub(crate) use fetch_context::FetchContext;
pub use source::{Credentials, CredentialsProvider, CredentialsSource};

/// Parses bytes as the output of a service, a command or a file.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8]) {
    use json::Member::{Optional, Required};

    if let Ok(mut json) = json::Json::parse(bytes) {
        let _ = (json.is_success(), json.credentials(Required, Required));
        if let Some(inner) = json.take_object("Credentials") {
            let _ = inner.credentials(Optional, Optional);
        }
    }
    let text = String::from_utf8_lossy(bytes);
    let _ =
        (shell_words::split(&text), endpoint_url::EndpointUrl::parse(&text), profile::fuzz(&text));
}
