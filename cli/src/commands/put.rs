//! `put`: files and stdin become objects.

use std::path::PathBuf;

use clap::Args;
use ossmpu::{Client, Error, Integrity, UploadId, UploadOptions, UploadResult};

use super::sources::{Job, Source};
use super::stdin;
use super::stored::{Stored, advise};
use crate::ending::Ending;
use crate::failure::{Failure, Subject};
use crate::md5;
use crate::object_options::ObjectOptions;
use crate::place::Place;
use crate::session::Session;
use crate::size::Size;
use crate::tally::Tally;
use crate::transfer_options::TransferOptions;

/// Upload files, or what comes from stdin
///
/// A target that ends with a slash, or is only a bucket, takes the file's name as the end of the
/// key. Several files go one after the other, each in parts at once; if one fails, the others go
/// on. Files that change while they are read are refused.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Put {
    /// Files to upload; `-` is stdin, read as a stream
    #[arg(required = true, value_name = "FILE")]
    sources: Vec<PathBuf>,
    /// oss://BUCKET/KEY, or oss://BUCKET/PREFIX/ for several files
    #[arg(value_parser = Place::parse)]
    target: Place,
    #[command(flatten)]
    transfer: TransferOptions,
    /// Objects smaller than this go in one request, without parts [default: 8MiB]
    #[arg(long, value_name = "SIZE", value_parser = Size::parse, help_heading = "Transfer")]
    single_below: Option<Size>,
    /// Send at most so many bytes in a second
    #[arg(long, value_name = "SIZE", value_parser = Size::parse, help_heading = "Transfer")]
    rate_limit: Option<Size>,
    /// Parts in order, one at a time, so that the object gets a Content-MD5
    #[arg(long, help_heading = "Transfer")]
    sequential: bool,
    /// Make it resumable: the same command goes on after a failure, even after kill -9. What is
    /// needed for that is kept in this directory, which must exist
    #[arg(long, value_name = "DIR", help_heading = "Resume")]
    checkpoint_dir: Option<PathBuf>,
    /// Go on with that upload: parts that OSS has are compared and not sent again. Needs the part
    /// size that it was begun with
    #[arg(long, value_name = "ID", conflicts_with = "checkpoint_dir", help_heading = "Resume",
          value_parser = UploadId::parse)]
    upload_id: Option<UploadId>,
    /// Send the MD5 of every part too, so that OSS refuses damaged data
    #[arg(long, help_heading = "Integrity")]
    md5: bool,
    /// CRC-64 that the object must have, a decimal number; no other object is made
    #[arg(long, value_name = "NUMBER", help_heading = "Integrity")]
    expected_crc64: Option<u64>,
    /// MD5 that the object must have, as md5sum prints it; reads a file once more before it is sent
    #[arg(long, value_name = "HEX", value_parser = md5::parse, help_heading = "Integrity")]
    expected_md5: Option<[u8; 16]>,
    #[command(flatten)]
    object: ObjectOptions,
}

impl Put {
    pub fn run(&self, session: &Session<'_>) -> Result<Ending, Failure> {
        let jobs = Job::plan(&self.sources, &self.target)?;
        self.check(&jobs)?;
        let options = self.options(session)?;
        let client = session.client_with(|config| self.transfer.apply_threads(config))?;
        let mut tally = Tally::default();
        for (index, job) in jobs.iter().enumerate() {
            if session.cancel().is_triggered() {
                tally.failed();
                break;
            }
            let label = match jobs.len() {
                1 => job.label().to_owned(),
                count => format!("[{}/{count}] {}", index + 1, job.label()),
            };
            match put(job, &label, &client, &options, session) {
                Ok(uploaded) => {
                    let source = job.source.to_string();
                    session.console.done(&Stored::new(&source, &job.target, &uploaded))?;
                    tally.done();
                }
                Err(error) => {
                    let (source, target) = (job.source.to_string(), job.target.to_string());
                    let advice = advise(&error, &job.target, job.is_resumable());
                    let subject = Subject { source: Some(source), target: Some(target) };
                    session.console.fail(&Failure::Library(subject, error));
                    advice.iter().for_each(|advice| session.console.hint(advice));
                    tally.failed();
                }
            }
        }
        Ok(tally.ending())
    }

    /// What is true of one object cannot be true of several, and a stream cannot be read again.
    fn check(&self, jobs: &[Job]) -> Result<(), Failure> {
        for (name, given) in [
            ("--upload-id", self.upload_id.is_some()),
            ("--expected-crc64", self.expected_crc64.is_some()),
            ("--expected-md5", self.expected_md5.is_some()),
        ] {
            if given && jobs.len() > 1 {
                return Err(Failure::Usage(format!("{name} is for one file")));
            }
        }
        let streams = jobs.iter().any(|job| !job.is_resumable());
        for (name, given) in [
            ("--upload-id", self.upload_id.is_some()),
            ("--checkpoint-dir", self.checkpoint_dir.is_some()),
        ] {
            if given && streams {
                let text = format!("{name} is for files: stdin cannot be read again");
                return Err(Failure::Usage(text));
            }
        }
        Ok(())
    }

    fn options(&self, session: &Session<'_>) -> Result<UploadOptions, Failure> {
        let mut options = session.connection.upload_options();
        self.transfer.apply(&mut options)?;
        self.object.apply(options.headers_mut())?;
        if let Some(Size(bytes)) = self.single_below {
            options.set_single_below(bytes)?;
        }
        if let Some(Size(bytes)) = self.rate_limit {
            options.set_bytes_per_sec(bytes);
        }
        if self.sequential {
            options.sequential();
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
    job: &Job,
    label: &str,
    client: &Client,
    options: &UploadOptions,
    session: &Session<'_>,
) -> Result<UploadResult, Error> {
    let mut options = options.clone();
    let bar = session.bar(label);
    bar.follow(&mut options);
    let (bucket, key, cancel) = (&job.target.bucket, &job.target.key, session.cancel());
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
  ossmpu put --checkpoint-dir ~/.cache big.img oss://my-bucket/   # again after a failure: goes on
  ossmpu put --keep big.img oss://my-bucket/                      # names the upload ID if it fails
  ossmpu put --upload-id ID big.img oss://my-bucket/              # and so it goes on";
