//! What the benchmark's programs share: their flags, their measuring, and small PUT requests.

pub mod flags;
pub mod usage;

pub use flags::Flags;
pub use usage::Meter;

/// Any error, for programs that only print it.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
