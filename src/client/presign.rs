//! Presigned URLs: created with credentials, used without.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::client::Client;
use crate::error::Result;
use crate::ops::{
    AbortMultipartUpload, CompleteMultipartUpload, InitiateMultipartUpload, PutObject, UploadPart,
};
use crate::runtime::Cancel;
use crate::service::Presigned;
use crate::upload::{SentPart, UploadOptions, put_presigned_part};

/// A request that can be presigned. The signature does not cover its body: the user of the URL
/// chooses it. It covers all headers that are set. `Content-Type` is not guessed: OSS refuses a
/// request that has another one than was signed, or one although none was.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum PresignRequest {
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

/// A URL that anyone who has it can use until it expires. `Debug` shows it without its query.
#[derive(Clone)]
#[non_exhaustive]
pub struct PresignedUrl {
    /// `PUT`, `POST` or `DELETE`.
    pub method: &'static str,
    /// The URL. Treat it as a secret while it is valid.
    pub url: String,
    /// Headers that are signed: they have to be sent, with these values.
    pub headers: Vec<(String, String)>,
    /// When it expires.
    pub expires: SystemTime,
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, url, headers, expires } = self;
        let without_query = url.split('?').next().unwrap_or_default();
        f.debug_struct("PresignedUrl")
            .field("method", method)
            .field("url", &format_args!("{without_query}?***"))
            .field("headers", headers)
            .field("expires", expires)
            .finish()
    }
}

impl Client {
    /// Signs a URL that is valid for `expires` from now.
    ///
    /// Sends nothing to OSS. Blocks while credentials are fetched, for at most a minute unless a
    /// [`CredentialsProvider`](crate::CredentialsProvider) that it calls takes longer.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ossmpu::{BucketName, Cancel, Client, Config, ObjectKey, PresignRequest, PutObject};
    ///
    /// let mut config = Config::new();
    /// config.set_region("cn-hangzhou")?.set_keys("id", "secret", None)?;
    /// let client = Client::new(&config)?;
    /// let (bucket, key) = (BucketName::parse("my-bucket")?, ObjectKey::parse("a b.txt")?);
    /// let request = PresignRequest::PutObject(PutObject::new(&bucket, &key));
    /// let signed = client.presign(&request, Duration::from_secs(600), &Cancel::never())?;
    /// assert_eq!(signed.method, "PUT");
    /// let start = "https://my-bucket.oss-cn-hangzhou.aliyuncs.com/a%20b.txt?";
    /// assert!(signed.url.starts_with(start));
    /// # Ok::<(), ossmpu::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `expires`, if it is less than one second or, with V4, more than seven
    /// days, or naming a header that V1 does not sign, such as `cache-control`; `Credentials`, when
    /// there are none or the client is anonymous; `Canceled`; `Timeout`, when another call
    /// does not end its fetch of the credentials within a minute.
    pub fn presign(
        &self,
        request: &PresignRequest,
        expires: Duration,
        cancel: &Cancel,
    ) -> Result<PresignedUrl> {
        let service = self.service();
        let Presigned { method, url, headers, expires } = match request {
            PresignRequest::InitiateMultipartUpload(request) => service.presign(
                &request.clone().without_guessed_content_type(),
                None,
                expires,
                cancel,
            ),
            PresignRequest::UploadPart(request) => {
                service.presign(request, request.content_type(), expires, cancel)
            }
            PresignRequest::CompleteMultipartUpload(request) => {
                service.presign(request, request.content_type(), expires, cancel)
            }
            PresignRequest::AbortMultipartUpload(request) => {
                service.presign(request, request.content_type(), expires, cancel)
            }
            PresignRequest::PutObject(request) => service.presign(
                &request.clone().without_guessed_content_type(),
                None,
                expires,
                cancel,
            ),
        }?;
        Ok(PresignedUrl { method, url, headers, expires })
    }

    /// Sends a part to a presigned URL of UploadPart, which has the part number.
    ///
    /// Uses neither credentials, region nor endpoint of the client: it may be anonymous. Pass the
    /// result to [`MultipartUpload::add_part`](crate::MultipartUpload::add_part).
    ///
    /// # Errors
    ///
    /// `Invalid`, naming `url`, if it is not such a URL, or naming an option that only makes sense for
    /// an object or an upload: the upload ID, the checkpoint directory, delta and expected checksums;
    /// and the errors of UploadPart.
    pub fn put_part_url(
        &self,
        url: &str,
        data: impl AsRef<[u8]> + Send + Sync + 'static,
        options: &UploadOptions,
        cancel: &Cancel,
    ) -> Result<SentPart> {
        put_presigned_part(self.0.service(), url, data, options, cancel)
    }
}
