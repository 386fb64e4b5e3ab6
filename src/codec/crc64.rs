//! CRC-64/XZ, which OSS calls crc64ecma: computation and combination.
//!
//! A finished value is the complete state: the CRC-64 of no bytes is 0, and any value can be
//! continued. A [`Combiner`] for one length needs a single multiplication per part.

#[cfg(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64"))]
mod fold_factors;
#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
#[path = "crc64/x86.rs"]
mod kernel;
#[cfg(target_arch = "aarch64")]
#[path = "crc64/aarch64.rs"]
mod kernel;
mod table;

/// Computes the CRC-64 of `bytes`.
pub fn crc64(bytes: &[u8]) -> u64 {
    let mut crc = Crc64::new();
    crc.update(bytes);
    crc.value()
}

/// Parses a CRC-64 as OSS writes it, in decimal digits.
pub(crate) fn parse(text: &str) -> Option<u64> {
    // `str::parse` would accept a sign.
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Computes the CRC-64 of a concatenation from the CRC-64 `a` of the first block, and the CRC-64
/// `b` and length of the second block.
///
/// With `length_b` 0 the result is `a`, and `b` is ignored.
pub fn combine(a: u64, b: u64, length_b: u64) -> u64 {
    Combiner::new(length_b).append(a, b)
}

/// An incremental CRC-64/XZ, the checksum that OSS computes for each part and object.
///
/// ```
/// let mut crc64 = ossmpu::Crc64::new();
/// crc64.update(b"1234");
/// crc64.update(b"56789");
/// assert_eq!(crc64.value(), 0x995d_c9bb_df19_39fa);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Crc64 {
    value: u64,
}

impl Crc64 {
    /// Starts with no bytes; the value is 0.
    pub fn new() -> Crc64 {
        Crc64::resume(0)
    }

    /// Continues after bytes with the CRC-64 `value`.
    pub fn resume(value: u64) -> Crc64 {
        Crc64 { value }
    }

    /// Appends bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        // The register is the inverse of the finished value.
        let (register, rest) = advance(!self.value, bytes);
        self.value = !table::advance(register, rest);
    }

    /// Returns the CRC-64 of all bytes so far.
    pub fn value(&self) -> u64 {
        self.value
    }
}

/// Advances the register over as many bytes as a kernel of this CPU takes; returns it and the
/// remaining bytes.
fn advance(register: u64, bytes: &[u8]) -> (u64, &[u8]) {
    #[cfg(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64"))]
    if bytes.len() >= kernel::LENGTH_MIN
        && let Some(kernel) = kernel::FoldingKernel::best()
    {
        return kernel.advance(register, bytes);
    }
    (register, bytes)
}

/// Combines checksums of blocks of one length, in about 0.1 microseconds each for any length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Combiner {
    length: u64,
    /// x^(8 · length) modulo [`POLYNOMIAL`].
    shift: u64,
}

impl Combiner {
    /// Makes a combiner for blocks of `length` bytes.
    pub fn new(length: u64) -> Combiner {
        let powers = BYTE_POWERS.iter().enumerate();
        let shift = powers
            .filter(|(bit, _)| length >> bit & 1 == 1)
            .fold(ONE, |product, (_, &power)| multiply(product, power));
        Combiner { length, shift }
    }

    /// Returns the CRC-64 of the bytes of `a` followed by a block with the CRC-64 `b`.
    pub fn append(&self, a: u64, b: u64) -> u64 {
        if self.length == 0 {
            return a;
        }
        multiply(a, self.shift) ^ b
    }
}

/// Multiplies two reflected polynomials modulo [`POLYNOMIAL`].
const fn multiply(a: u64, b: u64) -> u64 {
    let mut rest = a;
    let mut power = b;
    let mut product = 0;
    let mut step = 0;
    while step < 64 {
        // Masks instead of branches, which the random bits would make unpredictable.
        product ^= power & (rest >> 63).wrapping_neg();
        rest <<= 1;
        power = power >> 1 ^ POLYNOMIAL & (power & 1).wrapping_neg();
        step += 1;
    }
    product
}

/// Entry k is x^(8 · 2^k), the factor for appending 2^k bytes.
const fn byte_powers() -> [u64; 64] {
    let mut powers = [ONE >> 8; 64];
    let mut k = 1;
    while k < powers.len() {
        powers[k] = multiply(powers[k - 1], powers[k - 1]);
        k += 1;
    }
    powers
}

/// The polynomial of ECMA-182 without its leading term, reflected.
const POLYNOMIAL: u64 = 0xc96c_5795_d787_0f42;
/// The polynomial 1, reflected.
const ONE: u64 = 1 << 63;
static BYTE_POWERS: [u64; 64] = byte_powers();

#[cfg(test)]
mod tests {
    use super::*;
    use crc_fast::{CrcAlgorithm, Digest};
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn single_vectors_match_in_one_and_several_updates() {
        for case in list(&vectors(), "single") {
            let bytes = content(case);
            assert_eq!(crc64(&bytes), decimal(case, "crc64_decimal"), "{}", case["name"]);
            let mut running = Crc64::new();
            bytes.chunks(1000).for_each(|chunk| running.update(chunk));
            assert_eq!(running.value(), hex(case, "crc64_hex"), "{}", case["name"]);
        }
    }

    #[test]
    fn incremental_vectors_match() {
        for case in list(&vectors(), "incremental") {
            let mut running = Crc64::resume(hex(case, "start_crc64_hex"));
            running.update(&content(case));
            assert_eq!(running.value(), decimal(case, "crc64_decimal"), "{}", case["name"]);
        }
    }

    #[test]
    fn combination_vectors_match() {
        for case in list(&vectors(), "combine") {
            let whole = list(case, "parts").iter().fold(0, |whole, part| {
                assert_eq!(crc64(&content(part)), hex(part, "crc64_hex"));
                combine(whole, hex(part, "crc64_hex"), part["length"].as_u64().unwrap())
            });
            assert_eq!(whole, decimal(case, "combined_decimal"), "{}", case["name"]);
        }
        for case in list(&vectors(), "combine_lengths_only") {
            let length = case["length2"].as_u64().unwrap();
            let whole = combine(hex(case, "crc1_hex"), hex(case, "crc2_hex"), length);
            assert_eq!(whole, decimal(case, "combined_decimal"), "length {length}");
        }
    }

    #[test]
    fn appending_no_bytes_changes_nothing() {
        assert_eq!(crc64(b""), 0);
        assert_eq!(combine(7, 9, 0), 7);
        assert_eq!(Combiner::new(0).append(u64::MAX, 1), u64::MAX);
    }

    #[test]
    fn one_combiner_combines_ten_thousand_parts() {
        let part = crc64(&[7; 100]);
        let combiner = Combiner::new(100);
        let whole = (0..10_000).fold(0, |whole, _| combiner.append(whole, part));
        assert_eq!(whole, crc64(&vec![7; 1_000_000]));
    }

    type Advance = Box<dyn Fn(u64, &[u8]) -> u64>;

    /// Each implementation that this CPU can run, with its name. On x86 there are three with AVX-512.
    fn implementations() -> Vec<(String, Advance)> {
        let tables: Advance = Box::new(|value, bytes| !table::advance(!value, bytes));
        let mut found = vec![("tables".to_owned(), tables)];
        #[cfg(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64"))]
        for kernel in kernel::FoldingKernel::widest_first() {
            let advance: Advance = Box::new(move |value, bytes| {
                let (register, rest) = kernel.advance(!value, bytes);
                assert!(rest.len() < 16 || bytes.len() < kernel::LENGTH_MIN);
                !table::advance(register, rest)
            });
            found.push((format!("{kernel:?}"), advance));
        }
        found
    }

    fn with_crc_fast(value: u64, bytes: &[u8]) -> u64 {
        let mut digest = Digest::new_with_init_state(CrcAlgorithm::Crc64Xz, !value);
        digest.update(bytes);
        digest.finalize()
    }

    #[test]
    fn each_implementation_agrees_with_the_vectors_and_at_every_length_with_crc_fast() {
        let bytes: Vec<u8> = (0..1100_u32).map(|i| (i.pow(2) >> 3) as u8).collect();
        for (name, advance) in implementations() {
            for case in list(&vectors(), "single") {
                let value = advance(0, &content(case));
                assert_eq!(value, decimal(case, "crc64_decimal"), "{name}, {}", case["name"]);
            }
            for start in 0..33 {
                for end in start..bytes.len() {
                    let bytes = &bytes[start..end];
                    for value in [0, u64::MAX, 0x0123_4567_89ab_cdef] {
                        let expected = with_crc_fast(value, bytes);
                        assert_eq!(advance(value, bytes), expected, "{name}, {start}..{end}");
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn each_implementation_agrees_with_crc_fast(
            value: u64,
            bytes in proptest::collection::vec(any::<u8>(), 0..5000),
        ) {
            for (name, advance) in implementations() {
                prop_assert_eq!(advance(value, &bytes), with_crc_fast(value, &bytes), "{}", name);
            }
        }

        #[test]
        fn combining_and_resuming_equal_the_crc_of_all_bytes(
            bytes in prop::collection::vec(any::<u8>(), 0..2000),
            cut in any::<prop::sample::Index>(),
        ) {
            let (head, tail) = bytes.split_at(cut.index(bytes.len() + 1));
            let whole = crc64(&bytes);
            prop_assert_eq!(combine(crc64(head), crc64(tail), tail.len() as u64), whole);
            let mut resumed = Crc64::resume(crc64(head));
            resumed.update(tail);
            prop_assert_eq!(resumed.value(), whole);
        }

        #[test]
        fn any_length_agrees_with_crc_fast(a: u64, b: u64, length in 1..u64::MAX) {
            let expected = crc_fast::checksum_combine(CrcAlgorithm::Crc64Xz, a, b, length);
            prop_assert_eq!(combine(a, b, length), expected);
        }
    }

    fn vectors() -> Value {
        serde_json::from_str(include_str!("../../tests/vectors/crc64.json")).unwrap()
    }

    fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
        let list = value[name].as_array().unwrap();
        assert!(!list.is_empty(), "no vectors under {name}");
        list
    }

    fn hex(case: &Value, name: &str) -> u64 {
        u64::from_str_radix(case[name].as_str().unwrap(), 16).unwrap()
    }

    fn decimal(case: &Value, name: &str) -> u64 {
        case[name].as_str().unwrap().parse().unwrap()
    }

    /// Returns the bytes of a vector: a text, or a pattern and its length.
    fn content(case: &Value) -> Vec<u8> {
        if let Some(text) = case["text"].as_str() {
            return text.as_bytes().to_vec();
        }
        let length = case["length"].as_u64().unwrap();
        match case["pattern"].as_str().unwrap() {
            "zero" => (0..length).map(|_| 0).collect(),
            "ff" => (0..length).map(|_| 255).collect(),
            "index251" => (0..length).map(|index| (index % 251) as u8).collect(),
            "lcg" => std::iter::successors(Some(1_u64), |x| Some(next_lcg(*x)))
                .skip(1)
                .take(length as usize)
                .map(|x| (x >> 16) as u8)
                .collect(),
            other => panic!("unknown pattern {other}"),
        }
    }

    fn next_lcg(x: u64) -> u64 {
        (x * 1_103_515_245 + 12_345) % (1 << 31)
    }
}
