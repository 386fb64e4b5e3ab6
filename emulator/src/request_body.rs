//! Reads a request body: counts, hashes and limits it, and injects faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use md5::{Digest, Md5};
use tokio::time::{sleep, timeout};

use crate::error::{OssError, RequestError};
use crate::faults::{Action, Direction, Disconnect};
use crate::store::{BlobWriter, SealedBlob};
use crate::traffic_limit::{TrafficLimit, TransferLimiter};

/// Maximum size of a request document.
const DOCUMENT_LIMIT: usize = 8 << 20;
/// Maximum unread bytes to drain in order to keep the connection usable.
const DRAIN_LIMIT: u64 = 8 << 20;
/// Duration of a stall without `ms`; the connection is then closed.
const UNTIMED_STALL: Duration = Duration::from_secs(600);

/// Maximum size of a body, and the error for exceeding it.
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    pub(crate) bytes: u64,
    pub(crate) error: OssError,
}

/// The incoming body of a request.
#[derive(Debug)]
pub(crate) struct RequestBody {
    incoming: Incoming,
    content_length: Option<u64>,
    has_length: bool,
    expects_continue: bool,
    content_md5: Option<String>,
    received: Arc<AtomicU64>,
    ended: bool,
    idle_timeout: Duration,
    /// Offset at which to disconnect, and how.
    cut: Option<(u64, Disconnect)>,
    stall: Option<(u64, Option<u64>)>,
    before_commit: Option<Disconnect>,
    limiter: Option<TransferLimiter>,
}

impl RequestBody {
    pub(crate) fn new(
        incoming: Incoming,
        parts: &Parts,
        idle_timeout: Duration,
        received: Arc<AtomicU64>,
    ) -> Self {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let chunked = parts.headers.contains_key("transfer-encoding");
        // A request that cannot have a body may still have `Content-MD5`, which is ignored.
        let has_body = parts.method != Method::GET && parts.method != Method::HEAD;
        let content_length =
            text("content-length").filter(|_| !chunked).and_then(|v| v.parse().ok());
        Self {
            incoming,
            content_length,
            has_length: chunked || content_length.is_some(),
            expects_continue: text("expect")
                .is_some_and(|v| v.eq_ignore_ascii_case("100-continue")),
            content_md5: text("content-md5").filter(|_| has_body).map(str::to_owned),
            received,
            ended: false,
            idle_timeout,
            cut: None,
            stall: None,
            before_commit: None,
            limiter: None,
        }
    }

    /// Configures the faults that affect reading the body.
    pub(crate) fn inject(&mut self, action: &Action) {
        self.cut = match (action.cut_request_at, action.reset_request_at) {
            (_, Some(byte)) => Some((byte, Disconnect::Reset)),
            (Some(byte), None) => Some((byte, Disconnect::Close)),
            (None, None) => None,
        };
        self.stall = action
            .stall
            .as_ref()
            .filter(|stall| stall.at == Direction::Request)
            .map(|stall| (stall.byte, stall.ms));
        self.before_commit = action.disconnect_before_commit();
    }

    /// Limits the bandwidth.
    pub(crate) fn limit(&mut self, limit: TrafficLimit) {
        self.limiter = Some(TransferLimiter::start(limit));
    }

    /// Returns for how long the bandwidth limit has delayed the body; `None` without a limit.
    pub(crate) fn delayed(&self) -> Option<Duration> {
        self.limiter.as_ref().map(TransferLimiter::delayed)
    }

    /// Returns `Content-Length`; `None` for a chunked body.
    pub(crate) fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    /// Returns whether the body has `Content-Length` or is chunked.
    pub(crate) fn has_length(&self) -> bool {
        self.has_length
    }

    /// Returns the next chunk, or `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, RequestError> {
        loop {
            let received = self.received.load(Ordering::Relaxed);
            self.apply_fault(received).await?;
            let frame = timeout(self.idle_timeout, self.incoming.frame()).await;
            match frame.map_err(|_| OssError::request_timeout())? {
                None => {
                    self.ended = true;
                    return self
                        .before_commit
                        .map_or(Ok(None), |disconnect| Err(disconnect.into()));
                }
                // The client disconnected; no response can be sent.
                Some(Err(_)) => return Err(RequestError::Close),
                Some(Ok(frame)) => {
                    let Ok(bytes) = frame.into_data() else { continue };
                    let length = u64::try_from(bytes.len()).unwrap_or_default();
                    self.received.store(received + length, Ordering::Relaxed);
                    if let Some(limiter) = &mut self.limiter {
                        sleep(limiter.delay(bytes.len())).await;
                    }
                    return Ok(Some(bytes));
                }
            }
        }
    }

    async fn apply_fault(&mut self, received: u64) -> Result<(), RequestError> {
        if let Some((_, disconnect)) = self.cut.filter(|(byte, _)| received >= *byte) {
            return Err(disconnect.into());
        }
        if let Some((_, ms)) = self.stall.filter(|(byte, _)| received >= *byte) {
            self.stall = None;
            sleep(ms.map_or(UNTIMED_STALL, Duration::from_millis)).await;
            if ms.is_none() {
                return Err(RequestError::Close);
            }
        }
        Ok(())
    }

    /// Reads a small body into memory and verifies `Content-MD5`.
    pub(crate) async fn document(&mut self) -> Result<Bytes, RequestError> {
        let expected = self.expected_md5()?;
        let mut text = BytesMut::new();
        while let Some(bytes) = self.next().await? {
            if text.len() + bytes.len() > DOCUMENT_LIMIT {
                return Err(OssError::malformed_xml().closing().into());
            }
            text.extend_from_slice(&bytes);
        }
        verify_md5(expected, &Md5::digest(&text).into())?;
        Ok(text.freeze())
    }

    /// Writes the body to a file, enforces the size limit and verifies `Content-MD5`.
    pub(crate) async fn store(
        &mut self,
        mut writer: BlobWriter,
        limit: &Limit,
    ) -> Result<SealedBlob, RequestError> {
        let expected = self.expected_md5()?;
        while let Some(bytes) = self.next().await? {
            writer.write(&bytes)?;
            if writer.size() > limit.bytes {
                return Err(limit.error.clone().closing().into());
            }
        }
        let sealed = writer.seal();
        verify_md5(expected, &sealed.md5)?;
        Ok(sealed)
    }

    /// Drains what an early response left unread. Returns whether the connection must be closed.
    pub(crate) fn drain(mut self) -> bool {
        if self.ended {
            return false;
        }
        let received = self.received.load(Ordering::Relaxed);
        let left = self.content_length.unwrap_or_default().saturating_sub(received);
        if self.has_length && (left > DRAIN_LIMIT || (self.expects_continue && received == 0)) {
            return true;
        }
        let idle_timeout = self.idle_timeout;
        tokio::spawn(async move {
            let mut drained = 0;
            while let Ok(Some(Ok(frame))) = timeout(idle_timeout, self.incoming.frame()).await {
                drained += frame.data_ref().map_or(0, Bytes::len);
                if u64::try_from(drained).unwrap_or(u64::MAX) > DRAIN_LIMIT {
                    break;
                }
            }
        });
        false
    }

    fn expected_md5(&self) -> Result<Option<[u8; 16]>, OssError> {
        let Some(text) = &self.content_md5 else { return Ok(None) };
        let bytes = STANDARD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Some).ok_or_else(|| invalid_digest("0017-00000502").with("Content-MD5", text))
    }
}

impl From<Disconnect> for RequestError {
    fn from(disconnect: Disconnect) -> Self {
        match disconnect {
            Disconnect::Close => RequestError::Close,
            Disconnect::Reset => RequestError::Reset,
        }
    }
}

fn verify_md5(expected: Option<[u8; 16]>, actual: &[u8; 16]) -> Result<(), OssError> {
    match expected {
        Some(expected) if expected != *actual => Err(invalid_digest("0017-00000503")
            .with("ClientComputedContent-MD5", STANDARD.encode(expected))
            .with("ServerComputedContent-MD5", STANDARD.encode(actual))),
        _ => Ok(()),
    }
}

fn invalid_digest(ec: &'static str) -> OssError {
    OssError::bad_request("InvalidDigest", "The Content-MD5 you specified was invalid.").ec(ec)
}
