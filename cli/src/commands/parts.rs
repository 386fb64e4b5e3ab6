//! `parts`: lists the parts of an unfinished upload.

use clap::Args;
use ossmpu::{ListParts, ListedPart, UploadId, rfc3339};
use serde::Serialize;

use crate::console::Output;
use crate::context::Context;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::object_url::ObjectUrl;

/// List the parts of an unfinished upload that OSS has stored
///
/// Each line has the part number, the size in bytes, the ETag and the time of the upload.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  ossmpu parts oss://my-bucket/big.img 0004B9894A22E5B1888A1E29F8236E2D")]
pub struct Parts {
    /// oss://BUCKET/KEY
    #[arg(value_parser = ObjectUrl::parse)]
    object: ObjectUrl,
    /// The upload ID, as printed by ls-uploads
    #[arg(value_parser = UploadId::parse)]
    upload_id: UploadId,
}

#[derive(Debug, Serialize)]
struct UploadedPart {
    part_number: u16,
    size: u64,
    etag: String,
    /// A string, because many JSON parsers round integers of this size.
    crc64: Option<String>,
    last_modified: Option<String>,
}

impl Parts {
    pub fn run(&self, context: &Context<'_>) -> Result<ExitStatus, Failure> {
        let ObjectUrl { bucket, key } = &self.object;
        let request = ListParts::new(bucket, key, &self.upload_id)
            .with_headers(&context.client_options.headers());
        for part in context.client()?.parts_iter(request, context.cancel()) {
            context.console.print_result(&UploadedPart::from(part?))?;
        }
        Ok(ExitStatus::Success)
    }
}

impl From<ListedPart> for UploadedPart {
    fn from(part: ListedPart) -> Self {
        Self {
            part_number: part.number.get(),
            size: part.size,
            etag: part.etag.unquoted().to_owned(),
            crc64: part.crc64.map(|crc64| crc64.to_string()),
            last_modified: part.last_modified.map(rfc3339),
        }
    }
}

impl Output for UploadedPart {
    fn to_fields(&self) -> Vec<String> {
        let Self { part_number, size, etag, .. } = self;
        let time = self.last_modified.as_deref().unwrap_or("-").to_owned();
        vec![part_number.to_string(), size.to_string(), etag.to_string(), time]
    }
}
