//! Access keys: ID, secret and, for temporary keys, a security token.

use crate::error::{Error, Result};
use crate::runtime::Secret;

/// An access key: an ID, its secret and, if it is temporary, a security token.
///
/// `Debug` shows only the ID. Secret and token are wiped from memory when the value is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    id: String,
    secret: Secret,
    token: Option<Secret>,
}

impl AccessKey {
    /// Creates a key without a token.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `access_key_id` or `access_key_secret`, if it is empty or has
    /// a character that is not allowed, for example a trailing line feed read from a file.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Result<Self> {
        let (id, secret) = (id.into(), Secret::new(secret));
        check("access_key_id", &id, char::is_ascii_graphic)?;
        if secret.expose().trim().len() != secret.expose().len() {
            let rule = "this begins or ends with a space or a line end, which is not part of a \
                        secret; remove it";
            return Err(Error::invalid("access_key_secret", rule));
        }
        check("access_key_secret", secret.expose(), |c| !c.is_control())?;
        Ok(Self { id, secret, token: None })
    }

    /// Adds the security token that STS issued with the key.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the argument `security_token`, as for [`AccessKey::new`].
    pub fn with_token(self, token: impl Into<String>) -> Result<Self> {
        let token = Secret::new(token);
        check("security_token", token.expose(), char::is_ascii_graphic)?;
        Ok(Self { token: Some(token), ..self })
    }

    /// Returns the ID. It is not secret: every signed request contains it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the secret.
    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Returns the security token of a temporary key.
    pub(crate) fn token(&self) -> Option<&Secret> {
        self.token.as_ref()
    }
}

fn check(argument: &str, text: &str, allowed: fn(&char) -> bool) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid(argument, "this must not be empty"));
    }
    if !text.chars().all(|c| allowed(&c)) {
        let rule = "this has a space, a line end or another character that is not allowed";
        return Err(Error::invalid(argument, rule));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_only_the_id() {
        let key = AccessKey::new("LTAI5t", "hunter2").unwrap().with_token("token3").unwrap();
        let text = format!("{key:?}");
        assert!(text.contains("LTAI5t"), "{text}");
        assert!(!text.contains("hunter2") && !text.contains("token3"), "{text}");
    }

    #[test]
    fn invalid_keys_are_refused_by_argument_name_and_not_shown() {
        for bad in ["", "bad\n", "bad\0", "bad\r\n", "\tbad"] {
            let key = AccessKey::new("id", "secret").unwrap();
            for (argument, result) in [
                ("access_key_id", AccessKey::new(bad, "secret")),
                ("access_key_secret", AccessKey::new("id", bad)),
                ("security_token", key.with_token(bad)),
            ] {
                let error = result.unwrap_err();
                assert_eq!(error.argument(), Some(argument), "{bad:?}");
                assert!(!error.to_string().contains("bad"), "{error}");
            }
        }
        for secret in ["secret ", " secret", "secret\n", "secret\u{a0}"] {
            let error = AccessKey::new("id", secret).unwrap_err().to_string();
            assert!(error.contains("begins or ends with a space"), "{error}");
        }
        assert!(AccessKey::new("a b", "secret").is_err());
        assert!(AccessKey::new("id", "a b").is_ok());
    }
}
