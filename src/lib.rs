//! Multipart upload to Alibaba Cloud OSS: blocking, synchronous, verified, callable from C.
//!
//! A [`Client`] is made from a [`Config`]. It uploads whole objects ([`Client::put_file`],
//! [`Client::put_data`], [`Client::put_stream`]) and streams ([`Writer`]), lets the caller's own
//! threads send the parts of an upload ([`MultipartUpload`]), and has one function for each
//! operation of OSS.
//!
//! ```no_run
//! use ossmpu::{BucketName, Cancel, Client, Config, ObjectKey, UploadOptions};
//!
//! let client = Client::new(Config::new().set_env()?)?;
//! let (bucket, key) = (BucketName::parse("my-bucket")?, ObjectKey::parse("backup.tar")?);
//! let result =
//!     client.put_file(&bucket, &key, "backup.tar", &UploadOptions::new(), &Cancel::never())?;
//! println!("{} bytes, CRC-64 {:?}", result.size, result.crc64);
//! # Ok::<(), ossmpu::Error>(())
//! ```
//!
//! Calls block. Every wait has a timeout and ends when the call's [`Cancel`] token is triggered.
//! Worker threads are started by the first upload that needs them and joined when the client is
//! dropped. The environment is read only by [`Config::set_env`] and by the settings that say so.

#![deny(missing_docs)]
#![cfg_attr(
    shuttle,
    allow(
        dead_code,
        unused_imports,
        reason = "the model checker has an event and tests of its own"
    )
)]

mod error;
pub mod limits;
mod platform;

mod codec;
mod runtime;

mod model;
mod wire;

mod ops;
mod sign;

mod transport;

mod retry;

mod credentials;

mod service;

mod upload;

mod client;

pub use client::{Client, PartsIter, PresignRequest, PresignedUrl, UploadsEntry, UploadsIter};
pub use codec::crc64::Crc64;
pub use codec::date::rfc3339;
pub use credentials::{Credentials, CredentialsProvider, CredentialsSource};
pub use error::{Error, ErrorKind, ObjectExists, Phase, Result};
pub use model::{
    Addressing, BucketName, ByteRange, ETag, EndpointKind, ObjectHeaders, ObjectKey, PartNumber,
    UploadId,
};
pub use ops::{
    AbortMultipartUpload, AbortMultipartUploadResult, CompleteMultipartUpload,
    CompleteMultipartUploadResult, CompletedPart, CopySource, HeadObject, HeadObjectResult,
    InitiateMultipartUpload, InitiateMultipartUploadResult, ListMultipartUploads,
    ListMultipartUploadsResult, ListParts, ListPartsResult, ListedPart, ListedUpload, PutObject,
    PutObjectResult, ResponseHeaders, UploadPart, UploadPartCopy, UploadPartCopyResult,
    UploadPartResult,
};
pub use runtime::Cancel;
pub use service::{Config, LogLevel};
pub use sign::{AccessKey, SignatureVersion};
pub use transport::{ProxySetting, Verify};
pub use upload::{
    CallPhase, FdRange, FileRange, Integrity, MultipartUpload, Progress, ReaderSource, SentPart,
    UploadOptions, UploadResult, Writer,
};

#[cfg(test)]
mod simulation;

#[cfg(feature = "capi")]
mod ffi;
// What calls from C need in addition to the public interface.
#[cfg(feature = "capi")]
pub(crate) use platform::{
    BorrowedDescriptor, ForkGuard, SavedErrno, contain_foreign_unwind, descriptor_of_number,
    disable_cancellation, has_name_prefix, path_of_bytes,
};

#[cfg(feature = "bench-internals")]
#[doc(hidden)]
pub mod bench_internals;

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
