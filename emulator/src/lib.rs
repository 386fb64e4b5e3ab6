//! A strict local server that speaks the OSS protocol, for demos and tests.
//!
//! It stores buckets, objects and incomplete uploads on disk, verifies every signature and digest,
//! enforces the limits of the service and returns its errors. Faults can be injected by rules or by
//! a request header. The API blocks; the server runs on its own threads.
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
mod auth;
mod authorize;
mod builder;
pub mod client_commands;
mod clock;
mod connection;
mod emulator;
mod error;
mod escape;
mod exchange;
mod fault_response;
mod faults;
mod ids;
mod inspect;
mod operation_request;
mod operations;
mod options;
mod parsed_request;
mod poison;
mod query;
mod request_body;
mod request_log;
mod response;
mod route;
mod server;
mod service;
mod store;
mod target;
mod traffic_limit;
mod xml_scan;
mod xml_tree;
mod xml_writer;

pub use auth::{AccessKey, Resource, Signer};
pub use builder::Builder;
pub use emulator::Emulator;
pub use faults::{Action, Commit, Direction, Drip, RawResponse, Rule, Stall};
pub use inspect::{ObjectView, PartView, UploadView};
pub use options::Options;
pub use request_log::RequestRecord;
pub use target::Addressing;
