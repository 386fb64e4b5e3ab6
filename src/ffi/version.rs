//! The version of the loaded library.

use std::ffi::{CStr, c_char, c_int};

/// Returns the version of the loaded library as a number: major * 1000000 +
/// minor * 1000 + patch. OSSMPU_VERSION_NUMBER is the version of the header
/// that the program was compiled with.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_version_number() -> c_int {
    NUMBER
}

/// Returns the version of the loaded library and of its HTTP and TLS libraries
/// as one line for logs: "0.1.0 ureq/3.5 rustls/0.23". The text is static; do
/// not parse it.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_version_string() -> *const c_char {
    TEXT.as_ptr()
}

const TEXT: &CStr = {
    let text = concat!(env!("CARGO_PKG_VERSION"), " ureq/3.5 rustls/0.23\0");
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => c"",
    }
};

const NUMBER: c_int = decimal(env!("CARGO_PKG_VERSION_MAJOR")) * 1_000_000
    + decimal(env!("CARGO_PKG_VERSION_MINOR")) * 1_000
    + decimal(env!("CARGO_PKG_VERSION_PATCH"));

const fn decimal(text: &str) -> c_int {
    match c_int::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => c_int::MIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_the_versions_of_the_manifest() {
        let text = TEXT.to_str().unwrap();
        let mut words = text.split(' ');
        assert_eq!(words.next(), Some(env!("CARGO_PKG_VERSION")));
        let manifest =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
        for word in words {
            let (name, version) = word.split_once('/').unwrap();
            let line = manifest.lines().find(|line| line.starts_with(&format!("{name} = ")));
            let wanted = line.unwrap().replace('~', "");
            assert!(wanted.contains(&format!("version = \"{version}\"")), "{word}: {wanted}");
        }
    }

    #[test]
    fn the_number_is_made_from_the_three_parts() {
        let number = |text: &str| text.parse::<c_int>().unwrap();
        let expected = number(env!("CARGO_PKG_VERSION_MAJOR")) * 1_000_000
            + number(env!("CARGO_PKG_VERSION_MINOR")) * 1_000
            + number(env!("CARGO_PKG_VERSION_PATCH"));
        assert_eq!(ossmpu_version_number(), expected);
    }
}
