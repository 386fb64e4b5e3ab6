//! Records requests and responses for tests, and redacts targets for the log.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use hyper::HeaderMap;

use crate::poison::ignore_poison;

/// A request as the emulator received it, with the outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestRecord {
    /// Operation name as in the OSS API reference, or `Unknown`.
    pub op: String,
    /// HTTP method.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Bucket, if the request has one.
    pub bucket: Option<String>,
    /// Object key, unescaped.
    pub key: Option<String>,
    /// All request headers.
    pub headers: HeaderMap,
    /// `partNumber` query parameter.
    pub part_number: Option<u32>,
    /// Status of the response; 0 until it is sent, and permanently if the connection was cut.
    pub status: u16,
    /// `Code` of the error document.
    pub code: Option<String>,
    /// Bytes of the request body read so far.
    pub bytes: u64,
    /// Request ID of the response.
    pub request_id: String,
    /// Whether a rule or `x-emulator-fault` injected a fault.
    pub fault_injected: bool,
}

impl RequestRecord {
    /// Returns a header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Maximum number of records kept; the oldest are dropped.
const MAX_RECORDS: usize = 100_000;

/// The requests since the start or the last `clear`.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    inner: Mutex<Records>,
}

#[derive(Debug, Default)]
struct Records {
    /// Number of the oldest record kept.
    first: usize,
    /// Each record with its live count of body bytes received.
    records: VecDeque<(RequestRecord, Arc<AtomicU64>)>,
}

/// Sequence number of a request in the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordNumber(usize);

impl RequestLog {
    pub(crate) fn start(&self, record: RequestRecord, received: Arc<AtomicU64>) -> RecordNumber {
        let mut inner = self.lock();
        if inner.records.len() == MAX_RECORDS {
            inner.records.pop_front();
            inner.first += 1;
        }
        inner.records.push_back((record, received));
        RecordNumber(inner.first + inner.records.len() - 1)
    }

    /// Does nothing if the record has been dropped or cleared.
    pub(crate) fn finish(&self, number: RecordNumber, status: u16, code: Option<&str>) {
        let mut inner = self.lock();
        let index = number.0.checked_sub(inner.first);
        if let Some((record, _)) = index.and_then(|index| inner.records.get_mut(index)) {
            record.status = status;
            record.code = code.map(str::to_owned);
        }
    }

    pub(crate) fn all(&self) -> Vec<RequestRecord> {
        let inner = self.lock();
        let records = inner.records.iter().map(|(record, received)| {
            let bytes = received.load(Ordering::Relaxed);
            RequestRecord { bytes, ..record.clone() }
        });
        records.collect()
    }

    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        inner.first += inner.records.len();
        inner.records.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        ignore_poison(self.inner.lock())
    }
}

/// Replaces signatures and security tokens in the query, so that log lines cannot be replayed.
pub(crate) fn redact_query(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let shown: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if REDACTED_PARAMETERS.contains(&name) => format!("{name}=***"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("{path}?{}", shown.join("&"))
}

const REDACTED_PARAMETERS: &[&str] =
    &["Signature", "x-oss-signature", "security-token", "x-oss-security-token"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_hides_signatures_and_tokens() {
        assert_eq!(
            redact_query("/b/k?x-oss-signature=abc&partNumber=1&security-token=t&uploads"),
            "/b/k?x-oss-signature=***&partNumber=1&security-token=***&uploads"
        );
    }
}
