//! JSON with secrets: wiped when it is dropped, and never quoted in an error.

use std::time::SystemTime;

use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use super::Credentials;
use super::fetch_context::unusable;
use crate::codec::date;
use crate::error::Result;
use crate::sign::AccessKey;

/// A JSON document or a value in one.
pub(super) struct Json(Value);

/// Whether credentials must have a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Member {
    Required,
    Optional,
}

impl Json {
    /// Parses an object. Parser errors may quote the input, so the error has only the position.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        // Files and programs of Windows begin with a byte order mark.
        match serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) {
            Ok(value @ Value::Object(_)) => Ok(Self(value)),
            Ok(other) => {
                drop(Self(other));
                Err(unusable("the JSON is not an object"))
            }
            Err(cause) => {
                let (line, column) = (cause.line(), cause.column());
                Err(unusable(format!("not JSON: line {line}, column {column}")))
            }
        }
    }

    /// Writes an object of strings.
    pub(super) fn write(members: &[(&str, &str)]) -> Zeroizing<String> {
        let members = members.iter().map(|(name, text)| ((*name).to_owned(), (*text).into()));
        Zeroizing::new(Self(Value::Object(members.collect())).0.to_string())
    }

    /// Returns the first of these members that is a non-empty string.
    pub(super) fn text(&self, names: &[&str]) -> Option<&str> {
        let texts = names.iter().filter_map(|name| self.0.get(name)?.as_str());
        texts.into_iter().find(|text| !text.is_empty())
    }

    /// Returns false if there is a member `Code` other than `Success`.
    pub(super) fn is_success(&self) -> bool {
        self.0.get("Code").is_none_or(|code| {
            code.as_str().is_some_and(|code| code.eq_ignore_ascii_case("Success"))
        })
    }

    /// Returns a member that is an unsigned integer.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    /// Returns true if the member is `true`.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Removes a member that is an object and returns it.
    pub(super) fn take_object(&mut self, name: &str) -> Option<Self> {
        let value = self.0.get_mut(name)?.take();
        Some(Self(value)).filter(|json| json.0.is_object())
    }

    /// Removes a member that is an array and returns its elements.
    pub(super) fn take_objects(&mut self, name: &str) -> Option<Vec<Self>> {
        match self.0.get_mut(name)?.take() {
            Value::Array(list) => Some(list.into_iter().map(Self).collect()),
            other => {
                drop(Self(other));
                None
            }
        }
    }

    /// Reads the credentials in the members of this object, in either spelling.
    pub(super) fn credentials(&self, token: Member, expiry: Member) -> Result<Credentials> {
        let key = AccessKey::new(self.required(ID)?, self.required(SECRET)?)?;
        let access_key = match self.member(TOKEN, token)? {
            Some(token) => key.with_token(token)?,
            None => key,
        };
        let expires = self.member(EXPIRY, expiry)?.map(expiry_of).transpose()?;
        Ok(Credentials { access_key, expires })
    }

    fn required(&self, names: &[&str]) -> Result<&str> {
        let missing = || unusable(format!("{} is missing in the response", names.join(" or ")));
        self.text(names).ok_or_else(missing)
    }

    fn member(&self, names: &[&str], member: Member) -> Result<Option<&str>> {
        match member {
            Member::Required => self.required(names).map(Some),
            Member::Optional => Ok(self.text(names)),
        }
    }
}

impl Drop for Json {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// The recursion is bounded by the parser, which allows 128 levels.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn expiry_of(text: &str) -> Result<SystemTime> {
    date::parse_rfc3339(text.trim()).ok_or_else(|| unusable("the expiry is not an RFC 3339 time"))
}

const ID: &[&str] = &["AccessKeyId", "access_key_id"];
const SECRET: &[&str] = &["AccessKeySecret", "access_key_secret"];
const TOKEN: &[&str] = &["SecurityToken", "sts_token"];
const EXPIRY: &[&str] = &["Expiration", "expiration"];

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn read(text: &str) -> Result<Credentials> {
        Json::parse(text.as_bytes())?.credentials(Member::Optional, Member::Optional)
    }

    #[test]
    fn both_spellings_are_accepted() {
        for text in [
            r#"{"AccessKeyId":"i","AccessKeySecret":"s","SecurityToken":"t",
                "Expiration":"1970-01-01T00:01:00Z"}"#,
            r#"{"mode":"StsToken","access_key_id":"i","access_key_secret":"s","sts_token":"t",
                "expiration":"1970-01-01T01:01:00.0+01:00"}"#,
        ] {
            let read = read(text).unwrap();
            let key = AccessKey::new("i", "s").unwrap().with_token("t").unwrap();
            assert_eq!(read.access_key, key);
            assert_eq!(read.expires, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(60)));
        }
    }

    #[test]
    fn errors_do_not_quote_the_input() {
        for text in [
            "",
            "hidden",
            "[\"hidden\"]",
            "\"hidden\"",
            r#"{"hidden""#,
            r#"{"AccessKeyId":"hidden"}"#,
            r#"{"AccessKeyId":"i","AccessKeySecret":["hidden"]}"#,
            r#"{"AccessKeyId":"i","AccessKeySecret":"hidden","SecurityToken":"hidden\n"}"#,
            r#"{"AccessKeyId":"i","AccessKeySecret":"hidden","Expiration":"hidden"}"#,
        ] {
            let error = read(text).unwrap_err();
            assert!(!format!("{error:?}").contains("hidden"), "{text}: {error:?}");
        }
    }

    #[test]
    fn required_members_are_checked() {
        let json = Json::parse(br#"{"AccessKeyId":"i","AccessKeySecret":"s","SecurityToken":""}"#);
        let json = json.unwrap();
        assert!(json.credentials(Member::Optional, Member::Optional).is_ok());
        for (token, expiry) in
            [(Member::Required, Member::Optional), (Member::Optional, Member::Required)]
        {
            assert!(json.credentials(token, expiry).is_err(), "{token:?} {expiry:?}");
        }
    }
}
