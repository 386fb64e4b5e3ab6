//! Checks before an operation: bucket name, form of the signature, bucket existence, signature,
//! length, permission.

use hyper::StatusCode;
use hyper::http::request::Parts;

use crate::access::{self, Requester};
use crate::auth::{Claim, Signable, Verifier};
use crate::error::OssError;
use crate::parsed_request::ParsedRequest;
use crate::route::Operation;
use crate::service::Service;
use crate::target::is_bucket_name;

/// Inputs of the authorization of a request.
#[derive(Debug)]
pub(crate) struct Authorizer<'a> {
    pub(crate) parsed: &'a ParsedRequest,
    pub(crate) parts: &'a Parts,
    /// Whether the body has a length or is chunked.
    pub(crate) has_length: bool,
    pub(crate) now: i64,
}

impl Authorizer<'_> {
    /// Returns the identity of the requester, or the first error.
    pub(crate) fn authorize(&self, service: &Service) -> Result<Requester, OssError> {
        let operation = self.parsed.operation;
        let bucket = self.parsed.target.bucket.as_deref();
        if let Some(name) = bucket.filter(|name| !is_bucket_name(name)) {
            return Err(bad_bucket_name(name));
        }
        let signable = self.signable();
        let claim = Claim::read(&signable)?;
        let record = bucket.and_then(|name| service.store.bucket(name));
        if let (Some(name), None) = (bucket, &record)
            && operation != Operation::PutBucket
        {
            return Err(OssError::no_such_bucket(name));
        }
        let keys = service.keys();
        let verifier = Verifier {
            keys: &keys,
            region: &service.region,
            product: "oss",
            now: self.now,
            sub_resources: &[],
        };
        let key = claim.map(|claim| verifier.verify(&signable, &claim)).transpose()?;
        let payer = self.parts.headers.get("x-oss-request-payer");
        let requester = Requester {
            signed: key.is_some(),
            is_owner: key.is_some_and(|key| key.owner),
            pays: payer.is_some_and(|payer| payer == "requester"),
        };
        if operation.needs_length() && !self.has_length {
            return Err(missing_length());
        }
        let key = self.parsed.target.key.as_deref().unwrap_or_default();
        access::check_access(
            requester,
            operation,
            &service.store,
            bucket.zip(record.as_ref()),
            key,
        )?;
        Ok(requester)
    }

    fn signable(&self) -> Signable<'_> {
        Signable {
            method: self.parts.method.as_str(),
            bucket: self.parsed.target.bucket.as_deref(),
            key: self.parsed.target.key.as_deref(),
            is_path_style: self.parsed.target.is_path_style,
            query: &self.parsed.query.0,
            headers: &self.parts.headers,
        }
    }
}

fn bad_bucket_name(name: &str) -> OssError {
    OssError::bad_request("InvalidBucketName", "The specified bucket is not valid.")
        .with("BucketName", name)
}

fn missing_length() -> OssError {
    OssError::new(
        StatusCode::LENGTH_REQUIRED,
        "MissingContentLength",
        "You must provide the Content-Length HTTP header.",
    )
    .closing()
}
