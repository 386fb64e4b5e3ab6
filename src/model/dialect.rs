//! What one object store's dialect of the protocol calls things.
//!
//! Everything that a second dialect would name differently hangs on this one value.

/// The protocol that is spoken. Today there is one: OSS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Dialect {
    /// Alibaba Cloud OSS.
    #[default]
    Oss,
}

/// A header that the service, not HTTP, defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServiceHeader {
    Acl,
    Callback,
    CallbackVar,
    CompleteAll,
    ContentSha256,
    CopySource,
    CopySourceIfMatch,
    CopySourceIfModifiedSince,
    CopySourceIfNoneMatch,
    CopySourceIfUnmodifiedSince,
    CopySourceRange,
    CopySourceVersionId,
    Date,
    Ec,
    Err,
    ForbidOverwrite,
    HashCrc64,
    ObjectType,
    RequestId,
    RequestPayer,
    SecurityToken,
    ServerSideEncryption,
    StorageClass,
    Tagging,
    TrafficLimit,
    VersionId,
}

impl Dialect {
    /// The name of a header, in lower case.
    pub(crate) fn header(self, header: ServiceHeader) -> &'static str {
        match (self, header) {
            (Self::Oss, ServiceHeader::Acl) => "x-oss-object-acl",
            (Self::Oss, ServiceHeader::Callback) => "x-oss-callback",
            (Self::Oss, ServiceHeader::CallbackVar) => "x-oss-callback-var",
            (Self::Oss, ServiceHeader::CompleteAll) => "x-oss-complete-all",
            (Self::Oss, ServiceHeader::ContentSha256) => "x-oss-content-sha256",
            (Self::Oss, ServiceHeader::CopySource) => "x-oss-copy-source",
            (Self::Oss, ServiceHeader::CopySourceIfMatch) => "x-oss-copy-source-if-match",
            (Self::Oss, ServiceHeader::CopySourceIfModifiedSince) => {
                "x-oss-copy-source-if-modified-since"
            }
            (Self::Oss, ServiceHeader::CopySourceIfNoneMatch) => "x-oss-copy-source-if-none-match",
            (Self::Oss, ServiceHeader::CopySourceIfUnmodifiedSince) => {
                "x-oss-copy-source-if-unmodified-since"
            }
            (Self::Oss, ServiceHeader::CopySourceRange) => "x-oss-copy-source-range",
            (Self::Oss, ServiceHeader::CopySourceVersionId) => "x-oss-copy-source-version-id",
            (Self::Oss, ServiceHeader::Date) => "x-oss-date",
            (Self::Oss, ServiceHeader::Ec) => "x-oss-ec",
            (Self::Oss, ServiceHeader::Err) => "x-oss-err",
            (Self::Oss, ServiceHeader::ForbidOverwrite) => "x-oss-forbid-overwrite",
            (Self::Oss, ServiceHeader::HashCrc64) => "x-oss-hash-crc64ecma",
            (Self::Oss, ServiceHeader::ObjectType) => "x-oss-object-type",
            (Self::Oss, ServiceHeader::RequestId) => "x-oss-request-id",
            (Self::Oss, ServiceHeader::RequestPayer) => "x-oss-request-payer",
            (Self::Oss, ServiceHeader::SecurityToken) => "x-oss-security-token",
            (Self::Oss, ServiceHeader::ServerSideEncryption) => "x-oss-server-side-encryption",
            (Self::Oss, ServiceHeader::StorageClass) => "x-oss-storage-class",
            (Self::Oss, ServiceHeader::Tagging) => "x-oss-tagging",
            (Self::Oss, ServiceHeader::TrafficLimit) => "x-oss-traffic-limit",
            (Self::Oss, ServiceHeader::VersionId) => "x-oss-version-id",
        }
    }

    /// What the service's own headers begin with.
    pub(crate) fn header_prefix(self) -> &'static str {
        match self {
            Self::Oss => "x-oss-",
        }
    }

    /// What the names of user metadata begin with.
    pub(crate) fn metadata_prefix(self) -> &'static str {
        match self {
            Self::Oss => "x-oss-meta-",
        }
    }
}
