//! CloudSSO: credentials from a single sign-on session of the Alibaba Cloud CLI.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use zeroize::Zeroizing;

use super::Credentials;
use super::endpoint_url::EndpointUrl;
use super::fetch_context::{Fetch, FetchContext, of_source, unusable};
use super::http_fetch::{HttpFetch, SecretBody, service_timeouts};
use super::json::{Json, Member};
use crate::error::Result;
use crate::runtime::Secret;
use crate::transport::Target;
use crate::wire::{Headers, Method};

/// A session. It ends when its access token expires, because only the CLI can refresh the token.
pub(super) struct CloudSso {
    endpoint: EndpointUrl,
    account: String,
    access_configuration: String,
    token: Secret,
    expires: SystemTime,
}

impl CloudSso {
    pub(super) fn from_profile(profile: &Json) -> Result<Self> {
        let required = |name: &str| {
            profile.text(&[name]).ok_or_else(|| unusable(format!("{name} is missing")))
        };
        let mut endpoint =
            EndpointUrl::parse(required("cloud_sso_sign_in_url")?).map_err(unusable)?;
        PATH.clone_into(&mut endpoint.target.path);
        let expires = profile.number("cloud_sso_access_token_expire").unwrap_or(0);
        Ok(Self {
            endpoint,
            account: required("cloud_sso_account_id")?.to_owned(),
            access_configuration: required("cloud_sso_access_config")?.to_owned(),
            token: Secret::new(required("access_token")?),
            expires: UNIX_EPOCH.checked_add(Duration::from_secs(expires)).unwrap_or(UNIX_EPOCH),
        })
    }

    fn get(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        if self.expires <= context.clock.now() {
            return Err(unusable(
                "the session has expired; sign in again with the Alibaba Cloud CLI",
            ));
        }
        let target: &Target = &self.endpoint.target;
        let mut headers = Headers::default();
        headers.set("Content-Type", "application/json")?;
        let bearer = Zeroizing::new(format!("Bearer {}", self.token.expose()));
        headers.set("Authorization", bearer.as_str())?;
        let body = Json::write(&[
            ("AccessConfigurationId", &self.access_configuration),
            ("AccountId", &self.account),
        ]);
        let fetch = HttpFetch {
            method: Method::Post,
            target,
            query: "",
            headers,
            body: SecretBody(body).into_body(),
            timeouts: service_timeouts(),
        };
        let response = fetch.send_by_scheme(context)?;
        if response.status != 200 {
            let error = unusable("the request failed").with_host(&target.host);
            return Err(error.with_status(response.status));
        }
        let members = Json::parse(&response.body)?.take_object("CloudCredential");
        let members =
            members.ok_or_else(|| unusable("CloudCredential is missing in the response"))?;
        let credentials = members.credentials(Member::Required, Member::Required)?;
        Ok(response.with_local_expiry(credentials))
    }
}

impl Fetch for CloudSso {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        self.get(context).map_err(|error| of_source("the single sign-on", error))
    }
}

const PATH: &str = "/cloud-credentials";
