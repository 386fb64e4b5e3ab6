//! The access keys of the server.

use crate::error::OssError;

/// An access key, permanent or temporary.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessKey {
    /// AccessKeyId.
    pub id: String,
    /// AccessKeySecret.
    pub secret: String,
    /// STS token of a temporary key.
    pub token: Option<String>,
    /// Whether the temporary key has expired: 403 SecurityTokenExpired.
    pub expired: bool,
    /// Whether the key belongs to the bucket owner. Others are limited by ACLs and requester-pays.
    pub owner: bool,
}

impl AccessKey {
    /// Creates a permanent key of the owner.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        let (id, secret) = (id.into(), secret.into());
        Self { id, secret, token: None, expired: false, owner: true }
    }

    /// Makes it a temporary key with this token.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Makes it a key of an account that owns no buckets.
    #[must_use]
    pub fn foreign(mut self) -> Self {
        self.owner = false;
        self
    }
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Finds the access key with this ID and token.
pub(crate) fn find<'a>(
    keys: &'a [AccessKey],
    id: &str,
    token: Option<&str>,
) -> Result<&'a AccessKey, OssError> {
    let unknown = || {
        OssError::forbidden(
            "InvalidAccessKeyId",
            "The OSS Access Key Id you provided does not exist in our records.",
        )
        .with("OSSAccessKeyId", id)
    };
    if !keys.iter().any(|key| key.id == id) {
        return Err(unknown());
    }
    if let Some(key) = keys.iter().find(|key| key.id == id && key.token.as_deref() == token) {
        if key.expired {
            return Err(OssError::forbidden(
                "SecurityTokenExpired",
                "The security token you provided has expired.",
            ));
        }
        return Ok(key);
    }
    let Some(token) = token else { return Err(unknown()) };
    if keys.iter().any(|key| key.token.as_deref() == Some(token)) {
        return Err(OssError::forbidden(
            "AccessKeyIdAndSecurityTokenNotMatch",
            "The OSS access key ID and the security token do not match.",
        ));
    }
    Err(OssError::forbidden("InvalidSecurityToken", "The security token you provided is invalid."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_belongs_to_its_key() {
        let mut expired = AccessKey::new("old", "s").with_token("t3");
        expired.expired = true;
        let keys = [
            AccessKey::new("a", "s"),
            AccessKey::new("b", "s").with_token("t1"),
            AccessKey::new("c", "s").with_token("t2"),
            expired,
        ];
        let code = |id, token| find(&keys, id, token).map(|_| ()).map_err(|e| e.code);
        assert_eq!(code("a", None), Ok(()));
        assert_eq!(code("b", Some("t1")), Ok(()));
        assert_eq!(code("x", None), Err("InvalidAccessKeyId".into()));
        assert_eq!(code("b", None), Err("InvalidAccessKeyId".into()));
        assert_eq!(code("b", Some("t2")), Err("AccessKeyIdAndSecurityTokenNotMatch".into()));
        assert_eq!(code("b", Some("zzz")), Err("InvalidSecurityToken".into()));
        assert_eq!(code("old", Some("t3")), Err("SecurityTokenExpired".into()));
    }
}
