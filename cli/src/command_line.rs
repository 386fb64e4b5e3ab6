//! The command line and its help.

use clap::Parser;

use crate::client_options::ClientOptions;
use crate::commands::Command;
use crate::verbosity::Verbosity;

/// Upload to Alibaba Cloud OSS: multipart, verified and resumable
///
/// Large objects are uploaded in parts, several at a time. The CRC-64 of every part and of the
/// whole object is compared with the one that OSS computes. An upload that fails or is interrupted
/// is aborted, unless an option says to keep its parts.
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
    pub client_options: ClientOptions,
    #[command(flatten)]
    pub verbosity: Verbosity,
}

const MORE: &str = "\
Examples:
  export OSS_REGION=cn-hangzhou OSS_ACCESS_KEY_ID=... OSS_ACCESS_KEY_SECRET=...
  ossmpu put backup.tar oss://my-bucket/backups/
  tar c /etc | ossmpu put - oss://my-bucket/etc.tar
  ossmpu clean oss://my-bucket --older-than 7d

Environment:
  OSS_REGION, OSS_ENDPOINT      location of the bucket; options take precedence
  OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET, OSS_SESSION_TOKEN
                                the access key, and the token of a temporary one

Exit codes:
  0    success
  1    failure
  2    invalid command line, or an option that does not fit the source; nothing was changed
  3    some of several files or uploads failed
  4    all objects are stored, but an upload callback failed
  129, 130, 143
       interrupted by SIGHUP, SIGINT (Ctrl-C) or SIGTERM; the first signal aborts the upload, the
       second one exits immediately
  141  stdout was closed by its reader";
