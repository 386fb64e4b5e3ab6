//! Everything that the library said, and the search through it.

use std::fmt::Debug;
use std::sync::{Mutex, Once};

use oss_emulator::RequestRecord;
use ossmpu::{Error, Result};

use super::{Lines, Mirror};

/// What is looked for, and where.
#[derive(Default)]
pub struct Overheard {
    pub lines: Lines,
    texts: Mutex<Vec<String>>,
    secrets: Mutex<Vec<String>>,
    signatures: Mutex<usize>,
}

impl Overheard {
    pub fn new() -> Self {
        FACADE.call_once(|| {
            log::set_logger(&Facade).unwrap();
            log::set_max_level(log::LevelFilter::Debug);
        });
        Self::default()
    }

    /// Texts, also as a URL has them.
    pub fn look_for(&self, secrets: &[&str]) {
        let mut all = self.secrets.lock().unwrap();
        for secret in secrets {
            assert!(secret.len() >= 12, "{secret} may stand somewhere by chance");
            all.push((*secret).to_owned());
            let escaped = percent(secret);
            // The tail alone, for what was cut in front.
            all.push(escaped[escaped.len().saturating_sub(20)..].to_owned());
            all.push(escaped);
        }
    }

    /// The signatures of requests, in their header or in their query.
    pub fn look_for_signatures(&self, requests: &[RequestRecord]) {
        for request in requests {
            self.look_for_head(
                request.header("authorization").unwrap_or_default(),
                &request.target,
            );
        }
    }

    /// The same for requests that a mirror has received; how many they were.
    pub fn look_for_sent(&self, mirror: &Mirror) -> usize {
        let requests = mirror.requests();
        for head in &requests {
            let target = head.split(' ').nth(1).unwrap_or_default();
            let line = head.lines().find_map(|line| line.strip_prefix("authorization: "));
            let line = line.or(head.lines().find_map(|line| line.strip_prefix("Authorization: ")));
            self.look_for_head(line.unwrap_or_default(), target);
        }
        requests.len()
    }

    fn look_for_head(&self, authorization: &str, target: &str) {
        let after = authorization.rsplit_once("Signature=");
        if let Some((_, signature)) = after.or_else(|| authorization.rsplit_once(':')) {
            self.look_for(&[signature]);
            *self.signatures.lock().unwrap() += 1;
        }
        self.look_for_query(target.split_once('?').map_or("", |(_, query)| query));
    }

    /// The secret values of a query, as they are there.
    pub fn look_for_query(&self, query: &str) {
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            if ["Signature", "x-oss-signature"].contains(&name) {
                self.look_for(&[value]);
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

    /// What `Debug` says of a value.
    pub fn debug(&self, value: &impl Debug) {
        self.texts.lock().unwrap().extend([format!("{value:?}"), format!("{value:#?}")]);
    }

    /// What an error says, which there has to be.
    pub fn err<T>(&self, outcome: Result<T>) -> Error {
        let Err(error) = outcome else { panic!("this should have failed") };
        self.debug(&error);
        self.texts.lock().unwrap().push(error.to_string());
        error
    }

    pub fn assert_silent(&self) {
        if let Some((secret, text)) = self.found() {
            panic!("{secret} stands in {text}");
        }
    }

    /// The first secret that was said, and where.
    pub fn found(&self) -> Option<(String, String)> {
        let texts = self.texts.lock().unwrap();
        let (lines, facade) = (self.lines.all(), LINES.lock().unwrap());
        let mut all = texts.iter().chain(&lines).chain(facade.iter());
        let secrets = self.secrets.lock().unwrap();
        all.find_map(|text| {
            let secret = secrets.iter().find(|secret| text.contains(secret.as_str()))?;
            Some((secret.clone(), text.clone()))
        })
    }
}

/// As in a URL.
fn percent(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

/// Gets what goes through the `log` facade, from every crate.
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
