//! Tests the sources against local servers, with their own home directory, environment and clock.

mod chain;
mod ecs_role;
#[path = "../../../tests/suite/fake_server.rs"]
mod fake_server;
mod local;
mod profiles;
mod sts;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::env_settings::EnvSettings;
use super::fetch_context::FetchContext;
use super::{Credentials, CredentialsSource, builtin_source};
use crate::codec::{date, percent};
use crate::error::{Error, ErrorKind, Result};
use crate::platform::HOME_VARIABLE;
use crate::runtime::{Cancel, Clock, Deadline};
use crate::sign::AccessKey;
use crate::transport::{Http, HttpSettings};
use fake_server::{FakeServer, RecordedRequest};

/// The environment of a source.
struct Machine {
    home: TempDir,
    variables: Mutex<BTreeMap<String, String>>,
    /// The fake metadata service; without one of the test it responds with 404.
    metadata: FakeServer,
    /// The timeout of each step of a request to it.
    step_timeout: Duration,
    http: Http,
    clock: Clock,
    cancel: Cancel,
}

impl Machine {
    fn new() -> Self {
        Self::with_metadata(FakeServer::with_response(404, "no such thing"))
    }

    fn with_metadata(metadata: FakeServer) -> Self {
        let machine = Self {
            home: tempfile::tempdir().unwrap(),
            variables: Mutex::default(),
            metadata,
            step_timeout: Duration::from_secs(20),
            http: Http::new(&HttpSettings::default()).unwrap(),
            clock: Clock::Manual(Arc::new(Mutex::new(now()))),
            cancel: Cancel::new().unwrap(),
        };
        let home = machine.home.path().to_str().unwrap().to_owned();
        machine.set(HOME_VARIABLE, home)
    }

    fn set(self, name: &str, value: impl Into<String>) -> Self {
        self.variables.lock().unwrap().insert(name.to_owned(), value.into());
        self
    }

    /// Sets the variables of an access key with that prefix.
    fn set_key(self, prefix: &str, id: &str) -> Self {
        self.set(&format!("{prefix}_ACCESS_KEY_ID"), id)
            .set(&format!("{prefix}_ACCESS_KEY_SECRET"), SECRET)
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn source(&self, text: &str) -> Result<CredentialsSource> {
        let variables = |name: &str| self.variables.lock().unwrap().get(name).cloned();
        builtin_source::parse_with(text, &variables, &|| {
            Ok(EnvSettings::read(&variables)?
                .with_metadata(&self.metadata.host(), self.step_timeout))
        })
    }

    fn context(&self) -> FetchContext<'_> {
        FetchContext {
            http: &self.http,
            clock: &self.clock,
            cancel: &self.cancel,
            deadline: Deadline::NEVER,
        }
    }

    fn fetch_from(&self, source: &CredentialsSource) -> Result<Credentials> {
        match source {
            CredentialsSource::Builtin(builtin) => builtin.source.fetch(&self.context()),
            CredentialsSource::Fixed(key) => {
                Ok(Credentials { access_key: key.clone(), expires: None })
            }
            other => panic!("{other:?} has nothing to fetch"),
        }
    }

    fn fetch(&self, text: &str) -> Result<Credentials> {
        self.fetch_from(&self.source(text)?)
    }

    /// Fetches from a source and returns the ID of the key.
    fn id(&self, text: &str) -> String {
        self.fetch(text).unwrap().access_key.id().to_owned()
    }

    /// Fetches and returns the error, which contains no secrets.
    fn failure(&self, text: &str) -> Error {
        let error = self.fetch(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials, "{error:?}");
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains("hidden"), "{shown}");
            assert!(!error.to_string().contains('\n'), "{error}");
        }
        error
    }
}

/// Every secret of these tests contains `hidden`.
const SECRET: &str = "hidden-secret";
const TOKEN: &str = "hidden-token";
const ROLE: &str = "acs:ram::123456789012:role/upload-role";
/// The expiry of the credentials of the fake servers.
const EXPIRY: &str = "2025-01-15T16:30:00Z";

fn now() -> SystemTime {
    date::parse_rfc3339("2025-01-15T10:30:00Z").unwrap()
}

/// Returns credentials in the format of metadata service, URI and STS.
fn members(id: &str) -> String {
    format!(
        r#"{{"Code":"Success","AccessKeyId":"{id}","AccessKeySecret":"{SECRET}",
            "SecurityToken":"{TOKEN}","Expiration":"{EXPIRY}"}}"#
    )
}

/// Returns a response of STS.
fn role_response(id: &str) -> String {
    format!(r#"{{"RequestId":"R-1","Credentials":{}}}"#, members(id))
}

/// Checks for the credentials of the fake servers.
fn assert_temporary(credentials: &Credentials, id: &str) {
    let key = AccessKey::new(id, SECRET).unwrap().with_token(TOKEN).unwrap();
    assert_eq!(credentials.access_key, key);
    assert_eq!(credentials.expires, date::parse_rfc3339(EXPIRY));
}

/// Returns the parameters of a request to STS: query and form.
fn parameters(request: &RecordedRequest) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let read = |text: &str| -> BTreeMap<String, String> {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), percent::unescape(value).unwrap())).collect()
    };
    let query = request.line.split_once('?').map_or("", |(_, query)| query);
    (read(query), read(&request.body))
}
