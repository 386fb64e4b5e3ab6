//! An MD5 as `md5sum` prints it.

/// Reads 32 hexadecimal digits.
///
/// # Errors
///
/// What an MD5 looks like.
pub fn parse(text: &str) -> Result<[u8; 16], String> {
    let form = || "an MD5 has 32 hexadecimal digits, as md5sum prints it".to_owned();
    if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(form());
    }
    u128::from_str_radix(text, 16).map(u128::to_be_bytes).map_err(|_| form())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_in_either_case_and_nothing_else() {
        let digest = parse("d41d8cd98f00b204e9800998ecf8427e").unwrap();
        assert_eq!((digest[0], digest[15]), (0xd4, 0x7e));
        assert_eq!(parse("D41D8CD98F00B204E9800998ECF8427E"), Ok(digest));
        for bad in ["", "d41d", "+41d8cd98f00b204e9800998ecf8427e", "1B2M2Y8AsgTpgAmY7PhCfg=="] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
