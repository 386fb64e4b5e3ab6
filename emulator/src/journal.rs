//! What was asked and answered: kept for tests, and one line each for the log.

use std::sync::{Mutex, MutexGuard, PoisonError};

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
    /// Status of the reply; 0 while there is none, and for good if the connection was cut.
    pub status: u16,
    /// `Code` of the error document.
    pub code: Option<String>,
    /// Bytes of the request's body that were read.
    pub bytes: u64,
    /// Request ID of the reply.
    pub request_id: String,
    /// What the rules or `x-emulator-fault` did to it, if anything.
    pub struck: bool,
}

impl RequestRecord {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The list of requests since the start or the last clearing.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    records: Mutex<(u64, Vec<RequestRecord>)>,
}

/// Where in the journal a request is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    age: u64,
    index: usize,
}

impl Journal {
    pub(crate) fn open(&self, record: RequestRecord) -> Entry {
        let mut records = self.lock();
        records.1.push(record);
        Entry { age: records.0, index: records.1.len() - 1 }
    }

    /// Does nothing if the journal was cleared meanwhile.
    pub(crate) fn update(&self, entry: Entry, change: impl FnOnce(&mut RequestRecord)) {
        let mut records = self.lock();
        if records.0 == entry.age
            && let Some(record) = records.1.get_mut(entry.index)
        {
            change(record);
        }
    }

    pub(crate) fn all(&self) -> Vec<RequestRecord> {
        self.lock().1.clone()
    }

    pub(crate) fn clear(&self) {
        let mut records = self.lock();
        records.0 += 1;
        records.1.clear();
    }

    fn lock(&self) -> MutexGuard<'_, (u64, Vec<RequestRecord>)> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
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
