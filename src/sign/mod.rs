//! Signatures: a request goes in, the same request signed comes out.
//!
//! Pure: the time and the key are arguments, and nothing is sent, cached or logged. V4 is the
//! default; V1 is for servers that know nothing else.

mod access_key;
mod additional_headers;
mod canonical;
mod signer;
mod v1;
mod v4;
#[cfg(test)]
mod vectors;

pub use access_key::AccessKey;
pub(crate) use additional_headers::AdditionalHeaders;
pub use signer::SignatureVersion;
pub(crate) use signer::Signer;
