//! How an object is cut into parts, and how they travel.

use std::time::Duration;

use clap::Args;
use ossmpu::{Config, UploadOptions, limits};

use crate::duration;
use crate::failure::Failure;
use crate::size::Size;

/// How the parts travel: for uploads and copies.
#[derive(Debug, Args)]
#[command(next_help_heading = "Transfer")]
pub struct TransferOptions {
    /// Size of a part, 100KiB to 5GiB; follows from the object's size unless given
    #[arg(long, value_name = "SIZE", value_parser = Size::parse)]
    part_size: Option<Size>,
    /// Parts in flight at once, 1 to 256 [default: 8]
    #[arg(long, short = 'j', value_name = "COUNT")]
    parallelism: Option<usize>,
    /// Leave the parts on OSS if it fails or is interrupted; the message names the upload ID
    #[arg(long)]
    keep: bool,
    /// The most time it may take, 90s, 30m, 12h; none unless given
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    deadline: Option<Duration>,
}

impl TransferOptions {
    /// # Errors
    ///
    /// `Invalid`, naming what is out of its range.
    pub fn apply(&self, options: &mut UploadOptions) -> Result<(), Failure> {
        if let Some(Size(bytes)) = self.part_size {
            options.set_part_size(bytes)?;
        }
        if let Some(parts) = self.parallelism {
            options.set_parallelism(parts)?;
        }
        if self.keep {
            options.keep_parts();
        }
        options.set_deadline(self.deadline);
        Ok(())
    }

    /// A client has a thread for each part in flight.
    ///
    /// # Errors
    ///
    /// `Invalid`, when the parallelism is out of its range.
    pub fn apply_threads(&self, config: &mut Config) -> Result<(), Failure> {
        if let Some(parts) = self.parallelism.filter(|parts| *parts > limits::THREADS_DEFAULT) {
            config.set_threads(parts)?;
        }
        Ok(())
    }
}
