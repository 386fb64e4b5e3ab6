//! Which signature a client makes.

use std::time::{Duration, SystemTime};

use super::{AccessKey, AdditionalHeaders, v1, v4};
use crate::error::Result;
use crate::wire::Request;

/// Which signature requests carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignatureVersion {
    /// `OSS4-HMAC-SHA256`; needs the region.
    #[default]
    V4,
    /// HMAC-SHA1, for servers that know nothing else.
    V1,
}

/// All that a signature depends on beside the request, the key and the time.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    pub(crate) version: SignatureVersion,
    /// The region ID, or the ID of a cloud box; V1 does without.
    pub(crate) region: String,
    /// `oss`, or `oss-cloudbox` for a cloud box.
    pub(crate) product: String,
    /// V4 only.
    pub(crate) additional_headers: AdditionalHeaders,
}

impl Signer {
    /// Sets `Authorization` and the headers that go with it, in place of any that an earlier
    /// attempt has set.
    ///
    /// `implied` are headers that the transport will add, `host` for example; they are signed only
    /// if they are among the additional headers.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `region`, if V4 has none.
    pub(crate) fn sign(
        &self,
        request: &mut Request,
        key: &AccessKey,
        implied: &[(&str, &str)],
        time: SystemTime,
    ) -> Result<()> {
        match self.version {
            SignatureVersion::V4 => v4::sign(self, request, key, implied, time),
            SignatureVersion::V1 => v1::sign(request, key, time),
        }
    }

    /// Adds the parameters to the query of a request not signed before that make its URL valid for
    /// whoever has it. Headers that are signed have to be sent with the same values.
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
            SignatureVersion::V4 => v4::presign(self, request, key, implied, time, expires),
            SignatureVersion::V1 => v1::presign(request, key, time, expires),
        }
    }
}
