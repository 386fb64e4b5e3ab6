//! Random identifiers: request IDs, upload IDs, version IDs, file names.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Returns 64 random bits from the standard library's hash seed.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Returns 32 upper-case hex digits.
pub(crate) fn hex32() -> String {
    format!("{:016X}{:016X}", random(), random())
}

/// Returns 24 upper-case hex digits.
pub(crate) fn hex24() -> String {
    format!("{:016X}{:08X}", random(), random() >> 32)
}
