//! Records of requests and responses: kept for tests, and one line each for the log.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::HeaderMap;

/// One request as the emulator saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestRecord {
    /// Operation as the manual names it, or `Unknown`.
    pub op: String,
    /// HTTP method.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Bucket, if the request names one.
    pub bucket: Option<String>,
    /// Key, not escaped.
    pub key: Option<String>,
    /// All request headers.
    pub headers: HeaderMap,
    /// `partNumber` of the query.
    pub part_number: Option<u32>,
    /// Status of the response; 0 while there is none, and for good if the connection was cut.
    pub status: u16,
    /// `Code` of the error document.
    pub code: Option<String>,
    /// Bytes of the request's body read so far.
    pub bytes: u64,
    /// Request ID of the response.
    pub request_id: String,
    /// A rule or `x-emulator-fault` injected a fault.
    pub fault_injected: bool,
}

impl RequestRecord {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The most requests that are remembered; older ones are forgotten.
const MAX_RECORDS: usize = 100_000;

/// The requests since the start or the last clearing.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    /// The number of the oldest record.
    first: usize,
    /// Each with the count of bytes that is still rising.
    records: VecDeque<(RequestRecord, Arc<AtomicU64>)>,
}

/// The number of a request in the request_log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry(usize);

impl RequestLog {
    pub(crate) fn open(&self, record: RequestRecord, received: Arc<AtomicU64>) -> Entry {
        let mut pages = self.lock();
        if pages.records.len() == MAX_RECORDS {
            pages.records.pop_front();
            pages.first += 1;
        }
        pages.records.push_back((record, received));
        Entry(pages.first + pages.records.len() - 1)
    }

    /// Does nothing if the request has been forgotten meanwhile.
    pub(crate) fn close(&self, entry: Entry, status: u16, code: Option<&str>) {
        let mut pages = self.lock();
        let index = entry.0.checked_sub(pages.first);
        if let Some((record, _)) = index.and_then(|index| pages.records.get_mut(index)) {
            record.status = status;
            record.code = code.map(str::to_owned);
        }
    }

    pub(crate) fn all(&self) -> Vec<RequestRecord> {
        let pages = self.lock();
        let records = pages.records.iter().map(|(record, received)| {
            let bytes = received.load(Ordering::Relaxed);
            RequestRecord { bytes, ..record.clone() }
        });
        records.collect()
    }

    pub(crate) fn clear(&self) {
        let mut pages = self.lock();
        pages.first += pages.records.len();
        pages.records.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The target without what would let a reader of the log repeat the request.
pub(crate) fn without_secrets(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let shown: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if SECRET.contains(&name) => format!("{name}=***"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("{path}?{}", shown.join("&"))
}

const SECRET: &[&str] = &["Signature", "x-oss-signature", "security-token", "x-oss-security-token"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_hides_signatures_and_tokens() {
        assert_eq!(
            without_secrets("/b/k?x-oss-signature=abc&partNumber=1&security-token=t&uploads"),
            "/b/k?x-oss-signature=***&partNumber=1&security-token=***&uploads"
        );
    }
}
