//! `presign`: signs a URL for one request.

use std::time::Duration;

use clap::{Args, Subcommand};
use ossmpu::{
    AbortMultipartUpload, CompleteMultipartUpload, InitiateMultipartUpload, ObjectHeaders,
    PartNumber, PresignRequest, PutObject, UploadId, UploadPart,
};

use crate::context::Context;
use crate::duration;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::name_value::NameValue;
use crate::object_url::ObjectUrl;
use crate::output::presigned_request::PresignedRequest;

/// Sign a URL that allows one request without credentials
///
/// Sends no request. Prints the URL to stdout, and to stderr the method and the headers that must
/// be sent with it. Anyone who has the URL can use it until it expires, with any body: keep it
/// secret. Without --header Content-Type=TYPE the request must be sent without a Content-Type.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  curl -T photo.jpg \"$(ossmpu presign put oss://my-bucket/photo.jpg --expires 1h)\"
  curl -T photo.jpg -H \"Content-Type: image/jpeg\" \\
      \"$(ossmpu presign put oss://my-bucket/photo.jpg --header Content-Type=image/jpeg)\"
  ossmpu presign part oss://my-bucket/big.img 0004B9894A22E5B1888A1E29F8236E2D 7")]
pub struct Presign {
    #[command(subcommand)]
    request: Request,
    /// Validity of the URL, at most 7d with V4
    #[arg(long, global = true, value_name = "TIME", value_parser = duration::parse,
          default_value = "1h")]
    expires: Duration,
    /// A header to sign, which must be sent with the same value; may be repeated
    #[arg(long, global = true, value_name = "NAME=VALUE", value_parser = NameValue::parse)]
    header: Vec<NameValue>,
}

#[derive(Debug, Subcommand)]
enum Request {
    /// PUT of a whole object
    Put(Object),
    /// POST that initiates a multipart upload
    Initiate(Object),
    /// PUT of one part
    Part(Part),
    /// POST that completes a multipart upload; its body lists the parts
    Complete(Upload),
    /// DELETE that aborts a multipart upload
    Abort(Upload),
}

#[derive(Debug, Args)]
struct Object {
    /// oss://BUCKET/KEY
    #[arg(value_parser = ObjectUrl::parse)]
    object: ObjectUrl,
}

#[derive(Debug, Args)]
struct Upload {
    /// oss://BUCKET/KEY
    #[arg(value_parser = ObjectUrl::parse)]
    object: ObjectUrl,
    /// The upload ID
    #[arg(value_parser = UploadId::parse)]
    upload_id: UploadId,
}

#[derive(Debug, Args)]
struct Part {
    #[command(flatten)]
    upload: Upload,
    /// The part number, 1 to 10000
    #[arg(value_parser = part_number)]
    number: PartNumber,
}

impl Presign {
    pub fn run(&self, context: &Context<'_>) -> Result<ExitStatus, Failure> {
        let mut headers = context.client_options.headers();
        for NameValue { name, value } in &self.header {
            headers.set_header(name, value)?;
        }
        let request = self.request.to_presign_request(&headers);
        let presigned = context.client()?.presign(&request, self.expires, context.cancel())?;
        let output = PresignedRequest::new(&presigned);
        context.console.print_result(&output)?;
        context.console.print_hint(&output.usage());
        Ok(ExitStatus::Success)
    }
}

impl Request {
    fn to_presign_request(&self, headers: &ObjectHeaders) -> PresignRequest {
        match self {
            Self::Put(Object { object: ObjectUrl { bucket, key } }) => {
                PresignRequest::PutObject(PutObject::new(bucket, key).with_headers(headers))
            }
            Self::Initiate(Object { object: ObjectUrl { bucket, key } }) => {
                let request = InitiateMultipartUpload::new(bucket, key).with_headers(headers);
                PresignRequest::InitiateMultipartUpload(request)
            }
            Self::Part(Part { upload: Upload { object, upload_id }, number }) => {
                let request = UploadPart::new(&object.bucket, &object.key, upload_id, *number);
                PresignRequest::UploadPart(request.with_headers(headers))
            }
            Self::Complete(Upload { object: ObjectUrl { bucket, key }, upload_id }) => {
                let request = CompleteMultipartUpload::new(bucket, key, upload_id, Vec::new());
                PresignRequest::CompleteMultipartUpload(request.with_headers(headers))
            }
            Self::Abort(Upload { object: ObjectUrl { bucket, key }, upload_id }) => {
                let request = AbortMultipartUpload::new(bucket, key, upload_id);
                PresignRequest::AbortMultipartUpload(request.with_headers(headers))
            }
        }
    }
}

fn part_number(text: &str) -> Result<PartNumber, String> {
    let number = text.parse().map_err(|_| "expected a number from 1 to 10000".to_owned())?;
    PartNumber::new(number).map_err(|error| error.to_string())
}
