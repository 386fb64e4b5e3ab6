//! The role of the instance that this program runs on, from the metadata service of the cloud.

use std::time::Duration;

use super::Credentials;
use super::fetch_context::{FetchContext, Source, of_source, unusable};
use super::http_fetch::{Answer, Document, direct, even_limits};
use super::json::{Json, Member};
use crate::codec::percent;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::limits;
use crate::transport::{Http, Target};
use crate::wire::{Body, Headers, Method};

/// The metadata service, and what was said about it. It is never asked through a proxy.
#[derive(Debug, Clone)]
pub(super) struct EcsRole {
    /// Tests have one of their own.
    pub(super) host: String,
    /// For each step of a request; tests have no hurry.
    pub(super) step: Duration,
    /// Unless it is known, it is asked for.
    pub(super) role: Option<String>,
    /// Whether requests without a token are made where no token can be had.
    pub(super) without_token: WithoutToken,
}

/// Version 1 of the metadata service has no tokens, so whoever gets a program to make a request of
/// his can read the credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WithoutToken {
    Allowed,
    Refused,
}

impl EcsRole {
    /// The service of the cloud.
    pub(super) fn new(role: Option<String>, without_token: WithoutToken) -> Self {
        Self { host: HOST.to_owned(), step: limits::METADATA_STEP_TIMEOUT, role, without_token }
    }

    fn read(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        let service = Service { host: &self.host, step: self.step, http: direct()?, context };
        let token = self.token(&service)?;
        let role = match &self.role {
            Some(role) => role.clone(),
            None => role_name(&service, token.as_deref())?,
        };
        let path = format!("{ROLES}{}", percent::escape(&role));
        let answer = service.get(&path, token.as_deref())?;
        let json = Json::parse(&answer.body)?;
        if !json.says_success() {
            return Err(service.refuse("Code in the answer is not Success"));
        }
        json.credentials(Member::Required, Member::Required)
    }

    /// `None` if the service has no tokens and may be asked without.
    fn token(&self, service: &Service<'_>) -> Result<Option<String>> {
        let refused = match service.token() {
            Ok(token) => return Ok(Some(token)),
            Err(error) => error,
        };
        // Where nobody answers, the second version of the question is not answered either.
        let nobody = refused.kind() == ErrorKind::Connect
            || (refused.kind() == ErrorKind::Timeout && refused.phase() == Some(Phase::Connect));
        let last = nobody
            || refused.kind() == ErrorKind::Canceled
            || service.context.deadline.has_passed()
            || self.without_token == WithoutToken::Refused;
        if last { Err(refused) } else { Ok(None) }
    }
}

impl Source for EcsRole {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        self.read(context).map_err(|error| of_source("the metadata service of the instance", error))
    }
}

/// The service during one fetch.
struct Service<'a> {
    host: &'a str,
    step: Duration,
    http: Http,
    context: &'a FetchContext<'a>,
}

impl Service<'_> {
    fn token(&self) -> Result<String> {
        let mut headers = Headers::default();
        headers.set("X-aliyun-ecs-metadata-token-ttl-seconds", TOKEN_SECONDS)?;
        let answer = self.ask(Method::Put, "/latest/api/token", headers)?;
        if answer.status != 200 {
            return Err(self.refuse("no token was given").with_status(answer.status));
        }
        self.word(&answer, "the token cannot be read")
    }

    fn get(&self, path: &str, token: Option<&str>) -> Result<Answer> {
        let mut headers = Headers::default();
        headers.set("X-aliyun-ecs-metadata-token", token.unwrap_or_default())?;
        let answer = self.ask(Method::Get, path, headers)?;
        match answer.status {
            200 => Ok(answer),
            404 => Err(self.refuse("the instance has no such role").with_status(404)),
            status => Err(self.refuse("this was no success").with_status(status)),
        }
    }

    fn ask(&self, method: Method, path: &str, headers: Headers) -> Result<Answer> {
        let target = Target { https: false, host: self.host.to_owned(), path: path.to_owned() };
        let document = Document {
            method,
            target: &target,
            query: "",
            headers,
            body: Body::Empty,
            limits: even_limits(self.step),
        };
        document.send(&self.http, self.context)
    }

    /// An answer that is one word, and perhaps a line end.
    fn word(&self, answer: &Answer, otherwise: &str) -> Result<String> {
        let text = std::str::from_utf8(&answer.body).unwrap_or_default().trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(self.refuse(otherwise));
        }
        Ok(text.to_owned())
    }

    fn refuse(&self, text: &str) -> Error {
        unusable(text).with_host(self.host)
    }
}

fn role_name(service: &Service<'_>, token: Option<&str>) -> Result<String> {
    let answer = service.get(ROLES, token)?;
    service.word(&answer, "the name of the role cannot be read")
}

const HOST: &str = "100.100.100.200";
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";
/// Six hours, the longest; the token is used for one fetch only.
const TOKEN_SECONDS: &str = "21600";
