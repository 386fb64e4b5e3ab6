//! `ls-uploads`: lists unfinished uploads.

use clap::Args;
use ossmpu::{ListMultipartUploads, ListedUpload, UploadsEntry, rfc3339};
use serde::Serialize;

use crate::bucket_url::BucketUrl;
use crate::console::Output;
use crate::context::Context;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;

/// List the unfinished uploads of a bucket
///
/// Their parts are billed until they are completed or aborted. Each line has the initiation time,
/// the upload ID and the object; with --delimiter, common prefixes are lines that begin with PRE.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ossmpu ls-uploads oss://my-bucket
  ossmpu ls-uploads oss://my-bucket/logs/ --delimiter /")]
pub struct LsUploads {
    /// oss://BUCKET, or oss://BUCKET/PREFIX
    #[arg(value_name = "URL", value_parser = BucketUrl::parse)]
    url: BucketUrl,
    /// Only keys with this prefix; the same as oss://BUCKET/PREFIX
    #[arg(long)]
    prefix: Option<String>,
    /// Group keys that are equal up to the first delimiter after the prefix
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
        storage_class: Option<&'a str>,
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
    pub fn run(&self, context: &Context<'_>) -> Result<ExitStatus, Failure> {
        let BucketUrl { bucket, path } = self.url.with_prefix(self.prefix.as_deref())?;
        let request = ListMultipartUploads::new(&bucket)
            .with_prefix(&path)
            .with_delimiter(&self.delimiter)
            .with_headers(&context.client_options.headers());
        for entry in context.client()?.uploads_iter(request, context.cancel()) {
            context.console.print_result(&Entry::new(&entry?, bucket.as_str()))?;
        }
        Ok(ExitStatus::Success)
    }
}

impl<'a> Entry<'a> {
    fn new(entry: &'a UploadsEntry, bucket: &'a str) -> Self {
        match entry {
            UploadsEntry::Upload(upload) => {
                let ListedUpload { key, upload_id, initiated, storage_class, .. } = upload;
                let initiated = initiated.map(rfc3339);
                Self::Upload {
                    key,
                    upload_id: upload_id.as_str(),
                    initiated,
                    storage_class: storage_class.as_deref(),
                    bucket,
                }
            }
            UploadsEntry::Prefix(prefix) => Self::Prefix { prefix, bucket },
        }
    }
}

impl Output for Entry<'_> {
    fn to_fields(&self) -> Vec<String> {
        match self {
            Self::Upload { key, upload_id, initiated, bucket, .. } => {
                let initiated = initiated.as_deref().unwrap_or("-");
                let url = format!("oss://{bucket}/{key}");
                vec![initiated.to_owned(), (*upload_id).to_owned(), url]
            }
            Self::Prefix { prefix, bucket } => {
                vec!["PRE".to_owned(), "-".to_owned(), format!("oss://{bucket}/{prefix}")]
            }
        }
    }
}
