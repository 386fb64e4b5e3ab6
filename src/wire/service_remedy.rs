//! What to do about frequent error responses.

/// Returns a clause for the message of an error; `None` if its code and message say enough.
/// `endpoint` and `location` are those of the response, or empty.
pub(super) fn remedy(status: u16, code: &str, endpoint: &str, location: &str) -> Option<String> {
    if let Some(host) = host(endpoint) {
        return Some(format!("the bucket has another endpoint: use {host}"));
    }
    if (300..400).contains(&status)
        && let Some(host) = host(location)
    {
        let scheme = scheme(location);
        return Some(format!(
            "it redirects to {scheme}{host}, which is not followed: check the endpoint and its scheme"
        ));
    }
    let text = match code {
        "PublicEndpointForbidden" => {
            "new accounts cannot use the public endpoints in mainland China: bind a custom domain \
             to the bucket, and use it as the endpoint with CNAME addressing"
        }
        "SecondLevelDomainForbidden" => {
            "the endpoint does not allow path-style addressing: use virtual-host addressing"
        }
        "InvalidAccessKeyId" => {
            "check the access key ID and that it is enabled; a temporary key needs its security \
             token"
        }
        "SignatureDoesNotMatch" => "check the access key secret and the region",
        "NoSuchBucket" => "check the bucket name and the endpoint",
        "RequestTimeTooSkewed" => "check the clock of this machine",
        _ => return None,
    };
    Some(text.to_owned())
}

/// Returns the scheme of a URL with its separator; empty if it has none.
fn scheme(url: &str) -> &'static str {
    let has = |scheme: &str| {
        let start = url.trim().get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    ["https://", "http://"].into_iter().find(|scheme| has(scheme)).unwrap_or_default()
}

/// Returns the host of an endpoint or a URL, without the rest of the URL, which may have a
/// signature.
fn host(text: &str) -> Option<&str> {
    let text = text.trim();
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next()?;
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:_[]".contains(&byte);
    (!host.is_empty() && host.bytes().all(is_host)).then_some(host)
}

#[cfg(test)]
mod tests {
    use crate::wire::{Headers, Response, ServiceError};

    fn message(status: u16, location: &str, document: &str) -> String {
        let mut headers = Headers::default();
        headers.append_received("Location", location.to_owned());
        let body = format!("<Error>{document}</Error>").into_bytes();
        ServiceError::read(&Response { status, headers, body }).into_error().to_string()
    }

    #[test]
    fn the_message_says_what_to_do_about_a_frequent_error() {
        for (status, location, document, text) in [
            (
                403,
                "",
                "<Code>AccessDenied</Code><Message>The bucket you are attempting to access must be \
                 addressed using the specified endpoint.</Message>\
                 <Endpoint>oss-cn-beijing.aliyuncs.com</Endpoint>",
                "refused by the service; the bucket has another endpoint: use \
                 oss-cn-beijing.aliyuncs.com; status 403; code AccessDenied",
            ),
            (
                307,
                "https://b.oss-cn-beijing.aliyuncs.com/k?Signature=hidden",
                "<Code>TemporaryRedirect</Code>",
                "redirect refused; it redirects to https://b.oss-cn-beijing.aliyuncs.com, which is \
                 not followed: check the endpoint and its scheme",
            ),
            (301, "HTTP://b.test", "<Code>Moved</Code>", "it redirects to http://b.test, which"),
            (301, "//b.test/k", "<Code>Moved</Code>", "redirect refused; status 301"),
            (
                400,
                "",
                "<Code>PublicEndpointForbidden</Code><EC>0048-00000401</EC>",
                "bind a custom domain to the bucket, and use it as the endpoint with CNAME \
                 addressing",
            ),
            (403, "", "<Code>SecondLevelDomainForbidden</Code>", "use virtual-host addressing"),
            (403, "", "<Code>InvalidAccessKeyId</Code>", "check the access key ID"),
            (403, "", "<Code>SignatureDoesNotMatch</Code>", "check the access key secret"),
            (404, "", "<Code>NoSuchBucket</Code>", "check the bucket name and the endpoint"),
            (403, "", "<Code>RequestTimeTooSkewed</Code>", "check the clock of this machine"),
            (403, "", "<Code>AccessDenied</Code>", "refused by the service; status 403"),
            (
                403,
                "",
                "<Code>X</Code><Endpoint>a b</Endpoint>",
                "refused by the service; status 403",
            ),
            (302, "/login", "<Code>Moved</Code>", "redirect refused; status 302"),
            (
                403,
                "",
                "<Message/>",
                "the response is not one of OSS: a proxy, a gateway or another",
            ),
        ] {
            let message = message(status, location, document);
            assert!(message.contains(text), "{message}");
            assert!(!message.contains("hidden"), "{message}");
        }
    }

    #[test]
    fn a_missing_object_is_said_to_be_missing_where_the_response_has_no_body() {
        let mut headers = Headers::default();
        headers.append_received("x-oss-request-id", "ID".to_owned());
        let response = Response { status: 404, headers, body: Vec::new() };
        let message = ServiceError::read(&response).into_error().to_string();
        assert!(message.contains("there is no such object: check the bucket"), "{message}");
    }

    #[test]
    fn a_compressed_body_is_recognized() {
        let gzip = Response {
            status: 200,
            headers: Headers::default(),
            body: b"\x1f\x8b\x08garbage".to_vec(),
        };
        let text = gzip.protocol_error("not XML").to_string();
        assert!(
            text.starts_with("not XML; the response is compressed (gzip), which was not"),
            "{text}"
        );
        let refused = ServiceError::read(&Response { status: 403, ..gzip }).into_error();
        assert!(refused.cause().unwrap().contains("compressed (gzip)"), "{refused:?}");
    }
}
