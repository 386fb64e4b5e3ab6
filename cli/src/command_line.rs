//! The command line: what there is to say, and the help for it.

use clap::{Parser, Subcommand};

use crate::commands::{abort, clean, completions, cp, ls_uploads, man, parts, presign, put};
use crate::connection::Connection;
use crate::verbosity::Verbosity;

/// Upload to Alibaba Cloud OSS: verified, resumable, and cleaned up after
///
/// Large objects go in parts, several at a time. Every part and the whole object are compared with
/// the CRC-64 that OSS computes. An upload that fails or is interrupted takes back what it has
/// sent, unless it is told to keep it.
#[derive(Debug, Parser)]
#[command(
    name = "ossmpu",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_long_help = MORE
)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub connection: Connection,
    #[command(flatten)]
    pub verbosity: Verbosity,
}

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

const MORE: &str = "\
Examples:
  export OSS_REGION=cn-hangzhou OSS_ACCESS_KEY_ID=... OSS_ACCESS_KEY_SECRET=...
  ossmpu put backup.tar oss://my-bucket/backups/
  tar c /etc | ossmpu put - oss://my-bucket/etc.tar
  ossmpu clean oss://my-bucket --older-than 7d

Environment:
  OSS_REGION, OSS_ENDPOINT      where the bucket is; options win over them
  OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET, OSS_SESSION_TOKEN
                                the access key, and the token of a temporary one

Exit codes:
  0    done
  1    failed
  2    the command line makes no sense; nothing was sent
  3    some of several files or uploads failed
  129, 130, 143
       ended by SIGHUP, Ctrl-C or SIGTERM, after the clean-up; the second one ends at once
  141  nobody reads stdout any more";
