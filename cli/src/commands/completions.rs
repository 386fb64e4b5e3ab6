//! `completions`: what a shell needs to complete the command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::command_line::CommandLine;
use crate::console;
use crate::ending::Ending;
use crate::failure::Failure;

/// Print the completions for a shell
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ossmpu completions bash > /etc/bash_completion.d/ossmpu
  ossmpu completions zsh > /usr/local/share/zsh/site-functions/_ossmpu
  ossmpu completions fish > ~/.config/fish/completions/ossmpu.fish")]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Made in memory first, because the generator cannot report that stdout is closed.
    pub fn run(&self) -> Result<Ending, Failure> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut CommandLine::command(), "ossmpu", &mut text);
        console::print_raw(&text)?;
        Ok(Ending::Done)
    }
}
