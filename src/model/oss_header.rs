//! The names of the headers that OSS defines, in lower case.

/// The prefix of all of them.
pub(crate) const PREFIX: &str = "x-oss-";
/// The prefix of user metadata.
pub(crate) const METADATA_PREFIX: &str = "x-oss-meta-";

pub(crate) const ACL: &str = "x-oss-object-acl";
pub(crate) const CALLBACK: &str = "x-oss-callback";
pub(crate) const CALLBACK_VAR: &str = "x-oss-callback-var";
pub(crate) const COMPLETE_ALL: &str = "x-oss-complete-all";
pub(crate) const CONTENT_SHA256: &str = "x-oss-content-sha256";
pub(crate) const COPY_SOURCE: &str = "x-oss-copy-source";
pub(crate) const COPY_SOURCE_IF_MATCH: &str = "x-oss-copy-source-if-match";
pub(crate) const COPY_SOURCE_IF_MODIFIED_SINCE: &str = "x-oss-copy-source-if-modified-since";
pub(crate) const COPY_SOURCE_IF_NONE_MATCH: &str = "x-oss-copy-source-if-none-match";
pub(crate) const COPY_SOURCE_IF_UNMODIFIED_SINCE: &str = "x-oss-copy-source-if-unmodified-since";
pub(crate) const COPY_SOURCE_RANGE: &str = "x-oss-copy-source-range";
pub(crate) const COPY_SOURCE_VERSION_ID: &str = "x-oss-copy-source-version-id";
pub(crate) const DATE: &str = "x-oss-date";
pub(crate) const EC: &str = "x-oss-ec";
pub(crate) const ERR: &str = "x-oss-err";
pub(crate) const FORBID_OVERWRITE: &str = "x-oss-forbid-overwrite";
pub(crate) const HASH_CRC64: &str = "x-oss-hash-crc64ecma";
pub(crate) const METADATA_DIRECTIVE: &str = "x-oss-metadata-directive";
pub(crate) const OBJECT_TYPE: &str = "x-oss-object-type";
pub(crate) const REQUEST_ID: &str = "x-oss-request-id";
pub(crate) const REQUEST_PAYER: &str = "x-oss-request-payer";
pub(crate) const SECURITY_TOKEN: &str = "x-oss-security-token";
pub(crate) const SERVER_SIDE_ENCRYPTION: &str = "x-oss-server-side-encryption";
pub(crate) const SERVER_SIDE_DATA_ENCRYPTION: &str = "x-oss-server-side-data-encryption";
pub(crate) const SERVER_SIDE_ENCRYPTION_KEY_ID: &str = "x-oss-server-side-encryption-key-id";
pub(crate) const STORAGE_CLASS: &str = "x-oss-storage-class";
pub(crate) const TAGGING: &str = "x-oss-tagging";
pub(crate) const TAGGING_COUNT: &str = "x-oss-tagging-count";
pub(crate) const TAGGING_DIRECTIVE: &str = "x-oss-tagging-directive";
pub(crate) const TRAFFIC_LIMIT: &str = "x-oss-traffic-limit";
pub(crate) const VERSION_ID: &str = "x-oss-version-id";
