//! `abort`: aborts uploads by their IDs.

use clap::Args;
use ossmpu::{AbortMultipartUpload, Client, Error, MultipartUpload, UploadId};

use crate::context::Context;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Subject};
use crate::object_url::ObjectUrl;
use crate::output::aborted_upload::AbortedUpload;
use crate::summary::Summary;

/// Abort unfinished uploads and remove their parts
///
/// Returns when OSS has confirmed that the uploads are gone.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  ossmpu abort oss://my-bucket/big.img 0004B9894A22E5B1888A1E29F8236E2D")]
pub struct Abort {
    /// oss://BUCKET/KEY
    #[arg(value_parser = ObjectUrl::parse)]
    object: ObjectUrl,
    /// Upload IDs, as printed by ls-uploads
    #[arg(required = true, value_name = "UPLOAD_ID", value_parser = UploadId::parse)]
    upload_ids: Vec<UploadId>,
}

impl Abort {
    pub fn run(&self, context: &Context<'_>) -> Result<ExitStatus, Failure> {
        let client = context.client()?;
        let target = self.object.to_string();
        let mut summary = Summary::default();
        for upload_id in &self.upload_ids {
            match self.abort(&client, upload_id, context) {
                Ok(()) => {
                    context.console.print_action(&AbortedUpload {
                        target: target.clone(),
                        upload_id: upload_id.as_str(),
                        initiated: None,
                        aborted: true,
                    })?;
                    summary.add_success();
                }
                Err(error) => {
                    let subject = Subject { source: None, target: Some(target.clone()) };
                    let failure = Failure::Library(subject, error);
                    summary.add_failure(context.console.print_failure(&failure));
                }
            }
        }
        Ok(summary.exit_status())
    }

    /// Aborts one upload in two steps. The first request fails if the upload ID is unknown. The
    /// abort of the upload handle, which takes NoSuchUpload for success, then repeats until no
    /// part that was in flight is left.
    fn abort(
        &self,
        client: &Client,
        upload_id: &UploadId,
        context: &Context<'_>,
    ) -> Result<(), Error> {
        let ObjectUrl { bucket, key } = &self.object;
        let request = AbortMultipartUpload::new(bucket, key, upload_id)
            .with_headers(&context.client_options.headers());
        client.abort_multipart_upload(&request, context.cancel())?;
        let options = context.client_options.upload_options();
        MultipartUpload::attach(client, bucket, key, upload_id, &options)?.abort()
    }
}
