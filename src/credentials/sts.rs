//! STS: temporary credentials for a role.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use zeroize::Zeroizing;

use super::Credentials;
use super::endpoint_url::EndpointUrl;
use super::fetch_context::{FetchContext, unusable};
use super::http_fetch::{FetchResponse, HttpFetch, SecretBody, service_timeouts};
use super::json::{Json, Member};
use super::role::Role;
use crate::codec::date;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::runtime::{Deadline, Secret, random_hex};
use crate::sign::{AccessKey, encode_rpc, rpc_signature};
use crate::wire::{Headers, Method};

/// The endpoint of STS.
#[derive(Debug, Clone)]
pub(super) struct Sts(EndpointUrl);

/// Names and values, unescaped.
type Parameters<'a> = Vec<(&'a str, &'a str)>;

impl Sts {
    /// Selects the endpoint. An explicit one takes precedence over the region; the VPC endpoint
    /// needs a region.
    pub(super) fn new(endpoint: Option<&str>, region: Option<&str>, vpc: bool) -> Result<Self> {
        let host = match (endpoint, region) {
            (Some(endpoint), _) => endpoint.to_owned(),
            (None, Some(region)) if vpc => format!("sts-vpc.{region}.aliyuncs.com"),
            (None, Some(region)) => format!("sts.{region}.aliyuncs.com"),
            (None, None) => "sts.aliyuncs.com".to_owned(),
        };
        let url = if host.contains("://") { host } else { format!("https://{host}") };
        let refuse = |rule| unusable(format!("the STS endpoint: {rule}"));
        let url = EndpointUrl::parse(&url).map_err(refuse)?;
        if url.target.path != "/" || !url.query.is_empty() {
            return Err(refuse("it must not have a path or a query"));
        }
        Ok(Self(url))
    }

    /// Calls AssumeRole, signed with `key`.
    pub(super) fn assume_role(
        &self,
        role: &Role,
        key: &AccessKey,
        context: &FetchContext<'_>,
    ) -> Result<Credentials> {
        let duration = role.duration.as_secs().to_string();
        let mut form = form(role, &duration);
        form.extend(role.external_id.as_deref().map(|id| ("ExternalId", id)));
        let token = key.token().map(Secret::expose);
        let secrets: Vec<&str> = token.into_iter().collect();
        self.call(context, &form, &secrets, |timestamp| {
            let nonce = random_hex();
            let mut query = query("AssumeRole", timestamp);
            query.extend([
                ("AccessKeyId", key.id()),
                ("SignatureMethod", "HMAC-SHA1"),
                ("SignatureNonce", &nonce),
                ("SignatureVersion", "1.0"),
            ]);
            query.extend(token.map(|token| ("SecurityToken", token)));
            let all = [query.as_slice(), form.as_slice()].concat();
            let signature = rpc_signature(Method::Post, &all, key.secret())?;
            query.push(("Signature", &signature));
            Ok(encode_rpc(&query))
        })
    }

    /// Calls AssumeRoleWithOIDC, which the token authenticates. The request is not signed.
    pub(super) fn assume_role_with_oidc(
        &self,
        role: &Role,
        provider_arn: &str,
        token: &str,
        context: &FetchContext<'_>,
    ) -> Result<Credentials> {
        let duration = role.duration.as_secs().to_string();
        let mut form = form(role, &duration);
        form.extend([("OIDCProviderArn", provider_arn), ("OIDCToken", token)]);
        self.call(context, &form, &[token], |timestamp| {
            Ok(encode_rpc(&query("AssumeRoleWithOIDC", timestamp)))
        })
    }

    /// Calls an operation and retries transient errors. Each attempt has a new query, because STS
    /// accepts a nonce only once.
    fn call(
        &self,
        context: &FetchContext<'_>,
        form: &Parameters<'_>,
        secrets: &[&str],
        query: impl Fn(&str) -> Result<Zeroizing<String>>,
    ) -> Result<Credentials> {
        let form = encode_rpc(form);
        let mut attempt = 1;
        loop {
            let query = query(&timestamp(context.clock.now()))?;
            let error = match self.attempt(context, &query, form.clone(), secrets) {
                Ok(credentials) => return Ok(credentials),
                Err(error) => error.with_attempts(attempt),
            };
            let backoff = BACKOFF * attempt;
            let retry = is_transient(&error)
                && attempt < limits::CREDENTIALS_ATTEMPTS
                && context.deadline.left().is_none_or(|left| left > backoff);
            if !retry {
                return Err(error);
            }
            if context.cancel.wait(Deadline::after(backoff)) {
                return Err(Error::canceled());
            }
            attempt += 1;
        }
    }

    fn attempt(
        &self,
        context: &FetchContext<'_>,
        query: &str,
        form: Zeroizing<String>,
        secrets: &[&str],
    ) -> Result<Credentials> {
        let mut headers = Headers::default();
        headers.set("Content-Type", "application/x-www-form-urlencoded")?;
        let fetch = HttpFetch {
            method: Method::Post,
            target: &self.0.target,
            query,
            headers,
            body: SecretBody(form).into_body(),
            timeouts: service_timeouts(),
        };
        let response = fetch.send_by_scheme(context)?;
        if response.status != 200 {
            return Err(self.refusal(&response, secrets));
        }
        let mut json = Json::parse(&response.body)?;
        let members = json.take_object("Credentials");
        let members = members.ok_or_else(|| unusable("Credentials is missing in the response"))?;
        let credentials = members.credentials(Member::Required, Member::Required)?;
        Ok(response.with_local_expiry(credentials))
    }

    fn refusal(&self, response: &FetchResponse, secrets: &[&str]) -> Error {
        let error = unusable("STS refused")
            .with_status(response.status)
            .with_host(&self.0.target.host)
            .with_retryable(response.status >= 500 || response.status == 429);
        let Ok(json) = Json::parse(&response.body) else { return error };
        let text = |name| json.text(&[name]).unwrap_or_default();
        let throttled = text("Code").starts_with("Throttling");
        let retryable = error.is_retryable() || throttled;
        error
            .with_service(text("Code"), redact(text("Message"), secrets), "")
            .with_request_id(text("RequestId"))
            .with_retryable(retryable)
    }
}

/// Returns the query parameters of both operations.
fn query<'a>(action: &'a str, timestamp: &'a str) -> Parameters<'a> {
    vec![
        ("Action", action),
        ("Format", "JSON"),
        ("Timestamp", timestamp),
        ("Version", "2015-04-01"),
    ]
}

/// Returns the form parameters of the role.
fn form<'a>(role: &'a Role, duration: &'a str) -> Parameters<'a> {
    let mut form = vec![
        ("DurationSeconds", duration),
        ("RoleArn", role.arn.as_str()),
        ("RoleSessionName", role.session_name.as_str()),
    ];
    form.extend(role.policy.as_deref().map(|policy| ("Policy", policy)));
    form
}

/// Formats a time in whole seconds, the only format that STS accepts.
fn timestamp(now: SystemTime) -> String {
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    date::rfc3339(UNIX_EPOCH + Duration::from_secs(seconds))
}

/// Returns true for errors that a retry may not get.
fn is_transient(error: &Error) -> bool {
    let is_transport_error = matches!(
        error.kind(),
        ErrorKind::Resolve | ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Network
    );
    is_transport_error || error.is_retryable()
}

/// Returns the error message of STS with secrets and overlong words redacted: it may quote the
/// request, for example the string to sign.
fn redact(message: &str, secrets: &[&str]) -> String {
    let words = message.split_whitespace().map(|word| {
        let secret = secrets.iter().any(|secret| word.contains(secret));
        if secret || word.len() > WORD_MAX { "***" } else { word }
    });
    let mut text = words.collect::<Vec<_>>().join(" ");
    let end = text.char_indices().nth(limits::RESPONSE_EXCERPT_MAX).map(|(end, _)| end);
    text.truncate(end.unwrap_or(text.len()));
    text
}

/// The back-off before the second attempt; twice as long before the third.
const BACKOFF: Duration = Duration::from_millis(200);
/// Longer than any name in the messages of STS, and shorter than any token.
const WORD_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn host(endpoint: Option<&str>, region: Option<&str>, vpc: bool) -> String {
        Sts::new(endpoint, region, vpc).unwrap().0.target.host
    }

    #[test]
    fn the_host_follows_from_endpoint_region_and_vpc() {
        assert_eq!(host(None, None, true), "sts.aliyuncs.com");
        assert_eq!(host(None, Some("cn-hangzhou"), false), "sts.cn-hangzhou.aliyuncs.com");
        assert_eq!(host(None, Some("cn-hangzhou"), true), "sts-vpc.cn-hangzhou.aliyuncs.com");
        assert_eq!(host(Some("sts.a.b"), Some("cn-hangzhou"), true), "sts.a.b");
        assert!(Sts::new(Some("http://sts.a.b"), None, false).is_err());
        assert!(Sts::new(None, Some("a/b@c"), false).is_err());
    }

    #[test]
    fn messages_are_redacted() {
        let long = "POST&%2F&".repeat(10);
        let message = format!("The token=hidden; is wrong. To sign is:{long} \n Sorry");
        assert_eq!(redact(&message, &["hidden"]), "The *** is wrong. To sign *** Sorry");
        assert_eq!(redact(&"中 ".repeat(300), &[]).chars().count(), limits::RESPONSE_EXCERPT_MAX);
    }

    #[test]
    fn a_timestamp_has_whole_seconds() {
        let now = UNIX_EPOCH + Duration::from_millis(1_736_937_000_900);
        assert_eq!(timestamp(now), "2025-01-15T10:30:00Z");
    }
}
