//! The values of OSS: buckets, keys, endpoints, parts, ETags. Each is checked when it is parsed, so
//! a value of the type is valid. They know neither HTTP nor sockets.

#[macro_use]
mod text_conversions;

mod bucket;
mod byte_range;
mod copy_source;
mod endpoint;
mod etag;
mod key;
mod object_headers;
pub(crate) mod oss_header;
mod part;
mod region;
mod upload_id;

pub use bucket::BucketName;
pub use byte_range::ByteRange;
pub(crate) use copy_source::copy_source;
pub use endpoint::{Addressing, EndpointKind};
pub(crate) use endpoint::{Endpoint, Target};
pub use etag::ETag;
pub use key::ObjectKey;
pub use object_headers::ObjectHeaders;
pub(crate) use object_headers::{CONTENT_HEADERS, RequestKind};
pub use part::PartNumber;
pub(crate) use part::PartRange;
pub(crate) use region::Region;
pub use upload_id::UploadId;
