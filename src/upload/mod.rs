//! Uploads of whole objects, and multipart uploads step by step.
//!
//! A plan divides the object into parts, the part tracker records the state of each, workers send
//! them, and the caller's thread waits, reports progress and ends the upload with Complete or
//! Abort.

mod buffer_pool;
mod call_scope;
mod engine;
mod lifecycle;
mod option_conflicts;
mod options;
mod part;
mod progress;
mod schedule;
mod source;
mod stream;
mod upload_result;
mod whole;

pub(crate) use call_scope::CallScope;
pub(crate) use engine::Engine;
#[cfg(fuzzing)]
pub use lifecycle::checkpoint::fuzz as fuzz_checkpoint;
pub use lifecycle::multipart_upload::MultipartUpload;
pub(crate) use option_conflicts::CallKind;
pub use options::{Integrity, UploadOptions};
pub use part::SentPart;
#[cfg(feature = "bench-internals")]
pub(crate) use part::combined_crc64;
pub use progress::{CallPhase, Progress};
pub use source::file_range::{FdRange, FileRange};
pub(crate) use source::memory::SharedBytes;
pub(crate) use source::upload_source::Source;
pub(crate) use source::watched_file::WatchedFile;
pub(crate) use stream::fd_reader::FdReader;
pub use stream::reader_source::ReaderSource;
pub use stream::writer::Writer;
pub use upload_result::UploadResult;
pub(crate) use whole::copy::Copy;
pub(crate) use whole::presigned_part::put_presigned_part;
pub(crate) use whole::put::Put;
