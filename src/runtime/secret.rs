//! Text that is hidden in `Debug` output and wiped from memory on drop.

use std::fmt;

use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A secret: an access key secret or a security token.
///
/// `Debug` shows `***`, there is no `Display`, and the memory is overwritten on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Returns the text. The caller must neither log nor store it.
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
    fn debug_hides_the_text() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "***");
    }
}
