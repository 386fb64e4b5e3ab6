//! The error of a copy whose source is no longer what it was.

use crate::error::{Error, ErrorKind};

/// A condition that failed means that the source is no longer what it was.
pub(crate) fn copy_source_changed(error: Error) -> Error {
    if error.http_status() != Some(412) {
        return error;
    }
    error.with_kind(ErrorKind::Changed).with_text("the copy source has changed during the upload")
}
