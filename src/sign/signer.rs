//! Signs requests in the configured signature version.

use std::time::{Duration, SystemTime};

use super::{AccessKey, AdditionalHeaders, canonical, v1, v4};
use crate::error::{Error, Result};
use crate::wire::{Headers, Request};

/// The version of the request signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignatureVersion {
    /// `OSS4-HMAC-SHA256`; needs the region.
    #[default]
    V4,
    /// HMAC-SHA1, for servers without V4.
    V1,
}

/// Everything a signature depends on besides the request, the key and the time.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    pub(crate) version: SignatureVersion,
    /// The region ID, or the ID of a cloud box. V1 does not use it.
    pub(crate) region: String,
    /// `oss`, or `oss-cloudbox` for a cloud box.
    pub(crate) product: String,
    /// V4 only.
    pub(crate) additional_headers: AdditionalHeaders,
}

impl Signer {
    /// Sets `Authorization` and the headers that belong to it; replaces those of an earlier
    /// attempt.
    ///
    /// `implied` are headers that the transport adds, for example `host`. They are signed only if
    /// they are among the additional headers.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `region`, if V4 has no region.
    pub(crate) fn sign(
        &self,
        request: &mut Request,
        key: &AccessKey,
        implied: &[(&str, &str)],
        time: SystemTime,
    ) -> Result<()> {
        match self.version {
            SignatureVersion::V4 => {
                let scope = self.scope(time)?;
                v4::sign(&scope, &self.additional_headers, request, key, implied, time)
            }
            SignatureVersion::V1 => v1::sign(request, key, time),
        }
    }

    /// Adds the query parameters that let anyone with the URL send the request, which must be
    /// unsigned. Signed headers have to be sent with the same values.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `expires` if it is less than a second or, for V4, more than
    /// seven days, or `region` as for [`Signer::sign`].
    pub(crate) fn presign(
        &self,
        request: &mut Request,
        key: &AccessKey,
        implied: &[(&str, &str)],
        time: SystemTime,
        expires: Duration,
    ) -> Result<()> {
        match self.version {
            SignatureVersion::V4 => {
                let scope = self.scope(time)?;
                v4::presign(&scope, &self.additional_headers, request, key, implied, expires)
            }
            SignatureVersion::V1 => v1::presign(request, key, time, expires),
        }
    }

    /// Returns a signer that signs all of these headers.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the header, if V1 cannot sign it.
    pub(crate) fn for_all_headers(&self, headers: &Headers) -> Result<Self> {
        let names = headers.iter().map(|(name, _)| name);
        let mut optional = names.filter(|name| !canonical::is_always_signed(name)).peekable();
        if let (SignatureVersion::V1, Some(name)) = (self.version, optional.peek()) {
            let text = "a presigned URL with a V1 signature does not cover this header; use V4";
            return Err(Error::invalid(*name, text));
        }
        let additional_headers =
            AdditionalHeaders::parse(self.additional_headers.iter().chain(optional))?;
        Ok(Self { additional_headers, ..self.clone() })
    }

    fn scope(&self, time: SystemTime) -> Result<v4::Scope<'_>> {
        v4::Scope::new(&self.region, &self.product, time)
    }
}
