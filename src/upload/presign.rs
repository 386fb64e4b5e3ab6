//! Presigned URLs: who has credentials makes one, who has none sends a part to it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::source::{Source, md5_of};
use super::{Client, Integrity, SentPart, UploadOptions};
use crate::client::{CallContext, Presigned, Rate};
use crate::codec::md5::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::ops::{
    AbortMultipartUpload, CompleteMultipartUpload, InitiateMultipartUpload, PartUrl, PutObject,
    UploadPart,
};
use crate::runtime::{Cancel, Deadline};

/// A request that may be presigned. Its body is not signed: whoever has the URL chooses it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Presignable {
    /// The URL is for POST.
    InitiateMultipartUpload(InitiateMultipartUpload),
    /// The URL is for PUT.
    UploadPart(UploadPart),
    /// The URL is for POST.
    CompleteMultipartUpload(CompleteMultipartUpload),
    /// The URL is for DELETE.
    AbortMultipartUpload(AbortMultipartUpload),
    /// The URL is for PUT.
    PutObject(PutObject),
}

/// A URL that is valid for whoever has it. `Debug` shows it without its query.
#[derive(Clone)]
#[non_exhaustive]
pub struct PresignedUrl {
    /// `PUT`, `POST` or `DELETE`.
    pub method: &'static str,
    /// The URL. Treat it as a secret while it is valid.
    pub url: String,
    /// Headers that were signed and have to be sent with the same values.
    pub headers: Vec<(String, String)>,
    /// When it ends.
    pub expires: SystemTime,
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, url, headers, expires } = self;
        let place = url.split('?').next().unwrap_or_default();
        f.debug_struct("PresignedUrl")
            .field("method", method)
            .field("url", &format_args!("{place}?***"))
            .field("headers", headers)
            .field("expires", expires)
            .finish()
    }
}

impl Client {
    /// Signs a URL. Asks OSS nothing, but may ask the source of the credentials.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ossmpu::{BucketName, Client, Config, ObjectKey, Presignable, PutObject};
    ///
    /// let mut config = Config::new();
    /// config.set_region("cn-hangzhou")?.set_keys("id", "secret", None)?;
    /// let client = Client::new(&config)?;
    /// let (bucket, key) = (BucketName::parse("my-bucket")?, ObjectKey::parse("a b.txt")?);
    /// let request = Presignable::PutObject(PutObject::new(&bucket, &key));
    /// let signed = client.presign(&request, Duration::from_secs(600))?;
    /// assert_eq!(signed.method, "PUT");
    /// let place = "https://my-bucket.oss-cn-hangzhou.aliyuncs.com/a%20b.txt?";
    /// assert!(signed.url.starts_with(place));
    /// # Ok::<(), ossmpu::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `expires`, if that is less than a second or, with V4, more than seven
    /// days; `Credentials`, also when the client is anonymous.
    pub fn presign(&self, request: &Presignable, expires: Duration) -> Result<PresignedUrl> {
        let caller = self.caller();
        let Presigned { method, url, headers, expires } = match request {
            Presignable::InitiateMultipartUpload(request) => caller.presign(request, expires),
            Presignable::UploadPart(request) => caller.presign(request, expires),
            Presignable::CompleteMultipartUpload(request) => caller.presign(request, expires),
            Presignable::AbortMultipartUpload(request) => caller.presign(request, expires),
            Presignable::PutObject(request) => caller.presign(request, expires),
        }?;
        Ok(PresignedUrl { method, url, headers, expires })
    }

    /// Sends a part to a presigned URL. The client's credentials, region and endpoint are not used;
    /// an anonymous client without either will do.
    ///
    /// The number of the part is the URL's. Give the result to
    /// [`MultipartUpload::add_part`](super::MultipartUpload::add_part).
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `url`, also when it names no part number; and what the request fails with.
    pub fn put_part_url(
        &self,
        url: &str,
        data: impl AsRef<[u8]> + Send + Sync + 'static,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<SentPart> {
        let request = PartUrl::parse(url)?;
        let number = request.number();
        let source = Source::memory(Arc::new(data));
        let size = source.length();
        let body = source.body(0, size);
        let md5 = options.integrity.contains(Integrity::MD5);
        let md5 = md5.then(|| md5_of(&body)).transpose()?.map(Digest::to_hex_upper);
        let rate = Rate::new(options.bytes_per_sec);
        let context = CallContext {
            rate: rate.as_ref(),
            deadline: options.deadline.map_or(Deadline::NEVER, Deadline::after),
            check_crc64: options.integrity.contains(Integrity::CRC64),
            ..CallContext::new(cancel)
        };
        let answer = self.caller().call(&request.with_body(body), &context)?;
        let (crc64, etag) = (Some(answer.sent.crc64), answer.reply.etag);
        // A `Content-MD5` header would belong to the signature, so the ETag alone is compared.
        match md5 {
            Some(ours) if !etag.is_md5(&ours) => {
                let text = format!("the MD5 is {ours} here and the ETag is {etag}");
                Err(Error::new(ErrorKind::Integrity, text).with_part(number.get()))
            }
            _ => Ok(SentPart { number, size, etag, crc64 }),
        }
    }
}
