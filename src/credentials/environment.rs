//! Access keys from environment variables, under the names of the OSS SDKs or of the other SDKs.

use crate::error::{Error, ErrorKind, Result};
use crate::platform::unset_reason;
use crate::sign::AccessKey;

/// The variable names of a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyVariables {
    pub(crate) id: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) token: &'static str,
}

/// The names of the OSS SDKs.
pub(crate) const OSS: KeyVariables = KeyVariables {
    id: "OSS_ACCESS_KEY_ID",
    secret: "OSS_ACCESS_KEY_SECRET",
    token: "OSS_SESSION_TOKEN",
};

/// The names of the other Alibaba Cloud SDKs.
pub(crate) const ALIBABA_CLOUD: KeyVariables = KeyVariables {
    id: "ALIBABA_CLOUD_ACCESS_KEY_ID",
    secret: "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    token: "ALIBABA_CLOUD_SECURITY_TOKEN",
};

/// Reads a key; the token is optional. Empty variables count as missing.
pub(crate) fn read(
    names: &KeyVariables,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<AccessKey> {
    let value = |name: &str| variable(name).filter(|value| !value.is_empty());
    let required = |name: &str| {
        value(name).ok_or_else(|| {
            let text = format!("the environment variable {}", unset_reason());
            Error::new(ErrorKind::Credentials, text).with_argument(name)
        })
    };
    let key = AccessKey::new(required(names.id)?, required(names.secret)?)?;
    match value(names.token) {
        Some(token) => key.with_token(token),
        None => Ok(key),
    }
}

/// Like [`read`], but `None` if both ID and secret are missing. One without the other is an error.
pub(crate) fn find(
    names: &KeyVariables,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<AccessKey>> {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    if is_set(names.id) || is_set(names.secret) {
        read(names, variable).map(Some)
    } else {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        let only_id = |name: &str| (name == OSS.id).then(|| "id".to_owned());
        for error in [read(&OSS, only_id).unwrap_err(), find(&OSS, only_id).unwrap_err()] {
            assert_eq!(
                (error.kind(), error.argument()),
                (ErrorKind::Credentials, Some(OSS.secret))
            );
        }
        assert_eq!(find(&ALIBABA_CLOUD, only_id).unwrap(), None);
    }

    #[test]
    fn the_token_is_optional_and_empty_means_missing() {
        let all = |name: &str| Some(if name == OSS.token { "" } else { name }.to_owned());
        assert!(read(&OSS, all).is_ok());
        assert!(read(&OSS, |_| Some(String::new())).is_err());
        assert_eq!(find(&OSS, |_| Some(String::new())).unwrap(), None);
    }
}
