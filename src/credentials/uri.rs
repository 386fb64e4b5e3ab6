//! Credentials from the JSON that a URL returns.

use super::Credentials;
use super::endpoint_url::EndpointUrl;
use super::fetch_context::{Fetch, FetchContext, of_source, unusable};
use super::http_fetch::{HttpFetch, service_timeouts};
use super::json::{Json, Member};
use crate::error::Result;
use crate::wire::{Body, Headers, Method};

#[derive(Debug)]
pub(super) struct Uri(pub(super) EndpointUrl);

impl Fetch for Uri {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        self.get(context).map_err(|error| of_source("the credentials URI", error))
    }
}

impl Uri {
    fn get(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        let target = &self.0.target;
        let fetch = HttpFetch {
            method: Method::Get,
            target,
            query: &self.0.query,
            headers: Headers::default(),
            body: Body::Empty,
            timeouts: service_timeouts(),
        };
        let response = fetch.send_by_scheme(context)?;
        let refuse = |text| unusable(text).with_host(&target.host);
        if response.status != 200 {
            return Err(refuse("the request failed").with_status(response.status));
        }
        let json = Json::parse(&response.body)?;
        if !json.is_success() {
            return Err(refuse("Code in the response is not Success"));
        }
        let credentials = json.credentials(Member::Optional, Member::Optional)?;
        Ok(response.with_local_expiry(credentials))
    }
}
