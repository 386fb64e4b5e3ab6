//! The C interface: one file for each C object, over the public names of the crate root.
//!
//! Each function is one call of `guard` around ordinary Rust. The order of the modules is the order
//! of the functions in the header.
//!
//! # Safety
//!
//! All functions share one contract, which the header states as THE RULES. A handle is NULL or was
//! given out by this library and not freed; one that is taken without `const` is used by nobody
//! else meanwhile. A text is NULL or ends with NUL. Data is NULL or has as many bytes as the length
//! says. A place for a result is NULL or can be written. A callback is NULL or can be called with
//! the `user` that came with it. Every `SAFETY` comment below rests on this contract.
#![expect(unreachable_pub, reason = "the header generator takes only what is public")]
#![expect(non_camel_case_types, reason = "the types have the names that C knows them by")]

mod callback;
mod errno;
mod exclusive;
mod guard;
mod ptr;
mod setting;
mod text;

mod version;

mod status;

mod error;

mod log;

mod credentials;

mod config;

mod client;

mod cancel;

mod progress;

mod options;

mod put;

mod reader;

mod stream;

mod copy;

mod writer;

mod result;

mod object;

mod upload;

mod part;

mod part_iter;

mod crc64;

mod presign;

mod upload_iter;
