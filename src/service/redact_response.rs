//! Redacts the secrets of a request in its response.
//!
//! A server or proxy may repeat the request: a redirect has the whole presigned URL, an error
//! quotes `Authorization`. Errors and log lines show excerpts of responses, so each response is
//! redacted before anything else reads it.

use std::borrow::Cow;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::codec::percent;
use crate::model::oss_header;
use crate::wire::{Headers, Request, Response};

/// Replaces the signature and token of the request with `***` in headers and body of the response.
pub(super) fn redact(request: &Request, response: &mut Response) {
    let secrets = secrets(request);
    if secrets.is_empty() {
        return;
    }
    if let Some(body) = redact_text(&String::from_utf8_lossy(&response.body), &secrets) {
        response.body = body.into_bytes();
    }
    let mut headers = Headers::default();
    for (name, value) in response.headers.iter() {
        let value = match name.eq_ignore_ascii_case(oss_header::ERR) {
            true => redact_base64(value, &secrets),
            false => redact_text(value, &secrets),
        }
        .unwrap_or_else(|| value.to_owned());
        headers.append_received(name, value);
    }
    response.headers = headers;
}

/// Returns signature and token of a request, as sent and percent-encoded.
fn secrets(request: &Request) -> Vec<String> {
    let authorization = request.headers.get("Authorization").unwrap_or_default();
    let signature =
        authorization.rsplit_once("Signature=").or_else(|| authorization.rsplit_once(':'));
    let token = request.headers.get(oss_header::SECURITY_TOKEN);
    let query = request.query.iter().filter(|(name, _)| SECRET_PARAMETERS.contains(&name.as_str()));
    let in_headers = signature.map(|(_, signature)| signature).into_iter().chain(token);
    in_headers
        .chain(query.map(|(_, value)| value.as_str()))
        .filter(|secret| secret.len() >= LENGTH_MIN)
        .flat_map(|secret| [secret.to_owned(), percent::escape(secret)])
        .collect()
}

/// Redacts the secrets in a text; `None` if there are none.
fn redact_text(text: &str, secrets: &[String]) -> Option<String> {
    let mut redacted = Cow::Borrowed(text);
    for secret in secrets.iter().filter(|secret| text.contains(secret.as_str())) {
        redacted = Cow::Owned(redacted.replace(secret.as_str(), "***"));
    }
    match redacted {
        Cow::Borrowed(_) => None,
        Cow::Owned(redacted) => Some(redacted),
    }
}

/// Redacts the secrets in a base64-encoded text.
fn redact_base64(value: &str, secrets: &[String]) -> Option<String> {
    let document = BASE64_STANDARD.decode(value.trim()).ok()?;
    let document = redact_text(&String::from_utf8_lossy(&document), secrets)?;
    Some(BASE64_STANDARD.encode(document))
}

/// The secret parameters of presigned URLs, in V4 and V1.
const SECRET_PARAMETERS: [&str; 4] =
    ["x-oss-signature", "x-oss-security-token", "Signature", "security-token"];
/// Signatures and tokens are longer. A shorter text may be in a response by chance.
const LENGTH_MIN: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BucketName;
    use crate::wire::Method;

    fn request(headers: &[(&str, &str)], query: &[(&str, &str)]) -> Request {
        let bucket = BucketName::parse("bucket").unwrap();
        let mut request = Request::new(Method::Put, &bucket, None);
        for (name, value) in headers {
            request.headers.set(name, *value).unwrap();
        }
        for (name, value) in query {
            request = request.with_query(name, *value);
        }
        request
    }

    fn response_to(request: &Request, location: &str, body: &str) -> (String, String) {
        let mut headers = Headers::default();
        headers.append_received("Location", location.to_owned());
        headers.append_received("x-oss-err", BASE64_STANDARD.encode(body));
        let mut response = Response { status: 400, headers, body: body.as_bytes().to_vec() };
        redact(request, &mut response);
        let body = String::from_utf8(response.body).unwrap();
        let hidden = response.headers.get("x-oss-err").unwrap();
        assert_eq!(BASE64_STANDARD.decode(hidden).unwrap(), body.as_bytes());
        (response.headers.get("location").unwrap().to_owned(), body)
    }

    #[test]
    fn the_signature_in_a_quoted_authorization_is_redacted() {
        for (authorization, left) in [
            ("OSS4-HMAC-SHA256 Credential=id/a/b,Signature=0123456789abcdef", "Signature=***"),
            ("OSS id:c2lnbmF0dXJlIG9mIHYx+/8=", "OSS id:***"),
        ] {
            let request = request(&[("Authorization", authorization)], &[]);
            let (_, body) = response_to(&request, "", &format!("<a>{authorization}</a>"));
            assert!(body.contains(left) && body.ends_with("</a>"), "{body}");
        }
    }

    #[test]
    fn signature_and_token_in_a_redirect_are_redacted() {
        let query = [("Signature", "c2lnbmF0dXJl+/8="), ("security-token", "CAISgwJ1q6Ft5B2y")];
        let request = request(&[], &query);
        let url = "https://h/k?partNumber=1&Signature=c2lnbmF0dXJl%2B%2F8%3D&security-token=";
        let (location, body) = response_to(&request, &format!("{url}CAISgwJ1q6Ft5B2y"), "<a/>");
        assert_eq!(location, "https://h/k?partNumber=1&Signature=***&security-token=***");
        assert_eq!(body, "<a/>");
    }

    #[test]
    fn short_and_public_values_are_not_redacted() {
        let query = [("uploadId", "0004B9894A22E5B1"), ("Signature", "short")];
        let request = request(&[("x-oss-date", "20250115T103000Z")], &query);
        let text = "0004B9894A22E5B1 short 20250115T103000Z";
        assert_eq!(response_to(&request, text, text), (text.to_owned(), text.to_owned()));
    }
}
