//! Sources that are read by position: files and memory.

pub(super) mod cache_footprint;
pub(super) mod file_range;
pub(super) mod memory;
pub(super) mod part_md5;
pub(super) mod read_some;
pub(super) mod upload_source;
pub(super) mod watched_file;
