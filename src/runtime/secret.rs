//! Text that prints as `***` and is wiped from memory when it is dropped.

use std::fmt;

use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A secret: an access key secret or a security token.
///
/// `Debug` shows `***`, there is no `Display`, and the memory is overwritten on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. The caller must neither log nor keep it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl ZeroizeOnDrop for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "***");
    }
}
