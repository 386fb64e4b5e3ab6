//! UploadPart to a presigned URL, which fixes everything but the bytes.

use super::upload_part::{UploadPartResult, part_result};
use super::{Operation, PART_NUMBER, RetrySafety};
use crate::codec::percent;
use crate::error::{Error, Result};
use crate::model::{Endpoint, PartNumber, Target};
use crate::wire::{Body, Headers, Method, Request, Response};

/// A presigned URL to which a part can be uploaded without credentials.
#[derive(Debug, Clone)]
pub(crate) struct PartUrl {
    target: Target,
    query: Vec<(String, String)>,
    number: PartNumber,
    body: Body,
}

impl PartUrl {
    /// Parses a presigned URL.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `url`. The text does not contain the URL, which is secret.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let refuse = |why: &str| Error::invalid("url", why);
        let (scheme, rest) =
            url.split_once("://").ok_or_else(|| refuse("a URL starts with https:// or http://"))?;
        let (host_and_path, query) =
            rest.split_once('?').ok_or_else(|| refuse("a presigned URL has a query"))?;
        if url.contains('#') || url.contains(|c: char| c.is_control() || c == ' ') {
            return Err(refuse("a presigned URL has no fragment, space or control character"));
        }
        let (host, path) =
            host_and_path.split_at(host_and_path.find('/').unwrap_or(host_and_path.len()));
        let endpoint = Endpoint::parse(&format!("{scheme}://{host}"))
            .map_err(|error| error.with_argument("url"))?;
        let pairs = query.split('&').filter(|pair| !matches!(*pair, "" | "=")).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((percent::unescape(name)?, percent::unescape(value)?))
        });
        let query = pairs
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| refuse("the query of the URL is not UTF-8"))?;
        let number = query.iter().find(|(name, _)| name == PART_NUMBER);
        let number = number.and_then(|(_, number)| PartNumber::new(number.parse().ok()?).ok());
        let number = number.ok_or_else(|| refuse("the URL has no part number"))?;
        let target = Target {
            https: endpoint.is_https(),
            host: endpoint.host().to_owned(),
            path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
        };
        Ok(Self { target, query, number, body: Body::Empty })
    }

    /// Returns the part number in the URL.
    pub(crate) fn number(&self) -> PartNumber {
        self.number
    }

    pub(crate) fn with_body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
}

impl Operation for PartUrl {
    const NAME: &'static str = "UploadPart";
    type Output = UploadPartResult;

    fn request(&self) -> Result<Request> {
        Ok(Request {
            method: Method::Put,
            bucket: None,
            key: None,
            query: self.query.clone(),
            headers: Headers::default(),
            body: self.body.clone(),
        })
    }

    fn parse(&self, response: &Response) -> Result<Self::Output> {
        part_result(response)
    }

    fn retry_safety(&self) -> RetrySafety {
        RetrySafety::AlwaysSafe
    }

    fn part_number(&self) -> Option<PartNumber> {
        Some(self.number)
    }

    fn presigned_target(&self) -> Option<&Target> {
        Some(&self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::encode_query;

    #[test]
    fn a_url_is_parsed_and_keeps_its_path() {
        let url =
            PartUrl::parse("http://127.0.0.1:9/b/a%20b?partNumber=2&uploadId=A%2B&x").unwrap();
        assert_eq!(
            (url.target.host.as_str(), url.target.path.as_str()),
            ("127.0.0.1:9", "/b/a%20b")
        );
        let expected = [("partNumber", "2"), ("uploadId", "A+"), ("x", "")];
        assert_eq!(url.query, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert!(!url.target.https);
        assert_eq!(url.number().get(), 2);
    }

    #[test]
    fn a_pair_of_nothing_is_left_out() {
        let url = PartUrl::parse("https://h/k?&=&partNumber=2&&=&=1").unwrap();
        assert_eq!(encode_query(&url.query), "partNumber=2&=1");
    }

    #[test]
    fn a_url_for_something_else_than_a_part_is_refused() {
        for bad in ["uploadId=secret", "partNumber=&uploadId=secret", "partNumber=10001&secret"] {
            let error = PartUrl::parse(&format!("https://h/k?{bad}")).unwrap_err();
            assert_eq!(error.argument(), Some("url"), "{bad}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn what_is_no_presigned_url_is_refused_without_being_repeated() {
        for bad in
            ["", "secret", "ftp://h/?a", "https://h/secret", "https://u@h/?secret", "http://h/?a#b"]
        {
            let error = PartUrl::parse(bad).unwrap_err();
            assert_eq!(error.argument(), Some("url"), "{bad}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_put_together_is_taken_apart_to_the_same(
            pairs in proptest::collection::vec((".+", ".*"), 0..5),
            number in 1u16..=10_000,
        ) {
            let mut query = vec![(PART_NUMBER.to_owned(), number.to_string())];
            query.extend(pairs);
            let url = PartUrl::parse(&format!("http://h:1/b/k?{}", encode_query(&query))).unwrap();
            proptest::prop_assert_eq!(url.query, query);
            proptest::prop_assert_eq!(url.number.get(), number);
        }
    }
}
