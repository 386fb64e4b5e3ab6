//! What a caller may say of an object or of a request, and which requests it goes with.
//!
//! One value serves a whole upload: content headers, metadata and encryption go with Initiate, the
//! ACL and the callback with Complete, who pays with every request. Values are checked when they
//! are set, so that a mistake shows before anything is sent.

mod content_type;
mod rules;
mod tags;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use self::rules::Name;
use self::tags::Tags;
use super::{Dialect, ObjectKey, ServiceHeader};
use crate::error::{Error, Result};
use crate::limits;

/// Headers, metadata and tags for the requests of one object.
///
/// Each is sent with the requests that take it, and only with those. Setting one again replaces
/// it; an empty value takes it away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectHeaders {
    fields: Vec<(Name, String)>,
    metadata: Vec<(String, String)>,
    tags: Tags,
    content_type: ContentType,
}

/// The requests that the rules tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    Initiate,
    UploadPart,
    UploadPartCopy,
    Complete,
    Abort,
    ListParts,
    ListUploads,
    PutObject,
    HeadObject,
}

/// What becomes of an object whose content type was not set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum ContentType {
    #[default]
    Guessed,
    LeftToService,
}

/// Each method fails with `Invalid`, naming the header, if OSS would not take the value.
impl ObjectHeaders {
    /// Nothing set; the content type is guessed from the key.
    pub fn new() -> Self {
        Self::default()
    }

    /// `Content-Type` of the object.
    pub fn content_type(&mut self, value: &str) -> Result<&mut Self> {
        self.header("content-type", value)
    }

    /// Sends no `Content-Type` unless one is set: the service then chooses.
    pub fn without_content_type_guess(&mut self) -> &mut Self {
        self.content_type = ContentType::LeftToService;
        self
    }

    /// `Cache-Control` of the object.
    pub fn cache_control(&mut self, value: &str) -> Result<&mut Self> {
        self.header("cache-control", value)
    }

    /// `Content-Disposition` of the object.
    pub fn content_disposition(&mut self, value: &str) -> Result<&mut Self> {
        self.header("content-disposition", value)
    }

    /// `Content-Encoding` of the object, which has to be encoded so already.
    pub fn content_encoding(&mut self, value: &str) -> Result<&mut Self> {
        self.header("content-encoding", value)
    }

    /// `Expires` of the object, for caches; it does not delete anything.
    pub fn expires(&mut self, value: &str) -> Result<&mut Self> {
        self.header("expires", value)
    }

    /// User metadata, `x-oss-meta-` and the name: letters, digits and hyphens, kept in lower case.
    pub fn metadata(&mut self, name: &str, value: &str) -> Result<&mut Self> {
        let name = name.to_ascii_lowercase();
        let refuse = |why: &str| Err(Error::invalid(format!("x-oss-meta-{name}"), why));
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return refuse("a name of metadata has only letters, digits and hyphens");
        }
        if value.contains(char::is_control) {
            return refuse("the value has a control character");
        }
        let others = self.metadata.iter().filter(|(known, _)| *known != name);
        let size: usize = others.map(|(name, value)| name.len() + value.len()).sum();
        if size + name.len() + value.len() > limits::METADATA_MAX {
            return refuse("all metadata together has at most 8192 bytes");
        }
        put(&mut self.metadata, name, value);
        Ok(self)
    }

    /// A tag of the object; its value may be empty.
    pub fn tag(&mut self, name: &str, value: &str) -> Result<&mut Self> {
        self.tags.set(name, value)?;
        Ok(self)
    }

    /// Who may read the object: `default`, `private`, `public-read` or `public-read-write`.
    pub fn acl(&mut self, value: &str) -> Result<&mut Self> {
        self.service(ServiceHeader::Acl, value)
    }

    /// `Standard`, `IA`, `Archive`, `ColdArchive` or `DeepColdArchive`; otherwise the bucket's.
    pub fn storage_class(&mut self, value: &str) -> Result<&mut Self> {
        self.service(ServiceHeader::StorageClass, value)
    }

    /// Encryption at rest: `AES256`, `KMS` or `SM4`.
    pub fn server_side_encryption(&mut self, value: &str) -> Result<&mut Self> {
        self.service(ServiceHeader::ServerSideEncryption, value)
    }

    /// How the data is encrypted under `KMS`: `SM4`; otherwise AES-256.
    pub fn server_side_data_encryption(&mut self, value: &str) -> Result<&mut Self> {
        self.prefixed(rules::DATA_ENCRYPTION, value)
    }

    /// The key that `KMS` encrypts with; otherwise the service's own.
    pub fn server_side_encryption_key_id(&mut self, value: &str) -> Result<&mut Self> {
        self.prefixed(rules::ENCRYPTION_KEY_ID, value)
    }

    /// Lets Initiate, Complete and PutObject fail if the object exists. Without effect in a bucket
    /// whose versioning is enabled or suspended.
    pub fn forbid_overwrite(&mut self) -> &mut Self {
        put(&mut self.fields, Name::Service(ServiceHeader::ForbidOverwrite), "true");
        self
    }

    /// Says that the sender of the requests pays for them, as a requester-pays bucket demands.
    pub fn request_payer(&mut self) -> &mut Self {
        put(&mut self.fields, Name::Service(ServiceHeader::RequestPayer), "requester");
        self
    }

    /// The callback that the service makes once the object is stored, as a JSON object.
    pub fn callback(&mut self, json: &str) -> Result<&mut Self> {
        self.json(ServiceHeader::Callback, json)
    }

    /// The variables of the callback, as a JSON object whose names begin with `x:`.
    pub fn callback_var(&mut self, json: &str) -> Result<&mut Self> {
        self.json(ServiceHeader::CallbackVar, json)
    }

    /// How fast the service takes the data of each request, in bits per second.
    pub fn traffic_limit(&mut self, bits_per_sec: u64) -> Result<&mut Self> {
        self.service(ServiceHeader::TrafficLimit, &bits_per_sec.to_string())
    }

    /// Any header that OSS takes with an object, in either case and with its value as on the wire.
    ///
    /// An `x-oss-` header that this library does not know goes with Initiate, Complete and
    /// PutObject, the requests that make an object. Headers that the library sets itself, and
    /// HTTP headers that OSS does not keep, are refused.
    pub fn header(&mut self, name: &str, value: &str) -> Result<&mut Self> {
        let lower = name.to_ascii_lowercase();
        if let Some(name) = lower.strip_prefix(Dialect::Oss.metadata_prefix()) {
            return self.metadata(name, value);
        }
        let name = Name::parse(&lower)?;
        if name == Name::Service(ServiceHeader::Tagging) {
            self.tags = Tags::parse(value)?;
            return Ok(self);
        }
        if !value.is_empty() {
            name.rule().check(value).map_err(|why| Error::invalid(&*lower, why))?;
        }
        put(&mut self.fields, name, value);
        Ok(self)
    }

    fn prefixed(&mut self, name: &str, value: &str) -> Result<&mut Self> {
        self.header(&format!("{}{name}", Dialect::Oss.header_prefix()), value)
    }

    fn json(&mut self, header: ServiceHeader, json: &str) -> Result<&mut Self> {
        let json = json.trim();
        let is_object = json.starts_with('{') && json.ends_with('}');
        if !is_object && !json.is_empty() {
            return Err(Error::invalid(Dialect::Oss.header(header), "the value is no JSON object"));
        }
        self.service(header, &BASE64_STANDARD.encode(json))
    }

    fn service(&mut self, header: ServiceHeader, value: &str) -> Result<&mut Self> {
        self.header(Dialect::Oss.header(header), value)
    }
}

/// What the operations ask for.
impl ObjectHeaders {
    /// The fields that go with a request, for the object of that key.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the header, if values that were set do not go together.
    pub(crate) fn for_request(
        &self,
        takes: RequestKind,
        key: Option<&ObjectKey>,
        dialect: Dialect,
    ) -> Result<Vec<(String, String)>> {
        rules::check_together(|name| self.value(name))?;
        let sent = self.fields.iter().filter(|(name, _)| name.rule().takes.contains(&takes));
        let mut fields: Vec<_> =
            sent.map(|(name, value)| (name.on_wire(dialect), value.clone())).collect();
        if !MAKE_CONTENT.contains(&takes) {
            return Ok(fields);
        }
        if let Some(guess) = self.guess(key.map(ObjectKey::as_str)) {
            fields.push((CONTENT_TYPE.to_owned(), guess.to_owned()));
        }
        for (name, value) in &self.metadata {
            fields.push((format!("{}{name}", dialect.metadata_prefix()), value.clone()));
        }
        if !self.tags.is_empty() {
            let name = dialect.header(ServiceHeader::Tagging).to_owned();
            fields.push((name, self.tags.to_string()));
        }
        Ok(fields)
    }

    /// The fields that Initiate sends for the object of that key.
    pub(crate) fn creation_fields(&self, key: &ObjectKey) -> Result<Vec<(String, String)>> {
        self.for_request(RequestKind::Initiate, Some(key), Dialect::Oss)
    }

    /// User metadata, by names without their prefix.
    pub(crate) fn metadata_pairs(&self) -> &[(String, String)] {
        &self.metadata
    }

    /// True if the caller has set anything that an object is made with.
    pub(crate) fn are_set(&self) -> bool {
        let creates = |name: &Name| name.rule().takes.contains(&RequestKind::Initiate);
        self.fields.iter().any(|(name, _)| creates(name))
            || !self.metadata.is_empty()
            || !self.tags.is_empty()
    }

    /// True if the service calls back, and so may answer with 203.
    pub(crate) fn has_callback(&self) -> bool {
        self.value(&Name::Service(ServiceHeader::Callback)).is_some()
    }

    pub(crate) fn forbids_overwrite(&self) -> bool {
        self.value(&Name::Service(ServiceHeader::ForbidOverwrite)) == Some("true")
    }

    /// True if content headers, metadata or tags were set, which a copy would else take from its
    /// source.
    pub(crate) fn describes_content(&self) -> bool {
        let http = self.fields.iter().any(|(name, _)| matches!(name, Name::Http(_)));
        http || !self.metadata.is_empty() || !self.tags.is_empty()
    }

    /// Takes the content type from the name of the source file, unless it is set, not wanted or
    /// not to be told from that name.
    pub(crate) fn suggest_content_type(&mut self, file_name: &str) {
        if let Some(guess) = self.guess(None).and(content_type::of_name(file_name)) {
            self.fields.push((Name::Http(CONTENT_TYPE), guess.to_owned()));
        }
    }

    /// None if a content type is set or none is to be guessed.
    fn guess(&self, name: Option<&str>) -> Option<&'static str> {
        let wanted = self.content_type == ContentType::Guessed
            && self.value(&Name::Http(CONTENT_TYPE)).is_none();
        wanted.then(|| name.and_then(content_type::of_name).unwrap_or(CONTENT_TYPE_UNKNOWN))
    }

    fn value(&self, name: &Name) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Puts a value in place of the one of that name; an empty one only takes that away.
fn put<N: PartialEq>(pairs: &mut Vec<(N, String)>, name: N, value: &str) {
    pairs.retain(|(known, _)| *known != name);
    if !value.is_empty() {
        pairs.push((name, value.to_owned()));
    }
}

const CONTENT_TYPE: &str = "content-type";
const CONTENT_TYPE_UNKNOWN: &str = "application/octet-stream";
/// The requests that say what an object is.
const MAKE_CONTENT: [RequestKind; 2] = [RequestKind::Initiate, RequestKind::PutObject];

#[cfg(test)]
mod tests;
