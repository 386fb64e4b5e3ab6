//! JSON with secrets in it: wiped when it is dropped, and never quoted in an error.

use std::time::SystemTime;

use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use super::Credentials;
use super::fetch_context::unusable;
use crate::codec::date;
use crate::error::Result;
use crate::sign::AccessKey;

/// A document or a part of one.
pub(super) struct Json(Value);

/// Whether a set of credentials must have a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Member {
    Required,
    Optional,
}

impl Json {
    /// Reads an object. The parser's own words may quote what it read, so only the place is told.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        match serde_json::from_slice(bytes) {
            Ok(value @ Value::Object(_)) => Ok(Self(value)),
            Ok(other) => {
                drop(Self(other));
                Err(unusable("the answer is no JSON object"))
            }
            Err(cause) => {
                let (line, column) = (cause.line(), cause.column());
                Err(unusable(format!("this is no JSON; line {line}, column {column}")))
            }
        }
    }

    /// An object of texts, as it is sent.
    pub(super) fn write(members: &[(&str, &str)]) -> Zeroizing<String> {
        let members = members.iter().map(|(name, text)| ((*name).to_owned(), (*text).into()));
        Zeroizing::new(Self(Value::Object(members.collect())).0.to_string())
    }

    /// The first of these members that is a text with something in it.
    pub(super) fn text(&self, names: &[&str]) -> Option<&str> {
        let texts = names.iter().filter_map(|name| self.0.get(name)?.as_str());
        texts.into_iter().find(|text| !text.is_empty())
    }

    /// True unless a member `Code` says otherwise.
    pub(super) fn says_success(&self) -> bool {
        self.0.get("Code").is_none_or(|code| {
            code.as_str().is_some_and(|code| code.eq_ignore_ascii_case("Success"))
        })
    }

    /// A whole number that is not negative.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    /// True if the member is there and true.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Takes an object out of this one.
    pub(super) fn take_object(&mut self, name: &str) -> Option<Self> {
        let value = self.0.get_mut(name)?.take();
        Some(Self(value)).filter(|json| json.0.is_object())
    }

    /// Takes the objects of a list out of this one.
    pub(super) fn take_objects(&mut self, name: &str) -> Option<Vec<Self>> {
        match self.0.get_mut(name)?.take() {
            Value::Array(list) => Some(list.into_iter().map(Self).collect()),
            other => {
                drop(Self(other));
                None
            }
        }
    }

    /// The credentials that the members of this object are, in either spelling.
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
        let missing = || unusable(format!("{} is missing in the answer", names.join(" or ")));
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

/// Recursion ends where the parser's does: at 128 levels.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn expiry_of(text: &str) -> Result<SystemTime> {
    date::parse_rfc3339(text.trim()).ok_or_else(|| unusable("the time of expiry cannot be read"))
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
    fn both_spellings_are_read() {
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
    fn what_is_wrong_is_said_without_a_word_of_the_answer() {
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
    fn a_required_member_is_asked_for() {
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
