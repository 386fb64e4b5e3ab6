//! `man`: generates manual pages from the help texts.

use std::path::PathBuf;

use clap::Args;

use crate::console;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;

/// Print the manual page, or write the pages of all commands to a directory
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ossmpu man | man -l -
  ossmpu man --dir /usr/local/share/man/man1")]
pub struct Man {
    /// Write ossmpu.1, ossmpu-put.1 and so on to this directory, which must exist
    #[arg(long)]
    dir: Option<PathBuf>,
}

impl Man {
    pub fn run(&self, parser: clap::Command) -> Result<ExitStatus, Failure> {
        if let Some(dir) = &self.dir {
            let failed = |cause| Failure::System(dir.display().to_string(), cause);
            clap_mangen::generate_to(parser, dir).map_err(failed)?;
            return Ok(ExitStatus::Success);
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(parser).render(&mut page).map_err(Failure::Output)?;
        console::write_stdout(&page)?;
        Ok(ExitStatus::Success)
    }
}
