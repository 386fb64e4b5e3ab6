//! `ls-uploads`: what was begun and not ended.

use clap::Args;
use ossmpu::{ListMultipartUploads, ListedUpload, UploadsEntry, rfc3339};
use serde::Serialize;

use crate::console::Line;
use crate::ending::Ending;
use crate::failure::Failure;
use crate::place::Place;
use crate::session::Session;

/// List the unfinished uploads of a bucket
///
/// Their parts are billed until they are completed or aborted. A line has the time of the begin,
/// the upload ID and the object; or, with a delimiter, `PRE` and what several keys begin with.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ossmpu ls-uploads oss://my-bucket
  ossmpu ls-uploads oss://my-bucket/logs/ --delimiter /")]
pub struct LsUploads {
    /// oss://BUCKET, or oss://BUCKET/PREFIX
    #[arg(value_parser = Place::parse)]
    place: Place,
    /// Only keys that begin so; the same as oss://BUCKET/PREFIX
    #[arg(long)]
    prefix: Option<String>,
    /// Put keys together that are the same up to the first of this after the prefix
    #[arg(long, default_value = "", hide_default_value = true)]
    delimiter: String,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Entry<'a> {
    Upload {
        key: &'a str,
        upload_id: &'a str,
        initiated: Option<String>,
        storage_class: &'a str,
        #[serde(skip)]
        bucket: &'a str,
    },
    Prefix {
        prefix: &'a str,
        #[serde(skip)]
        bucket: &'a str,
    },
}

impl LsUploads {
    pub fn run(&self, session: &Session<'_>) -> Result<Ending, Failure> {
        let Place { bucket, rest } = self.place.with_prefix(self.prefix.as_deref())?;
        let request = ListMultipartUploads::new(&bucket)
            .with_prefix(&rest)
            .with_delimiter(&self.delimiter)
            .with_headers(&session.connection.headers());
        for entry in session.client()?.uploads(request, session.cancel()) {
            session.console.answer(&Entry::of(&entry?, bucket.as_str()))?;
        }
        Ok(Ending::Done)
    }
}

impl<'a> Entry<'a> {
    fn of(entry: &'a UploadsEntry, bucket: &'a str) -> Self {
        match entry {
            UploadsEntry::Upload(upload) => {
                let ListedUpload { key, upload_id, initiated, storage_class, .. } = upload;
                let initiated = initiated.map(rfc3339);
                Self::Upload {
                    key,
                    upload_id: upload_id.as_str(),
                    initiated,
                    storage_class,
                    bucket,
                }
            }
            UploadsEntry::Prefix(prefix) => Self::Prefix { prefix, bucket },
        }
    }
}

impl Line for Entry<'_> {
    fn text(&self) -> String {
        match self {
            Self::Upload { key, upload_id, initiated, bucket, .. } => {
                let initiated = initiated.as_deref().unwrap_or("-");
                format!("{initiated}\t{upload_id}\toss://{bucket}/{key}")
            }
            Self::Prefix { prefix, bucket } => format!("PRE\t-\toss://{bucket}/{prefix}"),
        }
    }
}
