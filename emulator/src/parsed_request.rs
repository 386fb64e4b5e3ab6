//! A request parsed from its head, before it is authorized.

use hyper::http::request::Parts;

use crate::error::OssError;
use crate::query::Query;
use crate::route::Operation;
use crate::service::Service;
use crate::target::Target;

/// Target, query and operation of a request.
#[derive(Debug)]
pub(crate) struct ParsedRequest {
    pub(crate) target: Target,
    pub(crate) query: Query,
    pub(crate) operation: Operation,
}

impl ParsedRequest {
    pub(crate) fn read(service: &Service, parts: &Parts, host: &str) -> Result<Self, OssError> {
        let target = Target::parse(parts.uri.path(), host, service.addressing, &service.hosts)?;
        let query = Query::parse(parts.uri.query().unwrap_or_default())
            .ok_or_else(|| OssError::argument("query", "", "The query string is not UTF-8."))?;
        let operation = Operation::of(&parts.method, &target, &query, &parts.headers)?;
        Ok(Self { target, query, operation })
    }

    pub(crate) fn part_number(&self) -> Option<u32> {
        self.query.value("partNumber").and_then(|number| number.parse().ok())
    }
}

/// Returns the host that the client addressed, with its port.
pub(crate) fn host(parts: &Parts) -> String {
    let header = parts.headers.get("host").and_then(|value| value.to_str().ok());
    let authority = parts.uri.authority().map(hyper::http::uri::Authority::as_str);
    header.or(authority).unwrap_or_default().to_owned()
}
