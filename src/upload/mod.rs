//! Uploads of whole objects, and uploads taken step by step.
//!
//! A plan cuts the object into parts, the ledger knows where each part is, workers send them, and
//! the caller's thread waits, reports progress and ends the upload: complete or clean up.

mod buffers;
mod checkpoint;
mod clean_up;
mod client;
mod complete;
mod copy;
mod destination;
mod digests;
mod file;
mod growth;
mod ledger;
mod lists;
mod memory;
mod multipart;
mod operations;
mod options;
mod parallel;
mod part;
mod pipe;
mod plan;
mod presign;
mod progress;
mod put;
mod queue;
mod resume;
mod sending;
mod session;
mod source;
mod stream;
mod tickets;
mod uploaded;
mod workers;
mod writer;

#[cfg(fuzzing)]
pub use checkpoint::fuzz as fuzz_checkpoint;
pub use client::Client;
pub use lists::{ListedParts, ListedUploads, UploadsEntry};
pub use options::{Integrity, UploadOptions};
pub use part::SentPart;
#[cfg(feature = "bench-internals")]
pub(crate) use part::combined;
pub use presign::{Presignable, PresignedUrl};
pub use progress::Progress;
pub use session::MultipartUpload;
pub use uploaded::Uploaded;
pub use writer::Writer;
