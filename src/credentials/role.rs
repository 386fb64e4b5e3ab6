//! The parameters of an assumed role.

use std::time::Duration;

use super::fetch_context::unusable;
use crate::error::{Error, Result};
use crate::limits;

/// The parameters of AssumeRole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session_name: String,
    pub(super) duration: Duration,
    /// Restricts the permissions of the session.
    pub(super) policy: Option<String>,
    pub(super) external_id: Option<String>,
}

impl Role {
    /// Creates a role with the default duration and without a policy. Only the syntax is checked
    /// here.
    pub(super) fn new(arn: &str, session_name: &str) -> Result<Self> {
        let account_and_name = arn.strip_prefix("acs:ram::").and_then(|rest| rest.split_once(':'));
        let is_role = account_and_name.is_some_and(|(account, name)| {
            let name = name.strip_prefix("role/").unwrap_or_default();
            !account.is_empty() && !name.is_empty() && arn.bytes().all(|b| b.is_ascii_graphic())
        });
        if !is_role {
            return Err(Error::invalid(
                "credentials",
                "the ARN of a role is acs:ram::ACCOUNT:role/NAME",
            ));
        }
        let good = |c: char| c.is_ascii_alphanumeric() || ".@-_".contains(c);
        if !(2..=64).contains(&session_name.len()) || !session_name.chars().all(good) {
            return Err(unusable(
                "the name of a role session has 2 to 64 letters, digits and .@-_",
            ));
        }
        Ok(Self {
            arn: arn.to_owned(),
            session_name: session_name.to_owned(),
            duration: limits::ROLE_DURATION_DEFAULT,
            policy: None,
            external_id: None,
        })
    }

    /// Sets the duration; zero means the default.
    pub(super) fn with_duration(self, seconds: u64) -> Result<Self> {
        let duration = match seconds {
            0 => limits::ROLE_DURATION_DEFAULT,
            _ => Duration::from_secs(seconds),
        };
        if duration < limits::ROLE_DURATION_MIN {
            return Err(unusable("the duration of a role session is at least 900 seconds"));
        }
        Ok(Self { duration, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_arns_and_session_names_are_refused() {
        let good = "acs:ram::123456789012:role/upload-role";
        assert!(Role::new(good, "a.b@c-d_1").is_ok());
        for arn in ["", "upload-role", "acs:ram::1:user/a", "acs:ram::1:role/", "acs:ram:::role/a"]
        {
            assert!(Role::new(arn, "session").is_err(), "{arn}");
        }
        for name in ["", "a", "a b", &"a".repeat(65)] {
            assert!(Role::new(good, name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_duration_has_a_minimum_and_zero_means_the_default() {
        let role = || Role::new("acs:ram::1:role/a", "session").unwrap();
        assert_eq!(role().with_duration(0).unwrap().duration, Duration::from_secs(3600));
        assert_eq!(role().with_duration(900).unwrap().duration, Duration::from_secs(900));
        assert!(role().with_duration(899).is_err());
    }
}
