//! `man`: the manual pages, made from the same words as the help.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use crate::command_line::CommandLine;
use crate::console;
use crate::ending::Ending;
use crate::failure::Failure;

/// Print the manual page, or write the pages of all commands into a directory
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ossmpu man | man -l -
  ossmpu man --dir /usr/local/share/man/man1")]
pub struct Man {
    /// Write ossmpu.1, ossmpu-put.1 and so on into this directory, which must exist
    #[arg(long)]
    dir: Option<PathBuf>,
}

impl Man {
    pub fn run(&self) -> Result<Ending, Failure> {
        let command = CommandLine::command();
        if let Some(dir) = &self.dir {
            let failed = |cause| Failure::System(dir.display().to_string(), cause);
            clap_mangen::generate_to(command, dir).map_err(failed)?;
            return Ok(Ending::Done);
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).map_err(Failure::Output)?;
        console::print_raw(&page)?;
        Ok(Ending::Done)
    }
}
