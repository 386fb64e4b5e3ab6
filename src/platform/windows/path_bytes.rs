//! Paths as bytes: UTF-8, except for names that are not Unicode.

use std::path::{Path, PathBuf};

pub(crate) fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(feature = "capi")]
pub(crate) fn path_of_bytes(bytes: &[u8]) -> Result<&Path, std::str::Utf8Error> {
    std::str::from_utf8(bytes).map(Path::new)
}

/// The inverse of [`path_bytes`] for names that are Unicode.
pub(crate) fn path_buf_of_bytes(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}
