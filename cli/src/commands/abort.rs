//! `abort`: uploads are given up by their IDs.

use clap::Args;
use ossmpu::{AbortMultipartUpload, Client, Error, UploadId};

use super::removed::Removed;
use crate::ending::Ending;
use crate::failure::{Failure, Subject};
use crate::object_url::ObjectUrl;
use crate::session::Session;
use crate::tally::Tally;

/// Give unfinished uploads up: remove their parts
///
/// Ends when OSS says that they are gone.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  ossmpu abort oss://my-bucket/big.img 0004B9894A22E5B1888A1E29F8236E2D")]
pub struct Abort {
    /// oss://BUCKET/KEY
    #[arg(value_parser = ObjectUrl::parse)]
    object: ObjectUrl,
    /// Upload IDs, as ls-uploads shows them
    #[arg(required = true, value_name = "UPLOAD_ID", value_parser = UploadId::parse)]
    upload_ids: Vec<UploadId>,
}

impl Abort {
    pub fn run(&self, session: &Session<'_>) -> Result<Ending, Failure> {
        let client = session.client()?;
        let target = self.object.to_string();
        let mut tally = Tally::default();
        for upload_id in &self.upload_ids {
            match self.abort(&client, upload_id, session) {
                Ok(()) => {
                    session.console.done(&Removed {
                        target: target.clone(),
                        upload_id: upload_id.as_str(),
                        initiated: None,
                        aborted: true,
                    })?;
                    tally.done();
                }
                Err(error) => {
                    let subject = Subject { source: None, target: Some(target.clone()) };
                    session.console.fail(&Failure::Library(subject, error));
                    tally.failed();
                }
            }
        }
        Ok(tally.ending())
    }

    /// The first request finds an ID that is mistyped; the clean-up, which takes any such answer
    /// for success, then sees to it that no part stays that was still arriving.
    fn abort(
        &self,
        client: &Client,
        upload_id: &UploadId,
        session: &Session<'_>,
    ) -> Result<(), Error> {
        let ObjectUrl { bucket, key } = &self.object;
        let request = AbortMultipartUpload::new(bucket, key, upload_id)
            .with_headers(&session.connection.headers());
        client.abort_multipart_upload(&request, session.cancel())?;
        let options = session.connection.upload_options();
        client.attach_upload(bucket, key, upload_id, &options).abort()
    }
}
