//! One part sent to a presigned URL.

use std::sync::Arc;

use crate::codec::md5::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::model::oss_header;
use crate::ops::PartUrl;
use crate::runtime::Cancel;
use crate::service::{OperationContext, RateLimiter, ServiceClient};
use crate::upload::call_scope::CallScope;
use crate::upload::option_conflicts::CallKind;
use crate::upload::options::{Integrity, UploadOptions, Verification};
use crate::upload::part::SentPart;
use crate::upload::progress::CallPhase;
use crate::upload::source::upload_source::{Source, md5_of};

/// Sends `data` to the URL without a signature of the client.
pub(crate) fn put_presigned_part(
    service: &Arc<ServiceClient>,
    url: &str,
    data: impl AsRef<[u8]> + Send + Sync + 'static,
    options: &UploadOptions,
    cancel: &Cancel,
) -> Result<SentPart> {
    options.check_for(CallKind::PresignedPart)?;
    let request = PartUrl::parse(url)?;
    let number = request.number();
    let source = Source::memory(Arc::new(data));
    let size = source.length();
    let body = source.body(0, size);
    let limit = options.deadline();
    let scope = CallScope::new(service, cancel, limit, options.progress.as_ref())?;
    scope.meter().set_totals(1, size);
    let explain = |error| scope.explain(error);
    scope.check().map_err(explain)?;
    let md5 = options.integrity.contains(Integrity::MD5);
    let md5 = md5.then(|| md5_of(&body, || scope.check())).transpose().map_err(explain)?;
    let md5 = md5.map(Digest::to_hex_upper);
    scope.enter(CallPhase::Send);
    let rate_limiter = RateLimiter::new(options.bytes_per_sec);
    let context = OperationContext {
        observer: Some(&**scope.meter()),
        rate_limiter: rate_limiter.as_ref(),
        deadline: scope.deadline,
        check_crc64: options.verification() != Verification::Off,
        ..OperationContext::new(&scope.cancel)
    };
    let outcome = service
        .execute(&request.with_body(body), &context)
        .map_err(|failed| explain(failed.error))?;
    let (crc64, etag) = (Some(outcome.sent.crc64), outcome.output.etag);
    let is_encrypted = outcome.output.headers.value(oss_header::SERVER_SIDE_ENCRYPTION).is_some();
    // A `Content-MD5` header would belong to the signature, so the ETag alone is compared, which
    // need not be the MD5 with server-side encryption.
    match md5.filter(|_| !is_encrypted) {
        Some(ours) if !etag.is_md5(&ours) => {
            let text = format!("the MD5 is {ours} here and the ETag is {etag}");
            Err(Error::new(ErrorKind::Integrity, text).with_part(number.get()))
        }
        _ => Ok(SentPart { number, size, etag, crc64 }),
    }
}
