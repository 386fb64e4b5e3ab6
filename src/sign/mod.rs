//! Signatures: a request goes in, the same request signed comes out.
//!
//! Pure: the time and the key are arguments, and nothing is sent, cached or logged. V4 is the
//! default; V1 is for servers that know nothing else, and RPC is that of the vendor's STS.

mod access_key;
mod additional_headers;
mod canonical;
mod rpc;
mod signer;
mod v1;
mod v4;
#[cfg(test)]
mod vectors;

pub use access_key::AccessKey;
pub(crate) use additional_headers::AdditionalHeaders;
pub(crate) use rpc::{encode_rpc, rpc_signature};
pub use signer::SignatureVersion;
pub(crate) use signer::Signer;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Secret;
    use zeroize::ZeroizeOnDrop;

    /// Without the features of the crates that wipe, this does not compile. An HMAC is made of the
    /// two hashes.
    #[test]
    fn what_is_made_from_a_secret_is_wiped() {
        fn is_wiped<T: ZeroizeOnDrop>() {}
        is_wiped::<Secret>();
        is_wiped::<v4::Key>();
        is_wiped::<sha2::Sha256>();
        is_wiped::<sha1::Sha1>();
    }
}
