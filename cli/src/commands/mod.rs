//! The subcommands, one file each.

pub mod abort;
pub mod clean;
pub mod completions;
pub mod cp;
mod delta_base;
pub mod ls_uploads;
pub mod man;
pub mod parts;
pub mod presign;
pub mod put;

mod stdin;
mod upload_jobs;

use clap::Subcommand;

use crate::context::Context;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub enum Command {
    Put(put::Put),
    Cp(cp::Cp),
    LsUploads(ls_uploads::LsUploads),
    Parts(parts::Parts),
    Abort(abort::Abort),
    Clean(clean::Clean),
    Presign(presign::Presign),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Command {
    /// Runs the command. `parser` makes the parser of the whole command line, from which
    /// completions and manual pages are generated.
    ///
    /// # Errors
    ///
    /// The failure that ended the command. Commands that perform several operations print the
    /// failures of single ones themselves.
    pub fn run(
        &self,
        context: &Context<'_>,
        parser: fn() -> clap::Command,
    ) -> Result<ExitStatus, Failure> {
        match self {
            Self::Put(put) => put.run(context),
            Self::Cp(cp) => cp.run(context),
            Self::LsUploads(list) => list.run(context),
            Self::Parts(parts) => parts.run(context),
            Self::Abort(abort) => abort.run(context),
            Self::Clean(clean) => clean.run(context),
            Self::Presign(presign) => presign.run(context),
            Self::Completions(completions) => completions.run(parser()),
            Self::Man(man) => man.run(parser()),
        }
    }
}
