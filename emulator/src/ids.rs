//! Random names: request IDs, upload IDs, version IDs, files.

use std::hash::{BuildHasher, Hasher, RandomState};

/// 64 random bits from the standard library's hash seed.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// 32 upper-case hex digits.
pub(crate) fn hex32() -> String {
    format!("{:016X}{:016X}", random(), random())
}

/// 24 upper-case hex digits.
pub(crate) fn hex24() -> String {
    format!("{:016X}{:08X}", random(), random() >> 32)
}
