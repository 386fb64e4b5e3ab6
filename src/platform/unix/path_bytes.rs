//! Paths as bytes, which need not be UTF-8.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

pub(crate) fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

#[cfg(feature = "capi")]
#[expect(clippy::unnecessary_wraps, reason = "other systems refuse what is not UTF-8")]
pub(crate) fn path_of_bytes(bytes: &[u8]) -> Result<&Path, std::str::Utf8Error> {
    Ok(Path::new(std::ffi::OsStr::from_bytes(bytes)))
}

pub(crate) fn path_buf_of_bytes(bytes: Vec<u8>) -> PathBuf {
    OsString::from_vec(bytes).into()
}
