//! `cp`: copies an object inside OSS.

use clap::Args;
use ossmpu::CopySource;

use crate::bucket_url::BucketUrl;
use crate::context::Context;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Subject};
use crate::object_options::ObjectOptions;
use crate::object_url::ObjectUrl;
use crate::output::stored_object::{Resume, print_stored, recovery_hint};
use crate::size::Size;
use crate::transfer_options::TransferOptions;

/// Copy an object of any size inside OSS
///
/// OSS copies the parts in parallel; no data passes through this machine. Both buckets must be in
/// the same region. The copy keeps the content headers, the metadata and the tags of the source
/// unless options replace them. Its CRC-64 is compared with that of the source if OSS reports both.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  ossmpu cp oss://my-bucket/big.img oss://other-bucket/images/")]
pub struct Cp {
    /// oss://BUCKET/KEY
    #[arg(value_parser = ObjectUrl::parse)]
    source: ObjectUrl,
    /// oss://BUCKET/KEY, or oss://BUCKET/PREFIX/ to keep the last component of the key
    #[arg(value_parser = BucketUrl::parse)]
    target: BucketUrl,
    /// Copy this version of the source
    #[arg(long, value_name = "ID")]
    source_version: Option<String>,
    /// Copy objects smaller than this with a single request, without parts [default: 8MiB]
    #[arg(long, value_name = "SIZE", value_parser = Size::parse, help_heading = "Transfer")]
    single_below: Option<Size>,
    /// Leave out the tags of the source
    #[arg(long)]
    no_copy_tags: bool,
    #[command(flatten)]
    transfer: TransferOptions,
    #[command(flatten)]
    object: ObjectOptions,
}

impl Cp {
    pub fn run(&self, context: &Context<'_>) -> Result<ExitStatus, Failure> {
        let key = self.source.key.as_str();
        let name = key.rsplit('/').next().unwrap_or(key);
        let target = ObjectUrl::resolve(&self.target, name)?;
        let mut source = CopySource::new(&self.source.bucket, &self.source.key);
        if let Some(version) = &self.source_version {
            source = source.with_version(version);
        }
        let mut options = context.client_options.upload_options();
        self.transfer.apply(&mut options)?;
        self.object.apply(options.headers_mut())?;
        options.set_copy_tags(!self.no_copy_tags);
        if let Some(Size(bytes)) = self.single_below {
            options.set_single_below(bytes)?;
        }
        let client = context.client_with(|config| self.transfer.apply_threads(config))?;
        let bar = context.upload_bar(name);
        bar.attach(&mut options);
        let (bucket, key, cancel) = (&target.bucket, &target.key, context.cancel());
        let copied = client.copy_object(bucket, key, &source, &options, cancel);
        drop(bar);
        let source = self.source.to_string();
        match copied {
            Ok(copied) => print_stored(context.console, &source, &target, &copied),
            Err(error) => {
                let hint = recovery_hint(&error, &target, Resume::Impossible);
                let subject = Subject { source: Some(source), target: Some(target.to_string()) };
                let status = context.console.print_failure(&Failure::Library(subject, error));
                hint.iter().for_each(|hint| context.console.print_hint(hint));
                Ok(status)
            }
        }
    }
}
