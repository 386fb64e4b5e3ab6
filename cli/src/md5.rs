//! MD5 digests on the command line, as `md5sum` prints them.

/// Parses 32 hexadecimal digits.
///
/// # Errors
///
/// The expected form.
pub fn parse(text: &str) -> Result<[u8; 16], String> {
    let expected = || "expected 32 hexadecimal digits, as md5sum prints them".to_owned();
    if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(expected());
    }
    u128::from_str_radix(text, 16).map(u128::to_be_bytes).map_err(|_| expected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_32_hexadecimal_digits_of_either_case_are_accepted() {
        let digest = parse("d41d8cd98f00b204e9800998ecf8427e").unwrap();
        assert_eq!((digest[0], digest[15]), (0xd4, 0x7e));
        assert_eq!(parse("D41D8CD98F00B204E9800998ECF8427E"), Ok(digest));
        for bad in ["", "d41d", "+41d8cd98f00b204e9800998ecf8427e", "1B2M2Y8AsgTpgAmY7PhCfg=="] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
