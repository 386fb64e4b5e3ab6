//! `cp`: an object becomes another, inside OSS.

use clap::Args;
use ossmpu::CopySource;

use super::stored::{Stored, advise};
use crate::ending::Ending;
use crate::failure::{Failure, Subject};
use crate::object_options::ObjectOptions;
use crate::object_url::ObjectUrl;
use crate::place::Place;
use crate::session::Session;
use crate::transfer_options::TransferOptions;

/// Copy an object of any size inside OSS
///
/// The parts are copied at once, by the service: no byte of them comes here. Both buckets are in
/// the same region. The copy has the content type and metadata of the source unless options
/// describe it anew, and its CRC-64 in any case.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  ossmpu cp oss://my-bucket/big.img oss://other-bucket/images/")]
pub struct Cp {
    /// oss://BUCKET/KEY
    #[arg(value_parser = ObjectUrl::parse)]
    source: ObjectUrl,
    /// oss://BUCKET/KEY, or oss://BUCKET/PREFIX/ to keep the end of the key
    #[arg(value_parser = Place::parse)]
    target: Place,
    /// Copy this version of the source
    #[arg(long, value_name = "ID")]
    source_version: Option<String>,
    #[command(flatten)]
    transfer: TransferOptions,
    #[command(flatten)]
    object: ObjectOptions,
}

impl Cp {
    pub fn run(&self, session: &Session<'_>) -> Result<Ending, Failure> {
        let key = self.source.key.as_str();
        let name = key.rsplit('/').next().unwrap_or(key);
        let target = ObjectUrl::at(&self.target, name)?;
        let mut source = CopySource::new(&self.source.bucket, &self.source.key);
        if let Some(version) = &self.source_version {
            source = source.with_version(version);
        }
        let mut options = session.connection.upload_options();
        self.transfer.apply(&mut options)?;
        self.object.apply(options.headers_mut())?;
        let client = session.client_with(|config| self.transfer.apply_threads(config))?;
        let bar = session.bar(name);
        bar.follow(&mut options);
        let (bucket, key, cancel) = (&target.bucket, &target.key, session.cancel());
        let copied = client.copy_object(bucket, key, &source, &options, cancel);
        drop(bar);
        let source = self.source.to_string();
        match copied {
            Ok(copied) => {
                session.console.done(&Stored::new(&source, &target, &copied))?;
                Ok(Ending::Done)
            }
            Err(error) => {
                let advice = advise(&error, &target, false);
                let subject = Subject { source: Some(source), target: Some(target.to_string()) };
                let ending = session.console.fail(&Failure::Library(subject, error));
                advice.iter().for_each(|advice| session.console.hint(advice));
                Ok(ending)
            }
        }
    }
}
