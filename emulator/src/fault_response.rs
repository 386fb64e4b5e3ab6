//! Applies faults to responses.

use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};

use crate::connection::WritePlan;
use crate::error::OssError;
use crate::faults::{Action, Direction, Disconnect, usual_code};
use crate::response::{Content, ErrorContext, OssResponse};

/// Returns the response that replaces the real one, if the fault has one.
pub(crate) fn replacement(action: &Action, context: &ErrorContext<'_>) -> Option<OssResponse> {
    if let Some(raw) = &action.raw_response {
        let status = StatusCode::from_u16(raw.status.unwrap_or(200)).ok()?;
        let mut response = OssResponse::new(status);
        raw.headers.iter().for_each(|(name, value)| response.set(name, value));
        response.content = Content::Text(raw.body.clone().into());
        return Some(response);
    }
    let status = StatusCode::from_u16(action.status?).ok()?;
    let code = action.code.as_deref().unwrap_or_else(|| usual_code(status.as_u16()));
    let message = action.message.as_deref().unwrap_or("Injected fault.");
    Some(OssResponse::error(&OssError::new(status, code, message), context))
}

/// Applies a fault to a finished response.
pub(crate) fn modify(response: &mut OssResponse, action: &Action) {
    if action.bad_crc
        && let Some(crc) =
            text(response, "x-oss-hash-crc64ecma").and_then(|v| v.parse::<u64>().ok())
    {
        response.set("x-oss-hash-crc64ecma", &(crc ^ 1).to_string());
    }
    if action.bad_etag {
        if let Some(etag) = text(response, "etag") {
            response.set("etag", &wrong_etag(&etag));
        }
        edit(response, |document| {
            let parts: Vec<String> = document
                .split_inclusive("<ETag>")
                .enumerate()
                .map(|(index, text)| if index == 0 { text.to_owned() } else { wrong_etag(text) })
                .collect();
            parts.concat()
        });
    }
    for (from, to) in &action.replace {
        edit(response, |document| document.replace(from, to));
    }
    for name in &action.remove_headers {
        response.headers.remove(name.as_str());
    }
    for (name, value) in &action.headers {
        if let (Ok(name), Ok(value)) =
            (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_bytes()))
        {
            response.headers.insert(name, value);
        }
    }
}

/// Returns how to write the response.
pub(crate) fn write_plan(action: &Action) -> WritePlan {
    let stall = action.stall.as_ref().filter(|stall| stall.at == Direction::Response);
    WritePlan {
        cut: action.cut_response_at.map(|byte| (byte, Disconnect::Close)),
        stall: stall.map(|stall| (stall.byte, stall.ms)),
        drip: action.drip.clone(),
    }
}

fn text(response: &OssResponse, name: &str) -> Option<String> {
    response.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn edit(response: &mut OssResponse, change: impl FnOnce(&str) -> String) {
    if let Content::Text(bytes) = &mut response.content
        && let Ok(document) = std::str::from_utf8(bytes)
    {
        *bytes = change(document).into();
    }
}

/// Changes the first hex digit.
fn wrong_etag(text: &str) -> String {
    match text.find(|c: char| c.is_ascii_hexdigit()) {
        None => text.to_owned(),
        Some(at) => {
            let (before, rest) = text.split_at(at);
            let digit = if rest.starts_with('0') { "1" } else { "0" };
            format!("{before}{digit}{}", rest.get(1..).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_checksums_appear_in_headers_and_documents() {
        let mut response =
            OssResponse::ok().header("etag", "\"0A\"").header("x-oss-hash-crc64ecma", "8");
        response.content = Content::Text("<a><ETag>\"FF\"</ETag><ETag>0F</ETag></a>".into());
        let action = Action { bad_crc: true, bad_etag: true, ..Action::default() };
        modify(&mut response, &action);
        assert_eq!(text(&response, "etag").unwrap(), "\"1A\"");
        assert_eq!(text(&response, "x-oss-hash-crc64ecma").unwrap(), "9");
        let Content::Text(document) = response.content else { panic!("text") };
        assert_eq!(document, "<a><ETag>\"0F\"</ETag><ETag>1F</ETag></a>");
    }
}
