//! Decides whether a failed attempt is retried, from its failure class and the operation.
//!
//! `docs/protocol.md` lists the differences from the official SDKs, and the reasons.

use std::time::{Duration, SystemTime};

use crate::ops::RetrySafety;

/// Why an attempt failed, as far as retrying is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FailureClass {
    /// No byte of the request reached the server, and another attempt may help.
    NotSent,
    /// The request may have arrived; no complete response was received.
    ResponseLost {
        /// A reused connection was closed before the response.
        stale_connection: bool,
    },
    /// The service responded with an error.
    Refused(Refusal),
    /// The checksum that the service reports is not the one of the bytes sent.
    Mismatch,
    /// Another attempt would fail the same way: bad argument, cancellation, bad certificate.
    NotRetryable,
}

/// An error response.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    /// A proxy or gateway sent the response.
    pub(crate) is_foreign: bool,
    /// From the header `Retry-After`.
    pub(crate) retry_after: Option<Duration>,
    /// From the header `Date` or the error document.
    pub(crate) server_time: Option<SystemTime>,
}

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryDecision {
    /// Return the error.
    Fail,
    /// Retry after a back-off.
    Retry,
    /// Fix the cause, then retry.
    RecoverThenRetry(RecoveryAction),
}

/// What has to be done before the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecoveryAction {
    /// Take the time from the server's `Date`.
    CorrectClock,
    /// Discard the cached credentials and fetch new ones.
    RefreshCredentials,
}

/// Decides what follows one failed attempt.
pub(crate) fn decide(failure: &FailureClass, safety: RetrySafety) -> RetryDecision {
    match failure {
        FailureClass::NotRetryable => RetryDecision::Fail,
        FailureClass::NotSent => RetryDecision::Retry,
        FailureClass::ResponseLost { .. } | FailureClass::Mismatch => match safety {
            RetrySafety::AlwaysSafe => RetryDecision::Retry,
            RetrySafety::UnsafeAfterEffect => RetryDecision::Fail,
        },
        FailureClass::Refused(Refusal { status: 404, is_foreign: true, .. }) => {
            decide_refusal(BAD_GATEWAY, "", safety)
        }
        FailureClass::Refused(refusal) => decide_refusal(refusal.status, &refusal.code, safety),
    }
}

/// Returns true if the same call may succeed later, although this attempt may not be retried because
/// it may have taken effect.
pub(crate) fn is_temporary(failure: &FailureClass) -> bool {
    match failure {
        FailureClass::Mismatch => false,
        _ => decide(failure, RetrySafety::AlwaysSafe) == RetryDecision::Retry,
    }
}

/// Returns true for the statuses with which OSS throttles. They are always retried, although they
/// do not prove that the request had no effect: the evidence stays `Uncertain`.
pub(crate) fn is_throttled(status: u16) -> bool {
    matches!(status, 429 | 503)
}

/// What a 404 page of a proxy means.
const BAD_GATEWAY: u16 = 502;

fn decide_refusal(status: u16, code: &str, safety: RetrySafety) -> RetryDecision {
    match (status, code) {
        (_, "RequestTimeTooSkewed") => {
            RetryDecision::RecoverThenRetry(RecoveryAction::CorrectClock)
        }
        (_, "SecurityTokenExpired" | "InvalidSecurityToken" | "InvalidAccessKeyId") => {
            RetryDecision::RecoverThenRetry(RecoveryAction::RefreshCredentials)
        }
        (_, "RequestTimeout" | "BadRequest") | (401 | 408, _) => RetryDecision::Retry,
        (status, _) if is_throttled(status) => RetryDecision::Retry,
        // The request may have taken effect.
        (500.., _) if safety == RetrySafety::AlwaysSafe => RetryDecision::Retry,
        _ => RetryDecision::Fail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    fn refused(status: u16, code: &str) -> FailureClass {
        let code = code.to_owned();
        FailureClass::Refused(Refusal { status, code, ..Refusal::default() })
    }

    #[test]
    fn every_status_and_code_of_the_protocol_notes_has_its_decision() {
        use RecoveryAction::{CorrectClock, RefreshCredentials};
        let clock = RetryDecision::RecoverThenRetry(CorrectClock);
        let refresh = RetryDecision::RecoverThenRetry(RefreshCredentials);
        for (status, code, always_safe, after_effect) in [
            (401, "", RetryDecision::Retry, RetryDecision::Retry),
            (408, "", RetryDecision::Retry, RetryDecision::Retry),
            (429, "TooManyRequests", RetryDecision::Retry, RetryDecision::Retry),
            (500, "InternalError", RetryDecision::Retry, RetryDecision::Fail),
            (502, "", RetryDecision::Retry, RetryDecision::Fail),
            (503, "ServiceUnavailable", RetryDecision::Retry, RetryDecision::Retry),
            (503, "UploadTrafficRateLimitExceeded", RetryDecision::Retry, RetryDecision::Retry),
            (504, "", RetryDecision::Retry, RetryDecision::Fail),
            (400, "RequestTimeout", RetryDecision::Retry, RetryDecision::Retry),
            (400, "BadRequest", RetryDecision::Retry, RetryDecision::Retry),
            (403, "RequestTimeTooSkewed", clock, clock),
            (403, "SecurityTokenExpired", refresh, refresh),
            (403, "InvalidSecurityToken", refresh, refresh),
            (403, "InvalidAccessKeyId", refresh, refresh),
            (203, "CallbackFailed", RetryDecision::Fail, RetryDecision::Fail),
            (301, "", RetryDecision::Fail, RetryDecision::Fail),
            (307, "", RetryDecision::Fail, RetryDecision::Fail),
            (400, "InvalidArgument", RetryDecision::Fail, RetryDecision::Fail),
            (400, "InvalidDigest", RetryDecision::Fail, RetryDecision::Fail),
            (400, "InvalidPart", RetryDecision::Fail, RetryDecision::Fail),
            (400, "EntityTooSmall", RetryDecision::Fail, RetryDecision::Fail),
            (403, "AccessDenied", RetryDecision::Fail, RetryDecision::Fail),
            (403, "SignatureDoesNotMatch", RetryDecision::Fail, RetryDecision::Fail),
            (404, "NoSuchUpload", RetryDecision::Fail, RetryDecision::Fail),
            (409, "FileAlreadyExists", RetryDecision::Fail, RetryDecision::Fail),
            (409, "PartAlreadyExist", RetryDecision::Fail, RetryDecision::Fail),
            (412, "PreconditionFailed", RetryDecision::Fail, RetryDecision::Fail),
        ] {
            assert_eq!(
                decide(&refused(status, code), RetrySafety::AlwaysSafe),
                always_safe,
                "{status} {code}"
            );
            assert_eq!(
                decide(&refused(status, code), RetrySafety::UnsafeAfterEffect),
                after_effect,
                "{status} {code} unsafe"
            );
        }
    }

    #[test]
    fn a_404_page_of_a_proxy_is_retried_like_a_5xx() {
        let page = |status| {
            FailureClass::Refused(Refusal { status, is_foreign: true, ..Refusal::default() })
        };
        assert_eq!(decide(&page(404), RetrySafety::AlwaysSafe), RetryDecision::Retry);
        assert_eq!(decide(&page(404), RetrySafety::UnsafeAfterEffect), RetryDecision::Fail);
        assert_eq!(decide(&page(403), RetrySafety::AlwaysSafe), RetryDecision::Fail);
    }

    #[test]
    fn of_all_other_statuses_only_5xx_are_retried() {
        for status in (300..600).filter(|status| ![401, 408, 429, 503].contains(status)) {
            let always_safe =
                if status >= 500 { RetryDecision::Retry } else { RetryDecision::Fail };
            assert_eq!(
                decide(&refused(status, ""), RetrySafety::AlwaysSafe),
                always_safe,
                "{status}"
            );
            assert_eq!(
                decide(&refused(status, ""), RetrySafety::UnsafeAfterEffect),
                RetryDecision::Fail,
                "{status} unsafe"
            );
        }
    }

    /// Returns the rows of the table in `docs/protocol.md`: the situation and what this library
    /// does.
    fn deviations() -> Vec<(String, String)> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/protocol.md");
        let text = std::fs::read_to_string(path).unwrap();
        let table = text.split_once("| situation |").unwrap().1.split("\n\n").next().unwrap();
        let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect();
        let rows = table.lines().skip(2).map(cells);
        rows.map(|cells: Vec<String>| (cells[1].clone(), cells[3].clone())).collect()
    }

    #[test]
    fn the_documented_deviations_match_the_policy() {
        let rows = deviations();
        let check = |situation: &str, words: &str| {
            let row = rows.iter().find(|row| row.0.contains(situation)).expect(situation);
            assert!(row.1.contains(words), "{situation}: {}", row.1);
        };
        for (status, code) in [(401, ""), (408, ""), (429, ""), (500, ""), (400, "BadRequest")] {
            let situation = if code.is_empty() { "401, 408, 429, 5xx" } else { "`BadRequest`" };
            check(situation, "retried");
            assert_eq!(
                decide(&refused(status, code), RetrySafety::AlwaysSafe),
                RetryDecision::Retry
            );
        }
        check("after a 429 or 503", "retried after the back-off without ListParts");
        for status in [429, 503] {
            assert_eq!(
                decide(&refused(status, ""), RetrySafety::UnsafeAfterEffect),
                RetryDecision::Retry
            );
        }
        check("`RequestTimeTooSkewed`", "the same");
        check("`RequestTimeout`", "retried");
        for code in ["SecurityTokenExpired", "InvalidSecurityToken", "InvalidAccessKeyId"] {
            check(&format!("`{code}`"), "retried once, with refreshed credentials");
            let refresh = RetryDecision::RecoverThenRetry(RecoveryAction::RefreshCredentials);
            assert_eq!(decide(&refused(403, code), RetrySafety::AlwaysSafe), refresh);
        }
        let longest = limits::RETRY_AFTER_MAX.as_secs();
        check("`Retry-After`", &format!("honored up to {longest} s"));
        assert_eq!(limits::STALE_CONNECTION_RETRIES_MAX, 4);
        check(
            "an idle connection that the server has closed",
            "not counted as an attempt, up to four times",
        );
        check("refused with 409 after a lost response", "HeadObject decides");
        let refused = refused(409, "FileImmutable");
        assert_eq!(decide(&refused, RetrySafety::AlwaysSafe), RetryDecision::Fail);
        check("a timeout on a reused connection", "are not reused");
        check("attempts", &limits::ATTEMPTS_DEFAULT.to_string());
        assert_eq!(rows.len(), 14, "a row is not checked");
    }

    #[test]
    fn a_failure_is_temporary_even_if_a_retry_is_not_safe() {
        for (failure, is_expected) in [
            (FailureClass::NotSent, true),
            (FailureClass::ResponseLost { stale_connection: false }, true),
            (refused(500, "InternalError"), true),
            (refused(403, "AccessDenied"), false),
            (refused(403, "SecurityTokenExpired"), false),
            // The object may have been created with other bytes.
            (FailureClass::Mismatch, false),
            (FailureClass::NotRetryable, false),
        ] {
            assert_eq!(is_temporary(&failure), is_expected, "{failure:?}");
        }
    }

    #[test]
    fn a_lost_response_is_retried_only_if_that_is_safe() {
        for (failure, always_safe, after_effect) in [
            (FailureClass::NotSent, RetryDecision::Retry, RetryDecision::Retry),
            (
                FailureClass::ResponseLost { stale_connection: false },
                RetryDecision::Retry,
                RetryDecision::Fail,
            ),
            (FailureClass::Mismatch, RetryDecision::Retry, RetryDecision::Fail),
            (FailureClass::NotRetryable, RetryDecision::Fail, RetryDecision::Fail),
        ] {
            assert_eq!(decide(&failure, RetrySafety::AlwaysSafe), always_safe, "{failure:?}");
            assert_eq!(
                decide(&failure, RetrySafety::UnsafeAfterEffect),
                after_effect,
                "{failure:?} unsafe"
            );
        }
    }
}
