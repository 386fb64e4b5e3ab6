//! Presigns the URL of a request.

use std::time::{Duration, SystemTime};

use super::{OperationContext, ServiceClient};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::ops::Operation;
use crate::runtime::{Cancel, Deadline};
use crate::wire::encode_query;

/// A request with its signature in the URL.
pub(crate) struct Presigned {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) expires: SystemTime,
}

impl ServiceClient {
    /// Signs the URL, with that content type if the request has none. Waits for credentials no
    /// longer than a fetch may take, also if another call fetches them.
    pub(crate) fn presign<O: Operation>(
        &self,
        operation: &O,
        content_type: Option<&str>,
        expires: Duration,
        cancel: &Cancel,
    ) -> Result<Presigned> {
        self.check_call()?;
        let mut request = operation.request()?;
        // The user of the URL reads the response and chooses the body and its MD5.
        request.query.retain(|(name, _)| name != "encoding-type");
        request.headers.remove("content-md5");
        // OSS compares it for every request, also where it has no other effect.
        if let Some(content_type) = content_type {
            request.headers.set("content-type", content_type)?;
        }
        let signer = self.signer.for_all_headers(&request.headers)?;
        let target = self.endpoint()?.target(
            self.addressing,
            request.bucket.as_ref(),
            request.key.as_ref(),
        )?;
        cancel.check_process()?;
        OperationContext::new(cancel).check()?;
        // A fetch of this call ends before, so that its error is that of the source.
        let deadline = Deadline::after(limits::CREDENTIALS_TIMEOUT + Duration::from_secs(1));
        let access_key = self.access_key(cancel, deadline)?.ok_or_else(|| {
            Error::new(ErrorKind::Credentials, "an anonymous client cannot sign a URL")
        })?;
        let now = self.signing_time();
        let implied = [("host", target.host.as_str())];
        signer.presign(&mut request, &access_key, &implied, now, expires)?;
        let query = encode_query(&request.query);
        Ok(Presigned {
            method: request.method.as_str(),
            url: format!("{target}?{query}"),
            headers: request.headers.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            expires: now.checked_add(expires).unwrap_or(now),
        })
    }
}
