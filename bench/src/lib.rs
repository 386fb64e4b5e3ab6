//! Code shared by the benchmark programs: command line flags and measurement.

pub mod flags;
pub mod meter;

pub use flags::Flags;
pub use meter::Meter;

/// A result with any error; the programs only print it.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
