//! The official environment variables.

use crate::error::{Error, ErrorKind, Result};
use crate::sign::AccessKey;

pub(crate) const ACCESS_KEY_ID: &str = "OSS_ACCESS_KEY_ID";
pub(crate) const ACCESS_KEY_SECRET: &str = "OSS_ACCESS_KEY_SECRET";
pub(crate) const SESSION_TOKEN: &str = "OSS_SESSION_TOKEN";

/// Empty counts as missing; only the token may be missing.
pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<AccessKey> {
    let value = |name: &str| variable(name).filter(|value| !value.is_empty());
    let required = |name: &str| {
        value(name).ok_or_else(|| {
            Error::new(ErrorKind::Credentials, "the environment variable is not set")
                .with_argument(name)
        })
    };
    let key = AccessKey::new(required(ACCESS_KEY_ID)?, required(ACCESS_KEY_SECRET)?)?;
    match value(SESSION_TOKEN) {
        Some(token) => key.with_token(token),
        None => Ok(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        let only_id = |name: &str| (name == ACCESS_KEY_ID).then(|| "id".to_owned());
        let error = read(only_id).unwrap_err();
        assert_eq!((error.kind(), error.argument()), (ErrorKind::Credentials, ACCESS_KEY_SECRET));
    }

    #[test]
    fn the_token_may_be_missing_and_empty_is_missing() {
        let all = |name: &str| Some(if name == SESSION_TOKEN { "" } else { name }.to_owned());
        assert!(read(all).is_ok());
        assert!(read(|_| Some(String::new())).is_err());
    }
}
