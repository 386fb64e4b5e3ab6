//! Options that set headers of the object.

use clap::Args;
use ossmpu::ObjectHeaders;

use crate::failure::Failure;
use crate::name_value::NameValue;

/// Headers and metadata of the object.
#[derive(Debug, Args)]
#[command(next_help_heading = "Object")]
pub struct ObjectOptions {
    /// Content-Type of the object [default: guessed from the name]
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// User metadata; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = NameValue::parse)]
    metadata: Vec<NameValue>,
    /// Object tag; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = NameValue::parse)]
    tag: Vec<NameValue>,
    /// Storage class: Standard, IA, Archive, ColdArchive or DeepColdArchive
    #[arg(long, value_name = "CLASS")]
    storage_class: Option<String>,
    /// Access control: default, private, public-read or public-read-write
    #[arg(long)]
    acl: Option<String>,
    /// Fail if the object already exists
    #[arg(long)]
    forbid_overwrite: bool,
    /// Any other request header that OSS accepts, such as Cache-Control=no-cache; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = NameValue::parse)]
    header: Vec<NameValue>,
}

impl ObjectOptions {
    /// # Errors
    ///
    /// `Invalid`, naming the header that OSS would refuse.
    pub fn apply(&self, headers: &mut ObjectHeaders) -> Result<(), Failure> {
        if let Some(value) = &self.content_type {
            headers.set_content_type(value)?;
        }
        for NameValue { name, value } in &self.metadata {
            headers.set_metadata(name, value)?;
        }
        for NameValue { name, value } in &self.tag {
            headers.set_tag(name, value)?;
        }
        if let Some(value) = &self.storage_class {
            headers.set_storage_class(value)?;
        }
        if let Some(value) = &self.acl {
            headers.set_acl(value)?;
        }
        if self.forbid_overwrite {
            headers.set_forbid_overwrite(true);
        }
        for NameValue { name, value } in &self.header {
            headers.set_header(name, value)?;
        }
        Ok(())
    }
}
