//! Uploads of bytes that come in order: readers and the push writer.

pub(super) mod fd_reader;
pub(super) mod part_growth;
pub(super) mod reader_source;
pub(super) mod stream_queue;
pub(super) mod stream_upload;
pub(super) mod writer;
