//! Whole objects: from a source, or as a copy inside OSS.

pub(super) mod copy;
pub(super) mod determine;
pub(super) mod presigned_part;
pub(super) mod put;
pub(super) mod source_part;
