//! Random numbers for jitter and nonces; not for keys.
//!
//! They come from the random state of std, whose thread-local value has no destructor, so that they
//! are available in destructors of thread-local values and when the process exits.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::platform::process_id;

/// Returns a number of at least 0 and less than 1.
pub(crate) fn random_fraction() -> f64 {
    // An f64 represents each integer of 53 bits.
    (random_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Returns 32 hexadecimal digits.
pub(crate) fn random_hex() -> String {
    format!("{:016x}{:016x}", random_u64(), random_u64())
}

fn random_u64() -> u64 {
    // Simulations are reproducible.
    #[cfg(test)]
    if super::deadline::simulated::now().is_some() {
        return fastrand::u64(..);
    }
    let mut hasher = RandomState::new().build_hasher();
    // The keys of the state are copied by fork.
    hasher.write_u32(process_id());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn numbers_differ_and_fractions_are_below_one() {
        let texts: HashSet<String> = (0..1000).map(|_| random_hex()).collect();
        assert!(texts.len() == 1000 && texts.iter().all(|text| text.len() == 32));
        let fractions: Vec<f64> = (0..1000).map(|_| random_fraction()).collect();
        assert!(fractions.iter().all(|fraction| (0.0..1.0).contains(fraction)));
        let sum: f64 = fractions.iter().sum();
        assert!((400.0..600.0).contains(&sum), "{sum}");
    }
}
