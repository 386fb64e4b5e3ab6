//! A strict local server that speaks the OSS protocol, for demos and tests.
//!
//! It keeps buckets, objects and unfinished uploads on disk, recomputes every signature, verifies
//! every digest, enforces the service's limits and answers its errors. Faults can be injected by
//! rules or by a request header. The API blocks; the server has threads of its own.
//!
//! ```
//! let emulator = oss_emulator::Emulator::builder()
//!     .bucket("my-bucket")
//!     .access_key("id", "secret")
//!     .start()?;
//! assert!(emulator.url().starts_with("http://127.0.0.1:"));
//! assert!(emulator.object("my-bucket", "key").is_none());
//! # Ok::<(), std::io::Error>(())
//! ```

mod access;
mod admission;
mod asked;
mod auth;
mod body;
mod builder;
mod call;
mod clock;
mod connection;
mod distort;
mod document;
mod emulator;
mod error;
mod escape;
mod exchange;
mod faults;
mod ids;
mod journal;
mod operations;
mod options;
mod query;
mod reply;
mod route;
mod server;
mod service;
mod store;
mod target;
pub mod tool;
mod views;
mod xml;
mod xml_tree;

pub use auth::{AccessKey, Resource, Signer};
pub use builder::Builder;
pub use emulator::Emulator;
pub use faults::{Action, Commit, Direction, Drip, RawReply, Rule, Stall};
pub use journal::RequestRecord;
pub use options::Options;
pub use target::Addressing;
pub use views::{ObjectView, PartView, UploadView};
