//! The subcommands, one file each.

pub mod abort;
pub mod clean;
pub mod completions;
pub mod cp;
pub mod ls_uploads;
pub mod man;
pub mod parts;
pub mod presign;
pub mod put;

mod presign_line;
mod removed;
mod sources;
mod stdin;
mod stored;

use crate::command_line::Command;
use crate::ending::Ending;
use crate::failure::Failure;
use crate::session::Session;

/// Does what a command asks for.
///
/// # Errors
///
/// Why nothing, or nothing more, could be done.
pub fn run(command: &Command, session: &Session<'_>) -> Result<Ending, Failure> {
    match command {
        Command::Put(put) => put.run(session),
        Command::Cp(cp) => cp.run(session),
        Command::LsUploads(list) => list.run(session),
        Command::Parts(parts) => parts.run(session),
        Command::Abort(abort) => abort.run(session),
        Command::Clean(clean) => clean.run(session),
        Command::Presign(presign) => presign.run(session),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    }
}
