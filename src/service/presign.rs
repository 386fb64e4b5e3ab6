//! Signs the URL of a request instead of sending it.

use std::time::{Duration, SystemTime};

use super::ServiceClient;
use crate::error::{Error, ErrorKind, Result};
use crate::ops::Operation;
use crate::runtime::{Cancel, Deadline};
use crate::wire::encode_query;

/// A request that was signed into its URL.
pub(crate) struct Presigned {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) expires: SystemTime,
}

impl ServiceClient {
    pub(crate) fn presign<O: Operation>(
        &self,
        operation: &O,
        expires: Duration,
    ) -> Result<Presigned> {
        self.check_process()?;
        let mut request = operation.request()?;
        // Whoever has the URL reads the answer, and chooses the body and what describes it.
        request.query.retain(|(name, _)| name != "encoding-type");
        for chosen_later in ["content-type", "content-md5"] {
            request.headers.remove(chosen_later);
        }
        let target = self.endpoint()?.target(
            self.addressing,
            request.bucket.as_ref(),
            request.key.as_ref(),
        )?;
        let access_key = self.access_key(&Cancel::never(), Deadline::NEVER)?.ok_or_else(|| {
            Error::new(ErrorKind::Credentials, "an anonymous client cannot sign a URL")
        })?;
        let now = self.signing_time();
        let implied = [("host", target.host.as_str())];
        self.signer.presign(&mut request, &access_key, &implied, now, expires)?;
        let scheme = if target.https { "https" } else { "http" };
        let query = encode_query(&request.query);
        Ok(Presigned {
            method: request.method.as_str(),
            url: format!("{scheme}://{}{}?{query}", target.host, target.path),
            headers: request.headers.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            expires: now.checked_add(expires).unwrap_or(now),
        })
    }
}
