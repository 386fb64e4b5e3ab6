//! Multipart upload to Alibaba Cloud OSS: blocking, synchronous, verified, callable from C.
//!
//! A [`Client`] is made from a [`Config`]. It uploads whole objects ([`Client::put_file`],
//! [`Client::put_data`]), takes an upload step by step from the caller's own threads
//! ([`MultipartUpload`]), and has one call for each operation of the service.
//!
//! ```no_run
//! use ossmpu::{BucketName, Cancel, Client, Config, ObjectKey, UploadOptions};
//!
//! let client = Client::new(Config::new().set_env()?)?;
//! let (bucket, key) = (BucketName::parse("my-bucket")?, ObjectKey::parse("backup.tar")?);
//! let uploaded =
//!     client.put_file(&bucket, &key, "backup.tar", &UploadOptions::new(), &Cancel::never())?;
//! println!("{} bytes, CRC-64 {:?}", uploaded.size, uploaded.crc64);
//! # Ok::<(), ossmpu::Error>(())
//! ```
//!
//! No call hangs: every wait has a limit, and all of them end with the call's [`Cancel`] token. A
//! thread is started only by the first upload that needs one, and joined when the client is
//! dropped. Nothing is read from the environment unless it is asked for.

#![deny(missing_docs)]

mod error;
pub mod limits;

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
pub use codec::md5::Kernel as Md5Kernel;
pub use credentials::{BuiltinSource, Credentials, CredentialsProvider, CredentialsSource};
pub use error::{Error, ErrorKind, ObjectExists, Phase, Result};
pub use model::{
    Addressing, BucketName, Dialect, ETag, Endpoint, EndpointKind, ObjectHeaders, ObjectKey,
    PartNumber, PartRange, Region, UploadId,
};
pub use ops::{
    AbortMultipartUpload, AbortMultipartUploadResult, CompleteMultipartUpload,
    CompleteMultipartUploadResult, CompletedPart, CopySource, HeadObject, HeadObjectResult,
    InitiateMultipartUpload, InitiateMultipartUploadResult, ListMultipartUploads,
    ListMultipartUploadsResult, ListParts, ListPartsResult, ListedPart, ListedUpload, PutObject,
    PutObjectResult, ResponseHeaders, UploadPart, UploadPartCopy, UploadPartCopyResult,
    UploadPartResult,
};
pub use runtime::{Cancel, Secret};
pub use service::{Config, LogLevel};
pub use sign::{AccessKey, SignatureVersion};
pub use transport::{ProxySetting, TlsSettings, Verify};
pub use upload::{
    Integrity, MultipartUpload, Progress, SentPart, UploadOptions, UploadResult, Writer,
};

#[cfg(test)]
mod simulation;

#[cfg(feature = "capi")]
mod ffi;

#[cfg(feature = "bench-internals")]
#[doc(hidden)]
pub mod bench_internals;

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
