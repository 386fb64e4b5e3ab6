//! `clean`: uploads that nobody will end are given up.

use std::time::{Duration, SystemTime};

use clap::Args;
use ossmpu::{
    BucketName, Client, Error, ListMultipartUploads, ListedUpload, ObjectKey, UploadOptions,
    UploadsEntry, rfc3339,
};

use super::removed::Removed;
use crate::duration;
use crate::ending::Ending;
use crate::failure::{Failure, Subject};
use crate::place::Place;
use crate::session::Session;
use crate::tally::Tally;

/// Give up all unfinished uploads that are older than some time
///
/// The age is that of the begin: an upload that takes longer than that is given up too, whoever
/// runs it. Look at what would go with --dry-run first.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ossmpu clean oss://my-bucket --older-than 7d --dry-run
  ossmpu clean oss://my-bucket/tmp/ --older-than 12h")]
pub struct Clean {
    /// oss://BUCKET, or oss://BUCKET/PREFIX
    #[arg(value_parser = Place::parse)]
    place: Place,
    /// Begun longer ago than this: 30m, 12h, 7d
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    older_than: Duration,
    /// Only keys that begin so; the same as oss://BUCKET/PREFIX
    #[arg(long)]
    prefix: Option<String>,
    /// Remove nothing, say what would be
    #[arg(long)]
    dry_run: bool,
}

impl Clean {
    pub fn run(&self, session: &Session<'_>) -> Result<Ending, Failure> {
        let place = self.place.with_prefix(self.prefix.as_deref())?;
        let client = session.client()?;
        let before = SystemTime::now().checked_sub(self.older_than);
        let options = session.connection.upload_options();
        let mut tally = Tally::default();
        // The whole list first: a list that shrinks while it is paged through could skip some.
        for upload in old_uploads(&client, &place, before, session)? {
            if session.cancel().is_triggered() {
                tally.failed();
                break;
            }
            let target = format!("oss://{}/{}", place.bucket, upload.key);
            let aborted = if self.dry_run {
                Ok(())
            } else {
                abort(&client, &place.bucket, &upload, &options)
            };
            if let Err(error) = aborted {
                let subject = Subject { source: None, target: Some(target) };
                session.console.fail(&Failure::Library(subject, error));
                tally.failed();
                continue;
            }
            let line = Removed {
                target,
                upload_id: upload.upload_id.as_str(),
                initiated: upload.initiated.map(rfc3339),
                aborted: !self.dry_run,
            };
            if self.dry_run {
                session.console.answer(&line)?;
            } else {
                session.console.done(&line)?;
            }
            tally.done();
        }
        Ok(tally.ending())
    }
}

/// Those that were begun before that time. One whose time is not known is not old.
fn old_uploads(
    client: &Client,
    place: &Place,
    before: Option<SystemTime>,
    session: &Session<'_>,
) -> Result<Vec<ListedUpload>, Error> {
    let request = ListMultipartUploads::new(&place.bucket)
        .with_prefix(&place.rest)
        .with_headers(&session.connection.headers());
    let is_old = |upload: &ListedUpload| {
        upload.initiated.zip(before).is_some_and(|(initiated, before)| initiated < before)
    };
    let entries = client.uploads(request, session.cancel());
    let uploads = entries.map(|entry| entry.map(UploadsEntry::into_upload));
    uploads.filter_map(Result::transpose).filter(|u| u.as_ref().map_or(true, is_old)).collect()
}

/// Until OSS says that it is gone; it may be so already.
fn abort(
    client: &Client,
    bucket: &BucketName,
    upload: &ListedUpload,
    options: &UploadOptions,
) -> Result<(), Error> {
    let key = ObjectKey::parse(&upload.key)?;
    client.attach_upload(bucket, &key, &upload.upload_id, options).abort()
}
