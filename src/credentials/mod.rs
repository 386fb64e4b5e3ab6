//! Where access keys come from: one file per source, and a cache in front of those that ask.

mod cached;
mod environment;
mod source;

pub(crate) use cached::Cached;
pub use source::{Credentials, CredentialsProvider, CredentialsSource};
