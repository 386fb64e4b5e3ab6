//! The headers, metadata and tags that a caller sets, and which requests send each.
//!
//! One value serves a whole upload: Initiate sends content headers, metadata and encryption,
//! Complete the ACL and the callback, every request the request payer. Values are checked when they
//! are set, before anything is sent.

mod content_type;
mod rules;
mod tags;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use self::rules::Name;
use self::tags::Tags;
use super::{ObjectKey, oss_header};
use crate::error::{Error, Result};
use crate::limits;

/// Headers, metadata and tags of one object.
///
/// Each is sent with the requests that take it, and only with those. Setting one again replaces it;
/// an empty value removes it. Spaces and tabs at both ends of a value are removed, because HTTP does
/// not keep them; those of tags are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectHeaders {
    fields: Vec<(Name, String)>,
    metadata: Vec<(String, String)>,
    tags: Tags,
    content_type: ContentType,
    /// That of the name of the source file. It is sent if the content type is guessed.
    type_of_source: Option<&'static str>,
}

/// The requests that send headers of the caller.
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
    /// CopyObject that keeps the content headers and metadata of the source.
    CopyObject,
    /// CopyObject that replaces them.
    CopyObjectReplacing,
    HeadObject,
    GetObjectTagging,
}

/// The content type of an object for which none was set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum ContentType {
    /// Guessed from the name of the file or the key.
    #[default]
    Guessed,
    /// Not sent: OSS chooses it.
    LeftToService,
}

/// A setter that returns a `Result` fails with `Invalid`, naming the header, if OSS does not accept
/// the value, and then changes nothing.
impl ObjectHeaders {
    /// Creates a value with nothing set; the content type is guessed from the key.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the `Content-Type` of the object.
    pub fn set_content_type(&mut self, value: &str) -> Result<&mut Self> {
        self.set_header("content-type", value)
    }

    /// Sets whether the content type is guessed from the extension of the file or the key if none
    /// is set; the default is true. If false, none is sent and OSS chooses it.
    pub fn set_content_type_guess(&mut self, on: bool) -> &mut Self {
        self.content_type = if on { ContentType::Guessed } else { ContentType::LeftToService };
        self
    }

    /// Sets the `Cache-Control` of the object.
    pub fn set_cache_control(&mut self, value: &str) -> Result<&mut Self> {
        self.set_header("cache-control", value)
    }

    /// Sets the `Content-Disposition` of the object.
    pub fn set_content_disposition(&mut self, value: &str) -> Result<&mut Self> {
        self.set_header("content-disposition", value)
    }

    /// Sets the `Content-Encoding` of the object. The data must already have that encoding.
    pub fn set_content_encoding(&mut self, value: &str) -> Result<&mut Self> {
        self.set_header("content-encoding", value)
    }

    /// Sets the `Expires` of the object, for caches; OSS does not delete the object then.
    pub fn set_expires(&mut self, value: &str) -> Result<&mut Self> {
        self.set_header("expires", value)
    }

    /// Sets user metadata: the header `x-oss-meta-NAME`. The name has letters, digits and hyphens,
    /// and is sent in lower case; the value is sent without spaces and tabs at both ends.
    pub fn set_metadata(&mut self, name: &str, value: &str) -> Result<&mut Self> {
        let (name, value) = (name.to_ascii_lowercase(), trim(value));
        let refuse = |why: &str| Err(Error::invalid(format!("x-oss-meta-{name}"), why));
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return refuse("a metadata name has only letters, digits and hyphens");
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

    /// Sets a tag of the object; its value may be empty.
    pub fn set_tag(&mut self, name: &str, value: &str) -> Result<&mut Self> {
        self.tags.set(name, value)?;
        Ok(self)
    }

    /// Sets the ACL of the object: `default`, `private`, `public-read` or `public-read-write`.
    pub fn set_acl(&mut self, value: &str) -> Result<&mut Self> {
        self.set_header(oss_header::ACL, value)
    }

    /// Sets the storage class: `Standard`, `IA`, `Archive`, `ColdArchive` or `DeepColdArchive`; the
    /// default is that of the bucket.
    pub fn set_storage_class(&mut self, value: &str) -> Result<&mut Self> {
        self.set_header(oss_header::STORAGE_CLASS, value)
    }

    /// Sets the encryption at rest: `AES256`, `KMS` or `SM4`.
    pub fn set_server_side_encryption(&mut self, value: &str) -> Result<&mut Self> {
        self.set_header(oss_header::SERVER_SIDE_ENCRYPTION, value)
    }

    /// Sets the algorithm under `KMS`: `SM4`; the default is AES-256.
    pub fn set_server_side_data_encryption(&mut self, value: &str) -> Result<&mut Self> {
        self.set_header(oss_header::SERVER_SIDE_DATA_ENCRYPTION, value)
    }

    /// Sets the ID of the key for `KMS`; the default is the key of OSS.
    pub fn set_server_side_encryption_key_id(&mut self, value: &str) -> Result<&mut Self> {
        self.set_header(oss_header::SERVER_SIDE_ENCRYPTION_KEY_ID, value)
    }

    /// Sets whether Initiate, Complete and PutObject fail if the object exists; the default is
    /// false. OSS ignores it in a bucket whose versioning is enabled or suspended.
    pub fn set_forbid_overwrite(&mut self, on: bool) -> &mut Self {
        let value = if on { "true" } else { "" };
        put(&mut self.fields, Name::known(oss_header::FORBID_OVERWRITE), value);
        self
    }

    /// Sets whether the requester pays, which a requester-pays bucket requires; the default is
    /// false.
    pub fn set_request_payer(&mut self, on: bool) -> &mut Self {
        let value = if on { "requester" } else { "" };
        put(&mut self.fields, Name::known(oss_header::REQUEST_PAYER), value);
        self
    }

    /// Sets the callback that OSS makes after it has stored the object, as a JSON object.
    pub fn set_callback(&mut self, json: &str) -> Result<&mut Self> {
        self.json(oss_header::CALLBACK, json)
    }

    /// Sets the variables of the callback, as a JSON object whose names begin with `x:`.
    pub fn set_callback_var(&mut self, json: &str) -> Result<&mut Self> {
        self.json(oss_header::CALLBACK_VAR, json)
    }

    /// Sets the bandwidth that OSS allows each request, in bits per second: 245,760 to 838,860,800.
    pub fn set_traffic_limit(&mut self, bits_per_sec: u64) -> Result<&mut Self> {
        self.set_header(oss_header::TRAFFIC_LIMIT, &bits_per_sec.to_string())
    }

    /// Sets any header that OSS accepts with an object, with its value as it is sent, without spaces
    /// and tabs at both ends. The name is not case-sensitive.
    ///
    /// An `x-oss-` header that this library does not know is sent with Initiate, Complete and
    /// PutObject, the requests that make an object. Headers that the library sets itself, and HTTP
    /// headers that OSS does not store, are refused.
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<&mut Self> {
        let (lower, value) = (name.to_ascii_lowercase(), trim(value));
        if let Some(name) = lower.strip_prefix(oss_header::METADATA_PREFIX) {
            return self.set_metadata(name, value);
        }
        let name = Name::parse(&lower)?;
        if name == Name::known(oss_header::TAGGING) {
            self.tags = Tags::parse(value)?;
            return Ok(self);
        }
        if !value.is_empty() {
            name.rule().check(value).map_err(|why| Error::invalid(&*lower, why))?;
        }
        put(&mut self.fields, name, value);
        Ok(self)
    }

    fn json(&mut self, header: &str, json: &str) -> Result<&mut Self> {
        let json = json.trim();
        let is_object = json.starts_with('{') && json.ends_with('}');
        if !is_object && !json.is_empty() {
            return Err(Error::invalid(header, "the value is not a JSON object"));
        }
        self.set_header(header, &BASE64_STANDARD.encode(json))
    }
}

/// For the operations.
impl ObjectHeaders {
    /// Returns the header fields of a request for the object of that key.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the header, if values that were set contradict each other.
    pub(crate) fn for_request(
        &self,
        takes: RequestKind,
        key: Option<&ObjectKey>,
    ) -> Result<Vec<(String, String)>> {
        rules::check_together(|name| self.value(name))?;
        let sent = self.fields.iter().filter(|(name, _)| name.rule().takes.contains(&takes));
        let mut fields: Vec<_> =
            sent.map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect();
        let makes_content = MAKE_CONTENT.contains(&takes);
        if makes_content && let Some(guess) = self.guess(key.map(ObjectKey::as_str)) {
            fields.push((CONTENT_TYPE.to_owned(), guess.to_owned()));
        }
        for (name, value) in self.metadata.iter().filter(|_| makes_content) {
            fields.push((format!("{}{name}", oss_header::METADATA_PREFIX), value.clone()));
        }
        if self.has_tags() && (makes_content || takes == RequestKind::CopyObject) {
            let name = oss_header::TAGGING.to_owned();
            fields.push((name, self.tags.to_string()));
        }
        Ok(fields)
    }

    /// The fields that Initiate sends for the object of that key.
    pub(crate) fn creation_fields(&self, key: &ObjectKey) -> Result<Vec<(String, String)>> {
        self.for_request(RequestKind::Initiate, Some(key))
    }

    /// The content type that was set.
    pub(crate) fn content_type(&self) -> Option<&str> {
        self.value(&Name::known(CONTENT_TYPE))
    }

    /// User metadata, by names without their prefix.
    pub(crate) fn metadata_pairs(&self) -> &[(String, String)] {
        &self.metadata
    }

    /// The fields that the caller has set, without metadata and tags.
    pub(crate) fn set_fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns true if a callback is set, so that the response may have status 203.
    pub(crate) fn has_callback(&self) -> bool {
        self.value(&Name::known(oss_header::CALLBACK)).is_some()
    }

    pub(crate) fn forbids_overwrite(&self) -> bool {
        self.value(&Name::known(oss_header::FORBID_OVERWRITE)) == Some("true")
    }

    /// Returns true if content headers or metadata are set. A copy otherwise takes them from its
    /// source.
    pub(crate) fn describes_content(&self) -> bool {
        self.fields.iter().any(|(name, _)| name.is_http()) || !self.metadata.is_empty()
    }

    pub(crate) fn has_traffic_limit(&self) -> bool {
        self.value(&Name::known(oss_header::TRAFFIC_LIMIT)).is_some()
    }

    pub(crate) fn has_tags(&self) -> bool {
        !self.tags.is_empty()
    }

    /// Guesses the content type from the name of the source file, if that suggests one.
    pub(crate) fn suggest_content_type(&mut self, file_name: &str) {
        self.type_of_source = content_type::of_name(file_name);
    }

    /// Returns the guess; `None` if a content type is set or guessing is off.
    fn guess(&self, name: Option<&str>) -> Option<&'static str> {
        let wanted = self.content_type == ContentType::Guessed
            && self.value(&Name::known(CONTENT_TYPE)).is_none();
        let of_name = || name.and_then(content_type::of_name);
        wanted.then(|| self.type_of_source.or_else(of_name).unwrap_or(CONTENT_TYPE_UNKNOWN))
    }

    fn value(&self, name: &Name) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Removes what HTTP does not count as part of a header value.
fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

/// Replaces the value of that name; an empty one removes it.
fn put<N: PartialEq>(pairs: &mut Vec<(N, String)>, name: N, value: &str) {
    pairs.retain(|(known, _)| *known != name);
    if !value.is_empty() {
        pairs.push((name, value.to_owned()));
    }
}

/// The HTTP headers that OSS stores with an object.
pub(crate) const CONTENT_HEADERS: [&str; 6] = [
    "content-type",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
];

const CONTENT_TYPE: &str = "content-type";
const CONTENT_TYPE_UNKNOWN: &str = "application/octet-stream";
/// The requests that carry content type, metadata and tags.
const MAKE_CONTENT: [RequestKind; 3] =
    [RequestKind::Initiate, RequestKind::PutObject, RequestKind::CopyObjectReplacing];

#[cfg(test)]
mod tests;
