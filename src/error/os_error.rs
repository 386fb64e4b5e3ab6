//! English texts for the errors of the operating system.
//!
//! Those of the C library are in the language of the locale that the program has set, and in its
//! encoding.

use std::io;

use crate::platform::errno::TEXTS;

/// The text of an error; for one of the operating system, with the name of its number.
pub(crate) fn io_text(cause: &io::Error) -> String {
    match cause.raw_os_error() {
        None => cause.to_string(),
        Some(errno) => match TEXTS.iter().find(|(known, ..)| *known == errno) {
            Some((_, name, text)) => format!("{text} ({name})"),
            None => format!("error {errno} of the operating system"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::errno;
    use std::collections::HashSet;

    #[test]
    fn the_text_is_ours_and_has_the_name_of_the_errno() {
        let refused = io::Error::from_raw_os_error(errno::ECONNREFUSED);
        let name = if cfg!(windows) { "WSAECONNREFUSED" } else { "ECONNREFUSED" };
        assert_eq!(io_text(&refused), format!("connection refused ({name})"));
        let unknown = io::Error::from_raw_os_error(9999);
        assert_eq!(io_text(&unknown), "error 9999 of the operating system");
        assert_eq!(io_text(&io::Error::other("words")), "words");
    }

    #[test]
    fn each_errno_is_listed_once() {
        let numbers: HashSet<i32> = TEXTS.iter().map(|(errno, ..)| *errno).collect();
        assert_eq!(numbers.len(), TEXTS.len());
    }
}
