//! `put`: uploads files and stdin.

use std::path::PathBuf;

use clap::Args;
use ossmpu::{Client, CopySource, Error, Integrity, UploadId, UploadOptions, UploadResult};

use super::upload_jobs::{Source, UploadJob};
use super::{delta_base, stdin};
use crate::bucket_url::BucketUrl;
use crate::context::Context;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Subject};
use crate::md5;
use crate::object_options::ObjectOptions;
use crate::output::stored_object::{Resume, print_stored, recovery_hint};
use crate::size::Size;
use crate::summary::Summary;
use crate::transfer_options::TransferOptions;

/// Upload files or stdin
///
/// If the target is a bucket or ends with a slash, the file name is appended to it. Several files
/// are uploaded one after the other, the parts of each in parallel; if one fails, the others are
/// still uploaded. A file that changes while it is read fails, as far as the system shows it.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Put {
    /// Files to upload; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    sources: Vec<PathBuf>,
    /// oss://BUCKET/KEY, or oss://BUCKET/PREFIX/ for several files
    #[arg(value_parser = BucketUrl::parse)]
    target: BucketUrl,
    #[command(flatten)]
    transfer: TransferOptions,
    /// Upload objects smaller than this in a single request, without parts [default: 8MiB]
    #[arg(long, value_name = "SIZE", value_parser = Size::parse, help_heading = "Transfer")]
    single_below: Option<Size>,
    /// Maximum upload rate in bytes per second [default: no limit]
    #[arg(long, value_name = "SIZE", value_parser = Size::parse, help_heading = "Transfer")]
    bytes_per_sec: Option<Size>,
    /// Upload parts in order, one at a time, so that OSS stores a Content-MD5 of the object
    #[arg(long, help_heading = "Transfer")]
    sequential: bool,
    /// Leave what is read of the files in the page cache of the system
    #[arg(long, help_heading = "Transfer")]
    keep_cache: bool,
    /// Send only the parts that differ from an earlier object, the base, and have OSS copy the others
    /// from it: from the object that has the key now, or from oss://BUCKET/KEY[?versionId=ID], where
    /// %, ? and other bytes of the key may be written as %XX, and % and ? must be
    #[arg(long, value_name = "BASE", num_args = 0..=1, require_equals = true,
          conflicts_with = "sequential", value_parser = delta_base::parse, help_heading = "Transfer")]
    delta: Option<Option<CopySource>>,
    /// Keep a checkpoint in this directory, which must exist: after a failure, even kill -9, the
    /// same command resumes the upload
    #[arg(long, value_name = "DIR", help_heading = "Resume")]
    checkpoint_dir: Option<PathBuf>,
    /// Resume this upload: parts that OSS has are verified and not sent again. Needs the part size
    /// that the upload was started with
    #[arg(long, value_name = "ID", conflicts_with = "checkpoint_dir", help_heading = "Resume",
          value_parser = UploadId::parse)]
    upload_id: Option<UploadId>,
    /// Also send a Content-MD5 with every part, so that OSS refuses corrupted data
    #[arg(long, help_heading = "Integrity")]
    md5: bool,
    /// Expected CRC-64 of the object, a decimal number; on a mismatch no object is created
    #[arg(long, value_name = "NUMBER", help_heading = "Integrity")]
    expected_crc64: Option<u64>,
    /// Expected MD5 of the object, as md5sum prints it; the file is read once more before the
    /// upload
    #[arg(long, value_name = "HEX", value_parser = md5::parse, help_heading = "Integrity")]
    expected_md5: Option<[u8; 16]>,
    #[command(flatten)]
    object: ObjectOptions,
}

impl Put {
    pub fn run(&self, context: &Context<'_>) -> Result<ExitStatus, Failure> {
        let jobs = UploadJob::plan(&self.sources, &self.target)?;
        self.check(&jobs)?;
        let options = self.options(context)?;
        let client = context.client_with(|config| self.transfer.apply_threads(config))?;
        let mut summary = Summary::default();
        for (index, job) in jobs.iter().enumerate() {
            if context.cancel().is_triggered() {
                summary.add_failure(ExitStatus::Failed);
                break;
            }
            let label = match jobs.len() {
                1 => job.label().to_owned(),
                count => format!("[{}/{count}] {}", index + 1, job.label()),
            };
            match put(job, &label, &client, &options, context) {
                Ok(result) => {
                    let source = job.source.to_string();
                    match print_stored(context.console, &source, &job.target, &result)? {
                        ExitStatus::CallbackFailed => summary.add_failed_callback(),
                        _ => summary.add_success(),
                    }
                }
                Err(error) => {
                    let (source, target) = (job.source.to_string(), job.target.to_string());
                    let hint = recovery_hint(&error, &job.target, self.resume(job, jobs.len()));
                    let subject = Subject { source: Some(source), target: Some(target) };
                    let status = context.console.print_failure(&Failure::Library(subject, error));
                    hint.iter().for_each(|hint| context.console.print_hint(hint));
                    summary.add_failure(status);
                }
            }
        }
        Ok(summary.exit_status())
    }

    fn resume(&self, job: &UploadJob, jobs: usize) -> Resume {
        if !job.is_resumable() {
            Resume::Impossible
        } else if self.checkpoint_dir.is_some() || self.upload_id.is_some() {
            Resume::Repeat
        } else if jobs > 1 {
            Resume::ThisFileById
        } else {
            Resume::ById
        }
    }

    /// Refuses options that describe one object for several files, and those that read the source
    /// more than once for stdin.
    fn check(&self, jobs: &[UploadJob]) -> Result<(), Failure> {
        for (name, given) in [
            ("--upload-id", self.upload_id.is_some()),
            ("--delta=BASE", matches!(self.delta, Some(Some(_)))),
            ("--expected-crc64", self.expected_crc64.is_some()),
            ("--expected-md5", self.expected_md5.is_some()),
        ] {
            if given && jobs.len() > 1 {
                return Err(Failure::Usage(format!("{name} allows only one file")));
            }
        }
        let streams = jobs.iter().any(|job| !job.is_resumable());
        if streams && stdin::may_have_been_closed() {
            let text = "stdin is closed, or /dev/null that is open for writing too; redirect it from a \
                        file or a pipe, and with < /dev/null for an empty object";
            return Err(Failure::Usage(text.to_owned()));
        }
        for (name, given) in [
            ("--upload-id", self.upload_id.is_some()),
            ("--checkpoint-dir", self.checkpoint_dir.is_some()),
            ("--delta", self.delta.is_some()),
        ] {
            if given && streams {
                let text = format!("{name} requires files: stdin cannot be read again");
                return Err(Failure::Usage(text));
            }
        }
        Ok(())
    }

    fn options(&self, context: &Context<'_>) -> Result<UploadOptions, Failure> {
        let mut options = context.client_options.upload_options();
        self.transfer.apply(&mut options)?;
        self.object.apply(options.headers_mut())?;
        if let Some(Size(bytes)) = self.single_below {
            options.set_single_below(bytes)?;
        }
        if let Some(Size(bytes)) = self.bytes_per_sec {
            options.set_bytes_per_sec(bytes);
        }
        if self.sequential {
            options.set_sequential(true);
        }
        options.set_keep_cache(self.keep_cache);
        if let Some(base) = &self.delta {
            options.set_delta(true).set_delta_base(base.clone());
        }
        if let Some(folder) = &self.checkpoint_dir {
            options.set_checkpoint_dir(folder);
        }
        if let Some(upload_id) = &self.upload_id {
            options.set_upload_id(upload_id.clone());
        }
        if self.md5 {
            options.set_integrity(Integrity::CRC64 | Integrity::MD5);
        }
        if let Some(crc64) = self.expected_crc64 {
            options.set_expected_crc64(crc64);
        }
        if let Some(md5) = self.expected_md5 {
            options.set_expected_md5(md5);
        }
        Ok(options)
    }
}

fn put(
    job: &UploadJob,
    label: &str,
    client: &Client,
    options: &UploadOptions,
    context: &Context<'_>,
) -> Result<UploadResult, Error> {
    let mut options = options.clone();
    let bar = context.upload_bar(label);
    bar.attach(&mut options);
    let (bucket, key, cancel) = (&job.target.bucket, &job.target.key, context.cancel());
    match &job.source {
        Source::File(path) => client.put_file(bucket, key, path, &options, cancel),
        Source::Stdin => stdin::put(client, bucket, key, &options, cancel),
    }
}

const EXAMPLES: &str = "\
Examples:
  ossmpu put backup.tar oss://my-bucket/backup.tar
  ossmpu put *.log oss://my-bucket/logs/
  pg_dump db | ossmpu put --part-size 32MiB - oss://my-bucket/db.sql
  ossmpu put --checkpoint-dir ~/.cache big.img oss://my-bucket/   # run again to resume
  ossmpu put --delta disk.img oss://my-bucket/                    # sends only what has changed
  ossmpu put --keep-parts big.img oss://my-bucket/                # prints the upload ID on failure
  ossmpu put --upload-id ID big.img oss://my-bucket/              # resumes that upload";
