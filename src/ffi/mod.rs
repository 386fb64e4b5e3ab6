//! The C interface: one file per C object, over the public names of the crate root.
//!
//! Each exported function is one call of `guard` around ordinary Rust. The doc comments below are
//! the groups of the header, and the order of the modules is the order in the header; `build.rs`
//! reads both.
//!
//! # Safety
//!
//! All functions share one contract, which the header states as THE RULES. A handle is NULL, or was
//! created by this library and is not freed; a handle without `const` is used by one call at a
//! time. A text is NULL or NUL-terminated. Data is NULL or has as many bytes as its length says. A
//! place for a result is NULL or writable, and only the call uses it until it returns. A callback
//! is NULL or can be called with the `user` passed with it. Every `SAFETY` comment below rests on
//! this contract.
#![expect(unreachable_pub, reason = "the header generator exports only public items")]
#![expect(non_camel_case_types, reason = "the types have their names in C")]

mod arg_check;
mod builder;
mod bytes;
mod entry_point;
mod handle;
mod key_group;
mod panic_boundary;
mod text;
mod try_lock;

/// Version
///
/// The version of the library that is loaded, which may be newer than this
/// header.
mod version;

/// Status
///
/// The return value of a call that can fail: OSSMPU_OK, a positive value for
/// a success with additional information, or a negative OSSMPU_E*.
/// ossmpu_error has the details of a failure.
mod status;

/// Errors
///
/// The details of a failed call. A program decides by the status and the
/// fields, OSSMPU_ERRINFO_*, and logs the message.
///
/// What the fields say about the object and its upload, and what to do next:
///
/// - OBJECT_EXISTS 0: the call has created no object and never will. Call again
///   if RETRYABLE is 1.
/// - OBJECT_EXISTS 1: the call has created the object, but it is not as it
///   should be, or its callback failed. Replace it if the status requires
///   that. With OSSMPU_ESTATE an earlier call with the handle has created it.
/// - OBJECT_EXISTS -1 and PARTS_LEFT 0: the object may exist. Compare it with
///   ossmpu_head_object, or upload again, which replaces it.
/// - OBJECT_EXISTS -1 and PARTS_LEFT 1: Complete may still take effect.
///   Complete again or abort with the same handle, or repeat the call with its
///   checkpoint: that determines the outcome. If only UPLOAD_ID is left, attach
///   to the upload and abort it; then ossmpu_head_object shows the object.
/// - PARTS_LEFT 1: parts may be left under UPLOAD_ID, and OSS bills them.
///   Resume or abort that upload.
/// - UPLOAD_MAY_EXIST 1: an upload whose ID is unknown may be left. A lifecycle
///   rule of the bucket can remove it.
///
/// docs/reliability.md has the same for each status, and the assumptions about
/// OSS behind it.
mod error;

/// Cancel tokens
///
/// Cancel running calls from another thread, a signal handler or a timer.
mod cancel;

/// Callbacks
///
/// The functions that a program passes to the library. All rules for callbacks
/// are under THE RULES.
mod callback;

mod log;

mod credentials;

mod progress;

mod reader;

/// Configuration
///
/// The settings of a client: set what differs from the defaults in an
/// ossmpu_config, create the client, free the builder. Region and credentials
/// have no default.
mod config;

mod config_keys;

/// Clients
///
/// A program usually has one client per endpoint and set of credentials, and
/// uses it from all threads.
mod client;

/// Options
///
/// The options of one call. Each key names the calls and requests that it
/// applies to.
mod options;

mod option_keys;

/// Results
///
/// The result of a call that created an object, sent a part to a URL or
/// presigned a URL.
mod result;

/// Whole objects
///
/// Upload one object with one call, from a file, memory, a descriptor or a
/// callback. These calls choose the part size, send several parts at a time,
/// retry, verify, and abort the upload on failure.
mod put;

mod stream;

mod copy;

/// Properties of objects
///
/// The properties of a stored object.
mod object;

/// Writers
///
/// Create an object by writing to it. Parts are sent in the background.
mod writer;

/// Lists of parts
///
/// The parts of an upload, from OSS or from an upload handle.
mod part_iter;

/// Multipart uploads
///
/// Initiate, send parts from your own threads, complete or abort. One upload
/// can be shared between threads, processes and machines by its upload ID.
mod upload;

mod part;

/// Lists of uploads
///
/// The unfinished uploads of a bucket, whose parts are billed until they are
/// completed or aborted.
mod upload_iter;

/// Presigned URLs
///
/// Let a machine without an access key make one request.
mod presign;

/// Checksums
///
/// The CRC-64 of data in memory.
mod crc64;
