//! A URL that answers with credentials.

use super::Credentials;
use super::endpoint_url::EndpointUrl;
use super::fetch_context::{FetchContext, Source, of_source, unusable};
use super::http_fetch::{Document, service_limits};
use super::json::{Json, Member};
use crate::error::Result;
use crate::wire::{Body, Headers, Method};

#[derive(Debug)]
pub(super) struct Uri(pub(super) EndpointUrl);

impl Source for Uri {
    fn fetch(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        self.read(context).map_err(|error| of_source("the credentials URI", error))
    }
}

impl Uri {
    fn read(&self, context: &FetchContext<'_>) -> Result<Credentials> {
        let target = &self.0.target;
        let document = Document {
            method: Method::Get,
            target,
            query: &self.0.query,
            headers: Headers::default(),
            body: Body::Empty,
            limits: service_limits(),
        };
        let answer = document.send_by_scheme(context)?;
        let refuse = |text| unusable(text).with_host(&target.host);
        if answer.status != 200 {
            return Err(refuse("this was no success").with_status(answer.status));
        }
        let json = Json::parse(&answer.body)?;
        if !json.says_success() {
            return Err(refuse("Code in the answer is not Success"));
        }
        json.credentials(Member::Optional, Member::Optional)
    }
}
