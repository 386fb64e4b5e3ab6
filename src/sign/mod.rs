//! Signs requests.
//!
//! Pure: the time and the key are arguments, and nothing is sent, cached or logged. V4 is the
//! default; V1 is for servers without V4, and the RPC signature is for STS.

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

    /// Does not compile without the `zeroize` features of the crates. An HMAC contains two hashes.
    #[test]
    fn values_derived_from_a_secret_are_wiped() {
        fn is_wiped<T: ZeroizeOnDrop>() {}
        is_wiped::<Secret>();
        is_wiped::<v4::Key>();
        is_wiped::<sha2::Sha256>();
        is_wiped::<sha1::Sha1>();
    }
}
