//! Collects the output of the library and searches it for secrets.

use std::fmt::Debug;
use std::sync::{Mutex, Once};

use oss_emulator::RequestRecord;
use ossmpu::{Error, Result};

use super::{Lines, Mirror};

/// The secrets, and the texts that must not contain them.
#[derive(Default)]
pub struct SecretScan {
    pub lines: Lines,
    texts: Mutex<Vec<String>>,
    secrets: Mutex<Vec<String>>,
    signatures: Mutex<usize>,
}

impl SecretScan {
    pub fn new() -> Self {
        FACADE.call_once(|| {
            log::set_logger(&Facade).unwrap();
            log::set_max_level(log::LevelFilter::Debug);
        });
        Self::default()
    }

    /// Adds secrets, also in their percent-encoded form.
    pub fn add_secrets(&self, secrets: &[&str]) {
        let mut all = self.secrets.lock().unwrap();
        for secret in secrets {
            assert!(secret.len() >= 12, "{secret} is so short that it may occur by chance");
            all.push((*secret).to_owned());
            let escaped = percent_encode(secret);
            // The end alone, in case a text is truncated at the start.
            all.push(escaped[escaped.len().saturating_sub(20)..].to_owned());
            all.push(escaped);
        }
    }

    /// Adds the signatures of requests, from the header or the query.
    pub fn add_signatures(&self, requests: &[RequestRecord]) {
        for request in requests {
            self.add_head(request.header("authorization").unwrap_or_default(), &request.target);
        }
    }

    /// Adds the signatures of the requests to a mirror; returns the number of requests.
    pub fn add_mirrored(&self, mirror: &Mirror) -> usize {
        let requests = mirror.requests();
        for head in &requests {
            let target = head.split(' ').nth(1).unwrap_or_default();
            let line = head.lines().find_map(|line| line.strip_prefix("authorization: "));
            let line = line.or(head.lines().find_map(|line| line.strip_prefix("Authorization: ")));
            self.add_head(line.unwrap_or_default(), target);
        }
        requests.len()
    }

    fn add_head(&self, authorization: &str, target: &str) {
        let after = authorization.rsplit_once("Signature=");
        if let Some((_, signature)) = after.or_else(|| authorization.rsplit_once(':')) {
            self.add_secrets(&[signature]);
            *self.signatures.lock().unwrap() += 1;
        }
        self.add_query(target.split_once('?').map_or("", |(_, query)| query));
    }

    /// Adds the signatures of a query as they are encoded in it.
    pub fn add_query(&self, query: &str) {
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            if ["Signature", "x-oss-signature"].contains(&name) {
                self.add_secrets(&[value]);
                *self.signatures.lock().unwrap() += 1;
            }
        }
    }

    pub fn signatures(&self) -> usize {
        *self.signatures.lock().unwrap()
    }

    pub fn lines(&self) -> usize {
        self.lines.all().len()
    }

    /// Adds the `Debug` output of a value.
    pub fn debug(&self, value: &impl Debug) {
        self.texts.lock().unwrap().extend([format!("{value:?}"), format!("{value:#?}")]);
    }

    /// Adds the texts of the expected error.
    pub fn err<T>(&self, outcome: Result<T>) -> Error {
        let Err(error) = outcome else { panic!("the call should have failed") };
        self.debug(&error);
        self.texts.lock().unwrap().push(error.to_string());
        error
    }

    pub fn assert_no_secret(&self) {
        if let Some((secret, text)) = self.found() {
            panic!("{secret} is in {text}");
        }
    }

    /// The first secret that was found, and its text.
    pub fn found(&self) -> Option<(String, String)> {
        let texts = self.texts.lock().unwrap();
        // Not searched under the lock: other tests would wait for it whenever they log.
        let (lines, facade) = (self.lines.all(), LINES.lock().unwrap().clone());
        let mut all = texts.iter().chain(&lines).chain(facade.iter());
        let secrets = self.secrets.lock().unwrap();
        all.find_map(|text| {
            let secret = secrets.iter().find(|secret| text.contains(secret.as_str()))?;
            Some((secret.clone(), text.clone()))
        })
    }
}

/// Percent-encodes a text.
fn percent_encode(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

/// Receives the log lines of every crate through the `log` facade.
struct Facade;

static FACADE: Once = Once::new();
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl log::Log for Facade {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Debug
    }

    fn log(&self, record: &log::Record<'_>) {
        LINES.lock().unwrap().push(record.args().to_string());
    }

    fn flush(&self) {}
}
