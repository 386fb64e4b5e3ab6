//! The RAM role of the ECS instance, from its metadata service.

use std::time::Duration;

use super::Credentials;
use super::fetch_context::{Fetch, FetchContext, of_source, unusable};
use super::http_fetch::{FetchResponse, HttpFetch, direct, uniform_timeouts};
use super::json::{Json, Member};
use crate::codec::percent;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::limits;
use crate::transport::{Http, Target};
use crate::wire::{Body, Headers, Method};

/// The metadata service and its settings. Requests to it never use a proxy.
#[derive(Debug, Clone)]
pub(super) struct EcsRole {
    /// The address; tests replace it.
    pub(super) host: String,
    /// The timeout of each step of a request; tests replace it.
    pub(super) step_timeout: Duration,
    /// The role; requested from the service if `None`.
    pub(super) role: Option<String>,
    /// Whether requests are sent without a token if the service issues none.
    pub(super) tokenless: Tokenless,
}

/// Version 1 of the metadata service has no tokens, so that server-side request forgery can read
/// the credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tokenless {
    Allowed,
    Refused,
}

impl EcsRole {
    /// Uses the real metadata service.
    pub(super) fn new(role: Option<String>, tokenless: Tokenless) -> Self {
        Self { host: HOST.to_owned(), step_timeout: limits::METADATA_STEP_TIMEOUT, role, tokenless }
    }

    fn get(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        let service = MetadataService {
            host: &self.host,
            step_timeout: self.step_timeout,
            http: direct()?,
            context,
        };
        let token = self.token(&service)?;
        let role = match &self.role {
            Some(role) => role.clone(),
            None => role_name(&service, token.as_deref())?,
        };
        let path = format!("{ROLES}{}", percent::escape(&role));
        let response = service.get(&path, token.as_deref(), "the instance has no such role")?;
        let json = Json::parse(&response.body)?;
        if !json.is_success() {
            return Err(service.refuse("Code in the response is not Success"));
        }
        let credentials = json.credentials(Member::Required, Member::Required)?;
        Ok(response.with_local_expiry(credentials))
    }

    /// Requests a token; `None` if the service issues none and requests without one are allowed.
    fn token(&self, service: &MetadataService<'_>) -> Result<Option<String>> {
        let refused = match service.token() {
            Ok(token) => return Ok(Some(token)),
            Err(error) => error,
        };
        // If the connection fails, a request without a token would fail too.
        let unreachable = refused.kind() == ErrorKind::Connect
            || (refused.kind() == ErrorKind::Timeout && refused.phase() == Some(Phase::Connect));
        let is_final = unreachable
            || refused.kind() == ErrorKind::Canceled
            || service.context.deadline.has_passed()
            || self.tokenless == Tokenless::Refused;
        if is_final { Err(refused) } else { Ok(None) }
    }
}

impl Fetch for EcsRole {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        self.get(context).map_err(|error| of_source("the metadata service of the instance", error))
    }
}

/// The service during one fetch.
struct MetadataService<'a> {
    host: &'a str,
    step_timeout: Duration,
    http: Http,
    context: &'a FetchContext<'a>,
}

impl MetadataService<'_> {
    fn token(&self) -> Result<String> {
        let mut headers = Headers::default();
        headers.set("X-aliyun-ecs-metadata-token-ttl-seconds", TOKEN_SECONDS)?;
        let response = self.send(Method::Put, "/latest/api/token", headers)?;
        if response.status != 200 {
            return Err(self.refuse("no token was issued").with_status(response.status));
        }
        self.word(&response, "the token is malformed")
    }

    /// Requests a document; `not_found` is the text of the error if there is none.
    fn get(&self, path: &str, token: Option<&str>, not_found: &str) -> Result<FetchResponse> {
        let mut headers = Headers::default();
        headers.set("X-aliyun-ecs-metadata-token", token.unwrap_or_default())?;
        let response = self.send(Method::Get, path, headers)?;
        match response.status {
            200 => Ok(response),
            404 => Err(self.refuse(not_found).with_status(404)),
            status => Err(self.refuse("the request failed").with_status(status)),
        }
    }

    fn send(&self, method: Method, path: &str, headers: Headers) -> Result<FetchResponse> {
        let target = Target { https: false, host: self.host.to_owned(), path: path.to_owned() };
        let fetch = HttpFetch {
            method,
            target: &target,
            query: "",
            headers,
            body: Body::Empty,
            timeouts: uniform_timeouts(self.step_timeout),
        };
        fetch.send(&self.http, self.context)
    }

    /// Reads a response that is one word and an optional line end.
    fn word(&self, response: &FetchResponse, error_text: &str) -> Result<String> {
        let text = std::str::from_utf8(&response.body).unwrap_or_default().trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(self.refuse(error_text));
        }
        Ok(text.to_owned())
    }

    fn refuse(&self, text: &str) -> Error {
        unusable(text).with_host(self.host)
    }
}

fn role_name(service: &MetadataService<'_>, token: Option<&str>) -> Result<String> {
    let response = service.get(ROLES, token, "no RAM role is attached to the instance")?;
    service.word(&response, "the name of the role is malformed")
}

const HOST: &str = "100.100.100.200";
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";
/// Six hours, the maximum. A token is used for one fetch only.
const TOKEN_SECONDS: &str = "21600";
