//! `completions`: prints shell completions.

use clap::Args;
use clap_complete::Shell;

use crate::console;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;

/// Print completions for a shell
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
    pub fn run(&self, mut parser: clap::Command) -> Result<ExitStatus, Failure> {
        // Into memory first: the generator panics if it cannot write.
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut parser, "ossmpu", &mut text);
        console::write_stdout(&text)?;
        Ok(ExitStatus::Success)
    }
}
