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
