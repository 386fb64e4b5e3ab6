//! `clean`: aborts old unfinished uploads.

use std::time::Duration;

use clap::Args;
use ossmpu::{
    BucketName, Client, Error, ListMultipartUploads, ListedUpload, MultipartUpload, ObjectKey,
    UploadOptions, UploadsEntry, rfc3339,
};

use crate::bucket_url::BucketUrl;
use crate::context::Context;
use crate::duration;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Subject};
use crate::output::aborted_upload::AbortedUpload;
use crate::summary::Summary;

/// Abort all unfinished uploads that are older than a given age
///
/// The age counts from the initiation of the upload, on the clock of the server: an upload that is
/// still running is aborted too if it has taken longer. Use --dry-run first to see which uploads would be aborted.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ossmpu clean oss://my-bucket --older-than 7d --dry-run
  ossmpu clean oss://my-bucket/tmp/ --older-than 12h")]
pub struct Clean {
    /// oss://BUCKET, or oss://BUCKET/PREFIX
    #[arg(value_name = "URL", value_parser = BucketUrl::parse)]
    url: BucketUrl,
    /// Minimum age of the uploads to abort: 30m, 12h, 7d
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    older_than: Duration,
    /// Only keys with this prefix; the same as oss://BUCKET/PREFIX
    #[arg(long)]
    prefix: Option<String>,
    /// Print what would be aborted, without aborting it
    #[arg(long)]
    dry_run: bool,
}

impl Clean {
    pub fn run(&self, context: &Context<'_>) -> Result<ExitStatus, Failure> {
        let url = self.url.with_prefix(self.prefix.as_deref())?;
        let client = context.client()?;
        let options = context.client_options.upload_options();
        let mut summary = Summary::default();
        // Lists everything first: aborting while paging could skip entries.
        for upload in old_uploads(&client, &url, self.older_than, context)? {
            if context.cancel().is_triggered() {
                summary.add_failure(ExitStatus::Failed);
                break;
            }
            let target = format!("oss://{}/{}", url.bucket, upload.key);
            let aborted =
                if self.dry_run { Ok(()) } else { abort(&client, &url.bucket, &upload, &options) };
            if let Err(error) = aborted {
                let subject = Subject { source: None, target: Some(target) };
                let failure = Failure::Library(subject, error);
                summary.add_failure(context.console.print_failure(&failure));
                continue;
            }
            let output = AbortedUpload {
                target,
                upload_id: upload.upload_id.as_str(),
                initiated: upload.initiated.map(rfc3339),
                aborted: !self.dry_run,
            };
            if self.dry_run {
                context.console.print_result(&output)?;
            } else {
                context.console.print_action(&output)?;
            }
            summary.add_success();
        }
        Ok(summary.exit_status())
    }
}

/// Lists the uploads of more than that age. An upload of unknown age is not old.
fn old_uploads(
    client: &Client,
    url: &BucketUrl,
    age: Duration,
    context: &Context<'_>,
) -> Result<Vec<ListedUpload>, Error> {
    let request = ListMultipartUploads::new(&url.bucket)
        .with_prefix(&url.path)
        .with_headers(&context.client_options.headers());
    let mut old = Vec::new();
    for entry in client.uploads_iter(request, context.cancel()) {
        match entry? {
            UploadsEntry::Upload(upload) if upload.age.is_some_and(|its| its > age) => {
                old.push(upload);
            }
            UploadsEntry::Upload(_) | UploadsEntry::Prefix(_) => {}
        }
    }
    Ok(old)
}

/// Returns when OSS has confirmed that the upload is gone, or was gone already.
fn abort(
    client: &Client,
    bucket: &BucketName,
    upload: &ListedUpload,
    options: &UploadOptions,
) -> Result<(), Error> {
    let key = ObjectKey::parse(&upload.key)?;
    MultipartUpload::attach(client, bucket, &key, &upload.upload_id, options)?.abort()
}
