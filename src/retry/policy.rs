//! The table: what went wrong and how the operation may be repeated, to what is done about it.
//!
//! `docs/protocol.md` lists where it differs from the official SDKs, and why.

use std::time::{Duration, SystemTime};

use crate::ops::RetrySafety;

/// Why an attempt failed, as far as retrying is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FailureClass {
    /// No byte of the request reached the server, and another attempt may help.
    NotSent,
    /// The request may have arrived; no complete response was received.
    ResponseLost {
        /// The connection had served an earlier request.
        reused_connection: bool,
    },
    /// The service responded with an error.
    Refused(Refusal),
    /// The checksum that the service reports is not the one of the bytes sent.
    Mismatch,
    /// Another attempt would fail the same way: bad argument, cancellation, bad certificate.
    Final,
}

/// An error response.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    /// From the header `Retry-After`.
    pub(crate) retry_after: Option<Duration>,
    /// From the header `Date` or the error document.
    pub(crate) server_time: Option<SystemTime>,
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Report it.
    Stop,
    /// Try again after a back-off.
    Retry,
    /// Put something right, then try again.
    RetryAfter(Remedy),
}

/// What has to be put right before the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Take the time from the server's `Date`.
    CorrectClock,
    /// Ask the credential source again, past its cache.
    FreshCredentials,
}

/// Judges one failed attempt.
pub(crate) fn judge(failure: &FailureClass, safety: RetrySafety) -> Verdict {
    match failure {
        FailureClass::Final => Verdict::Stop,
        FailureClass::NotSent => Verdict::Retry,
        FailureClass::ResponseLost { .. } | FailureClass::Mismatch => match safety {
            RetrySafety::AlwaysSafe => Verdict::Retry,
            RetrySafety::UnsafeAfterEffect => Verdict::Stop,
        },
        FailureClass::Refused(refusal) => judge_refusal(refusal.status, &refusal.code, safety),
    }
}

/// True if the service did not even begin with a request that it answered so.
pub(crate) fn is_throttled(status: u16) -> bool {
    matches!(status, 429 | 503)
}

fn judge_refusal(status: u16, code: &str, safety: RetrySafety) -> Verdict {
    match (status, code) {
        (_, "RequestTimeTooSkewed") => Verdict::RetryAfter(Remedy::CorrectClock),
        (_, "SecurityTokenExpired" | "InvalidSecurityToken" | "InvalidAccessKeyId") => {
            Verdict::RetryAfter(Remedy::FreshCredentials)
        }
        (_, "RequestTimeout" | "BadRequest") | (401 | 408, _) => Verdict::Retry,
        (status, _) if is_throttled(status) => Verdict::Retry,
        // The service may have done what it then failed to report.
        (500.., _) if safety == RetrySafety::AlwaysSafe => Verdict::Retry,
        _ => Verdict::Stop,
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
    fn every_status_and_code_of_the_protocol_notes_has_its_verdict() {
        use Remedy::{CorrectClock, FreshCredentials};
        let clock = Verdict::RetryAfter(CorrectClock);
        let fresh = Verdict::RetryAfter(FreshCredentials);
        for (status, code, freely, once) in [
            (401, "", Verdict::Retry, Verdict::Retry),
            (408, "", Verdict::Retry, Verdict::Retry),
            (429, "TooManyRequests", Verdict::Retry, Verdict::Retry),
            (500, "InternalError", Verdict::Retry, Verdict::Stop),
            (502, "", Verdict::Retry, Verdict::Stop),
            (503, "ServiceUnavailable", Verdict::Retry, Verdict::Retry),
            (503, "UploadTrafficRateLimitExceeded", Verdict::Retry, Verdict::Retry),
            (504, "", Verdict::Retry, Verdict::Stop),
            (400, "RequestTimeout", Verdict::Retry, Verdict::Retry),
            (400, "BadRequest", Verdict::Retry, Verdict::Retry),
            (403, "RequestTimeTooSkewed", clock, clock),
            (403, "SecurityTokenExpired", fresh, fresh),
            (403, "InvalidSecurityToken", fresh, fresh),
            (403, "InvalidAccessKeyId", fresh, fresh),
            (203, "CallbackFailed", Verdict::Stop, Verdict::Stop),
            (301, "", Verdict::Stop, Verdict::Stop),
            (307, "", Verdict::Stop, Verdict::Stop),
            (400, "InvalidArgument", Verdict::Stop, Verdict::Stop),
            (400, "InvalidDigest", Verdict::Stop, Verdict::Stop),
            (400, "InvalidPart", Verdict::Stop, Verdict::Stop),
            (400, "EntityTooSmall", Verdict::Stop, Verdict::Stop),
            (403, "AccessDenied", Verdict::Stop, Verdict::Stop),
            (403, "SignatureDoesNotMatch", Verdict::Stop, Verdict::Stop),
            (404, "NoSuchUpload", Verdict::Stop, Verdict::Stop),
            (409, "FileAlreadyExists", Verdict::Stop, Verdict::Stop),
            (409, "PartAlreadyExist", Verdict::Stop, Verdict::Stop),
            (412, "PreconditionFailed", Verdict::Stop, Verdict::Stop),
        ] {
            assert_eq!(
                judge(&refused(status, code), RetrySafety::AlwaysSafe),
                freely,
                "{status} {code}"
            );
            assert_eq!(
                judge(&refused(status, code), RetrySafety::UnsafeAfterEffect),
                once,
                "{status} {code} once"
            );
        }
    }

    #[test]
    fn every_other_status_is_repeated_from_500_on_only() {
        for status in (300..600).filter(|status| ![401, 408, 429, 503].contains(status)) {
            let freely = if status >= 500 { Verdict::Retry } else { Verdict::Stop };
            assert_eq!(judge(&refused(status, ""), RetrySafety::AlwaysSafe), freely, "{status}");
            assert_eq!(
                judge(&refused(status, ""), RetrySafety::UnsafeAfterEffect),
                Verdict::Stop,
                "{status} once"
            );
        }
    }

    /// The rows of the table in `docs/protocol.md`: what it is about, and what it says of us.
    fn deviations() -> Vec<(String, String)> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/protocol.md");
        let text = std::fs::read_to_string(path).unwrap();
        let table = text.split_once("| situation |").unwrap().1.split("\n\n").next().unwrap();
        let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect();
        let rows = table.lines().skip(2).map(cells);
        rows.map(|cells: Vec<String>| (cells[1].clone(), cells[3].clone())).collect()
    }

    #[test]
    fn the_documented_table_of_deviations_says_what_is_done() {
        let rows = deviations();
        let said = |situation: &str, words: &str| {
            let row = rows.iter().find(|row| row.0.contains(situation)).expect(situation);
            assert!(row.1.contains(words), "{situation}: {}", row.1);
        };
        for (status, code) in [(401, ""), (408, ""), (429, ""), (500, ""), (400, "BadRequest")] {
            let situation = if code.is_empty() { "401, 408, 429, 5xx" } else { "`BadRequest`" };
            said(situation, "repeated");
            assert_eq!(judge(&refused(status, code), RetrySafety::AlwaysSafe), Verdict::Retry);
        }
        said("`RequestTimeTooSkewed`", "the same");
        said("`RequestTimeout`", "repeated");
        for code in ["SecurityTokenExpired", "InvalidSecurityToken", "InvalidAccessKeyId"] {
            said(&format!("`{code}`"), "repeated once, after the provider was asked anew");
            let fresh = Verdict::RetryAfter(Remedy::FreshCredentials);
            assert_eq!(judge(&refused(403, code), RetrySafety::AlwaysSafe), fresh);
        }
        let longest = limits::RETRY_AFTER_MAX.as_secs();
        said("`Retry-After`", &format!("obeyed up to {longest} s"));
        assert_eq!(limits::FREE_RETRIES_MAX, 4);
        said("a kept-alive connection that had died", "for free, up to four times");
        said("a time-out on a kept-alive", "are not used again");
        said("attempts", &limits::ATTEMPTS_DEFAULT.to_string());
        assert_eq!(rows.len(), 12, "a row is not looked at");
    }

    #[test]
    fn a_lost_answer_is_repeated_only_where_that_is_harmless() {
        for (failure, freely, once) in [
            (FailureClass::NotSent, Verdict::Retry, Verdict::Retry),
            (
                FailureClass::ResponseLost { reused_connection: false },
                Verdict::Retry,
                Verdict::Stop,
            ),
            (FailureClass::Mismatch, Verdict::Retry, Verdict::Stop),
            (FailureClass::Final, Verdict::Stop, Verdict::Stop),
        ] {
            assert_eq!(judge(&failure, RetrySafety::AlwaysSafe), freely, "{failure:?}");
            assert_eq!(judge(&failure, RetrySafety::UnsafeAfterEffect), once, "{failure:?} once");
        }
    }
}
