//! Responses: of operations, and of errors.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use tokio::sync::mpsc;

use crate::error::OssError;
use crate::store::{Blob, read_blobs};
use crate::traffic_limit::{TrafficLimit, TransferLimiter};
use crate::xml_writer::Document;

/// A response before it is passed to hyper.
#[derive(Debug)]
pub(crate) struct OssResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Content,
    /// The error code, for the log.
    pub(crate) code: Option<String>,
}

/// Body of a response.
#[derive(Debug)]
pub(crate) enum Content {
    Text(Bytes),
    Blobs { blobs: Vec<Arc<Blob>>, start: u64, length: u64, limit: Option<TrafficLimit> },
}

impl OssResponse {
    pub(crate) fn new(status: StatusCode) -> Self {
        let content = Content::Text(Bytes::new());
        Self { status, headers: HeaderMap::new(), content, code: None }
    }

    pub(crate) fn ok() -> Self {
        Self::new(StatusCode::OK)
    }

    pub(crate) fn xml(document: Document) -> Self {
        let mut response = Self::ok().header("content-type", "application/xml");
        response.content = Content::Text(document.finish().into());
        response
    }

    /// Sets a header; invalid names and values are ignored.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.set(name, value.as_ref());
        self
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.set_bytes(name, value.as_bytes());
    }

    pub(crate) fn set_bytes(&mut self, name: &str, value: &[u8]) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value))
        {
            self.headers.insert(name, value);
        }
    }

    /// Announces for how long a traffic limit delays the request.
    pub(crate) fn set_delay(&mut self, delay: Duration) {
        self.set("x-oss-qos-delay-time", &delay.as_millis().to_string());
    }

    /// Creates an error response. HEAD gets the document in a header; 304 has none.
    pub(crate) fn error(error: &OssError, context: &ErrorContext<'_>) -> Self {
        let mut response = Self::new(error.status);
        response.code = Some(error.code.clone());
        for (name, value) in &error.headers {
            response.set(name, value);
        }
        let hidden = context.bare_head && error.status == StatusCode::NOT_FOUND;
        if error.status == StatusCode::NOT_MODIFIED || (context.is_head && hidden) {
            return response;
        }
        if let Some(ec) = error.ec {
            response.set("x-oss-ec", ec);
        }
        let mut document = Document::new("Error", false);
        document.element("Code", &error.code);
        document.element("Message", &error.message);
        document.element("RequestId", context.request_id);
        document.element("HostId", context.host);
        for (name, value) in &error.elements {
            document.element(name, value);
        }
        if let Some(ec) = error.ec {
            document.element("EC", ec);
            document
                .element("RecommendDoc", &format!("https://api.aliyun.com/troubleshoot?q={ec}"));
        }
        let text = document.finish();
        if context.is_head {
            response.set("x-oss-err", &STANDARD.encode(text));
        } else {
            response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
            response.content = Content::Text(text.into());
        }
        response
    }
}

/// Request attributes that appear in an error document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ErrorContext<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) host: &'a str,
    pub(crate) is_head: bool,
    /// Omit the error headers from 404 responses to HEAD.
    pub(crate) bare_head: bool,
}

/// Body stream for hyper.
#[derive(Debug)]
pub(crate) enum ResponseBody {
    Text(Bytes),
    Stream { chunks: mpsc::Receiver<io::Result<Bytes>>, left: u64 },
}

impl From<Content> for ResponseBody {
    fn from(content: Content) -> Self {
        let (blobs, start, length, limit) = match content {
            Content::Text(text) => return ResponseBody::Text(text),
            Content::Blobs { length: 0, .. } => return ResponseBody::Text(Bytes::new()),
            Content::Blobs { blobs, start, length, limit } => (blobs, start, length, limit),
        };
        let (sender, chunks) = mpsc::channel(4);
        tokio::task::spawn_blocking(move || {
            let mut limiter = limit.map(TransferLimiter::start);
            let step = limit.map_or(usize::MAX, TrafficLimit::step);
            let read = read_blobs(&blobs, start, length, |bytes| {
                bytes.chunks(step).try_for_each(|chunk| {
                    if let Some(limiter) = &mut limiter {
                        std::thread::sleep(limiter.delay(chunk.len()));
                    }
                    sender
                        .blocking_send(Ok(Bytes::copy_from_slice(chunk)))
                        .map_err(|_| io::ErrorKind::BrokenPipe.into())
                })
            });
            if let Err(error) = read {
                // Fails only if the client disconnected.
                let _ = sender.blocking_send(Err(error));
            }
        });
        ResponseBody::Stream { chunks, left: length }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match &mut *self {
            ResponseBody::Text(text) if text.is_empty() => Poll::Ready(None),
            ResponseBody::Text(text) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(text))))),
            ResponseBody::Stream { chunks, left } => match ready!(chunks.poll_recv(cx)) {
                Some(Ok(bytes)) => {
                    *left = left.saturating_sub(u64::try_from(bytes.len()).unwrap_or_default());
                    Poll::Ready(Some(Ok(Frame::data(bytes))))
                }
                Some(Err(error)) => Poll::Ready(Some(Err(error))),
                None => Poll::Ready(None),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            ResponseBody::Text(text) => text.is_empty(),
            ResponseBody::Stream { left, .. } => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            ResponseBody::Text(text) => u64::try_from(text.len()).unwrap_or_default(),
            ResponseBody::Stream { left, .. } => *left,
        })
    }
}
