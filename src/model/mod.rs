//! The nouns of OSS: parsed once, valid ever after. They know neither HTTP nor sockets.

mod bucket;
mod copy_source;
mod dialect;
mod endpoint;
mod etag;
mod key;
mod object_headers;
mod part;
mod region;
mod upload_id;

pub use bucket::BucketName;
pub(crate) use copy_source::copy_source;
pub use dialect::Dialect;
pub(crate) use dialect::ServiceHeader;
pub(crate) use endpoint::Target;
pub use endpoint::{Addressing, Endpoint, EndpointKind};
pub use etag::ETag;
pub use key::ObjectKey;
pub use object_headers::ObjectHeaders;
pub(crate) use object_headers::RequestKind;
pub use part::{PartNumber, PartRange};
pub use region::Region;
pub use upload_id::UploadId;
