//! What is stored with an object.

use clap::Args;
use ossmpu::ObjectHeaders;

use crate::failure::Failure;
use crate::name_value::NameValue;

/// What is stored with the object, or said with its requests.
#[derive(Debug, Args)]
#[command(next_help_heading = "Object")]
pub struct ObjectOptions {
    /// Content-Type; guessed from the name unless given
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// User metadata; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = NameValue::parse)]
    metadata: Vec<NameValue>,
    /// Tag of the object; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = NameValue::parse)]
    tag: Vec<NameValue>,
    /// Standard, IA, Archive, ColdArchive or DeepColdArchive
    #[arg(long, value_name = "CLASS")]
    storage_class: Option<String>,
    /// default, private, public-read or public-read-write
    #[arg(long)]
    acl: Option<String>,
    /// Fail if the object exists
    #[arg(long)]
    forbid_overwrite: bool,
    /// Any other header that OSS takes, Cache-Control=no-cache for one; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = NameValue::parse)]
    header: Vec<NameValue>,
}

impl ObjectOptions {
    /// # Errors
    ///
    /// `Invalid`, naming the header that OSS would not take.
    pub fn apply(&self, headers: &mut ObjectHeaders) -> Result<(), Failure> {
        if let Some(value) = &self.content_type {
            headers.content_type(value)?;
        }
        for NameValue { name, value } in &self.metadata {
            headers.metadata(name, value)?;
        }
        for NameValue { name, value } in &self.tag {
            headers.tag(name, value)?;
        }
        if let Some(value) = &self.storage_class {
            headers.storage_class(value)?;
        }
        if let Some(value) = &self.acl {
            headers.acl(value)?;
        }
        if self.forbid_overwrite {
            headers.forbid_overwrite();
        }
        for NameValue { name, value } in &self.header {
            headers.header(name, value)?;
        }
        Ok(())
    }
}
