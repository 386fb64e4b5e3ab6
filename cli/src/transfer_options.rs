//! Options of commands that transfer objects in parts.

use std::time::Duration;

use clap::Args;
use ossmpu::{Config, UploadOptions, limits};

use crate::duration;
use crate::failure::Failure;
use crate::size::Size;

/// Transfer options of uploads and copies.
#[derive(Debug, Args)]
#[command(next_help_heading = "Transfer")]
pub struct TransferOptions {
    /// Part size, 100KiB to 5GiB [default: chosen by the object size]
    #[arg(long, value_name = "SIZE", value_parser = Size::parse)]
    part_size: Option<Size>,
    /// Number of parts in flight at once, 1 to 256 [default: 8]
    #[arg(long, short = 'j', value_name = "COUNT")]
    parallelism: Option<usize>,
    /// Keep the parts on OSS if the upload fails or is interrupted, and print the upload ID
    #[arg(long)]
    keep_parts: bool,
    /// Fail if the CRC-64 of the object cannot be compared; the object exists then
    #[arg(long)]
    require_verified: bool,
    /// Fail if it takes longer than this: 90s, 30m, 12h [default: no limit]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    timeout: Option<Duration>,
}

impl TransferOptions {
    /// # Errors
    ///
    /// `Invalid`, naming the option that is out of range.
    pub fn apply(&self, options: &mut UploadOptions) -> Result<(), Failure> {
        if let Some(Size(bytes)) = self.part_size {
            options.set_part_size(bytes)?;
        }
        if let Some(parts) = self.parallelism {
            options.set_parallelism(parts)?;
        }
        if self.keep_parts {
            options.set_keep_parts(true);
        }
        if self.require_verified {
            options.set_require_verified(true);
        }
        options.set_timeout(self.timeout);
        Ok(())
    }

    /// Raises the number of threads of the client if the parallelism needs more.
    ///
    /// # Errors
    ///
    /// `Invalid`, when the parallelism is out of range.
    pub fn apply_threads(&self, config: &mut Config) -> Result<(), Failure> {
        if let Some(parts) = self.parallelism.filter(|parts| *parts > limits::THREADS_DEFAULT) {
            config.set_threads(parts)?;
        }
        Ok(())
    }
}
