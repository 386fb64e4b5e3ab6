//! `parts`: what OSS has of an upload.

use clap::Args;
use ossmpu::{ListParts, ListedPart, UploadId, rfc3339};
use serde::Serialize;

use crate::console::Line;
use crate::ending::Ending;
use crate::failure::Failure;
use crate::object_url::ObjectUrl;
use crate::session::Session;

/// List the parts that OSS has of an unfinished upload
///
/// A line has the number of the part, its size in bytes, its ETag and the time of its arrival.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  ossmpu parts oss://my-bucket/big.img 0004B9894A22E5B1888A1E29F8236E2D")]
pub struct Parts {
    /// oss://BUCKET/KEY
    #[arg(value_parser = ObjectUrl::parse)]
    object: ObjectUrl,
    /// The upload ID, as ls-uploads shows it
    #[arg(value_parser = UploadId::parse)]
    upload_id: UploadId,
}

#[derive(Debug, Serialize)]
struct Part {
    part_number: u16,
    size: u64,
    etag: String,
    /// Text, because many readers of JSON round numbers of this size.
    crc64: Option<String>,
    last_modified: Option<String>,
}

impl Parts {
    pub fn run(&self, session: &Session<'_>) -> Result<Ending, Failure> {
        let ObjectUrl { bucket, key } = &self.object;
        let request = ListParts::new(bucket, key, &self.upload_id)
            .with_headers(&session.connection.headers());
        for part in session.client()?.parts(request, session.cancel()) {
            session.console.answer(&Part::from(part?))?;
        }
        Ok(Ending::Done)
    }
}

impl From<ListedPart> for Part {
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

impl Line for Part {
    fn text(&self) -> String {
        let Self { part_number, size, etag, .. } = self;
        let time = self.last_modified.as_deref().unwrap_or("-");
        format!("{part_number}\t{size}\t{etag}\t{time}")
    }
}
