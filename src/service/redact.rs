//! Takes out of a reply what it repeats of the request's secrets.
//!
//! A server, or a proxy in front of it, may send back what it was sent: a redirect names the whole
//! presigned URL, a refusal quotes the `Authorization`. Errors and log lines show pieces of replies,
//! so this is done to each reply before anything else looks at it.

use std::borrow::Cow;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::codec::percent;
use crate::model::oss_header;
use crate::wire::{Headers, Request, Response};

/// Puts `***` in place of the request's signature and token, wherever the reply has them.
pub(super) fn redact(request: &Request, response: &mut Response) {
    let secrets = secrets(request);
    if secrets.is_empty() {
        return;
    }
    if let Some(body) = masked(&String::from_utf8_lossy(&response.body), &secrets) {
        response.body = body.into_bytes();
    }
    let mut headers = Headers::default();
    for (name, value) in response.headers.iter() {
        let value = match name.eq_ignore_ascii_case(oss_header::ERR) {
            true => masked_document(value, &secrets),
            false => masked(value, &secrets),
        }
        .unwrap_or_else(|| value.to_owned());
        headers.append_received(name, value);
    }
    response.headers = headers;
}

/// Signature and token as they were sent, and as a URL has them.
fn secrets(request: &Request) -> Vec<String> {
    let authorization = request.headers.get("Authorization").unwrap_or_default();
    let signature =
        authorization.rsplit_once("Signature=").or_else(|| authorization.rsplit_once(':'));
    let token = request.headers.get(oss_header::SECURITY_TOKEN);
    let query = request.query.iter().filter(|(name, _)| QUERY.contains(&name.as_str()));
    let sent = signature.map(|(_, signature)| signature).into_iter().chain(token);
    sent.chain(query.map(|(_, value)| value.as_str()))
        .filter(|secret| secret.len() >= LENGTH_MIN)
        .flat_map(|secret| [secret.to_owned(), percent::escape(secret)])
        .collect()
}

/// `None` if there is nothing to take out.
fn masked(text: &str, secrets: &[String]) -> Option<String> {
    let mut masked = Cow::Borrowed(text);
    for secret in secrets.iter().filter(|secret| text.contains(secret.as_str())) {
        masked = Cow::Owned(masked.replace(secret.as_str(), "***"));
    }
    match masked {
        Cow::Borrowed(_) => None,
        Cow::Owned(masked) => Some(masked),
    }
}

/// The same inside of base64.
fn masked_document(value: &str, secrets: &[String]) -> Option<String> {
    let document = BASE64_STANDARD.decode(value.trim()).ok()?;
    let document = masked(&String::from_utf8_lossy(&document), secrets)?;
    Some(BASE64_STANDARD.encode(document))
}

/// The parameters of presigned URLs that are secret, in V4 and V1.
const QUERY: [&str; 4] = ["x-oss-signature", "x-oss-security-token", "Signature", "security-token"];
/// Signatures and tokens are longer. Something as short as a word would be taken out of replies in
/// which it stands by chance.
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

    fn reply_to(request: &Request, location: &str, body: &str) -> (String, String) {
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
    fn a_quoted_authorization_loses_its_signature() {
        for (authorization, left) in [
            ("OSS4-HMAC-SHA256 Credential=id/a/b,Signature=0123456789abcdef", "Signature=***"),
            ("OSS id:c2lnbmF0dXJlIG9mIHYx+/8=", "OSS id:***"),
        ] {
            let request = request(&[("Authorization", authorization)], &[]);
            let (_, body) = reply_to(&request, "", &format!("<a>{authorization}</a>"));
            assert!(body.contains(left) && body.ends_with("</a>"), "{body}");
        }
    }

    #[test]
    fn a_redirect_with_the_whole_url_loses_signature_and_token() {
        let query = [("Signature", "c2lnbmF0dXJl+/8="), ("security-token", "CAISgwJ1q6Ft5B2y")];
        let request = request(&[], &query);
        let url = "https://h/k?partNumber=1&Signature=c2lnbmF0dXJl%2B%2F8%3D&security-token=";
        let (location, body) = reply_to(&request, &format!("{url}CAISgwJ1q6Ft5B2y"), "<a/>");
        assert_eq!(location, "https://h/k?partNumber=1&Signature=***&security-token=***");
        assert_eq!(body, "<a/>");
    }

    #[test]
    fn what_is_short_or_not_secret_stays() {
        let query = [("uploadId", "0004B9894A22E5B1"), ("Signature", "short")];
        let request = request(&[("x-oss-date", "20250115T103000Z")], &query);
        let text = "0004B9894A22E5B1 short 20250115T103000Z";
        assert_eq!(reply_to(&request, text, text), (text.to_owned(), text.to_owned()));
    }
}
