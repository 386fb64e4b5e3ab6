//! Knowledge about the effect that a request had on the service.

use crate::runtime::safeguard;
use crate::wire::ServiceError;

/// What is known about the effect of a request. It only grows: see [`Evidence::join`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Evidence {
    /// The connection did not accept the whole request.
    #[default]
    NotSent,
    /// A response proves that the request had no effect.
    NoEffect,
    /// The request may have taken effect, or may still do so.
    Uncertain,
    /// A response says that the request has taken effect.
    TookEffect,
}

impl Evidence {
    /// Combines the evidence of two requests. A response proves something about its own request
    /// only, so an uncertain request stays uncertain after a later one.
    #[must_use]
    pub(crate) fn join(self, other: Self) -> Self {
        self.max(other)
    }

    pub(crate) fn may_have_taken_effect(self) -> bool {
        self >= Self::Uncertain
    }

    /// Returns what an error response proves about its own request.
    ///
    /// A 3xx or 4xx with an error document and a request ID comes from OSS, which validates a
    /// request and checks permissions before it changes anything (assumption A3 of
    /// `docs/reliability.md`), so the request had no effect. These prove nothing:
    /// - 5xx and responses without a document, which a proxy or gateway may have sent;
    /// - 401, 408, 429, `RequestTimeout`, `RequestTimeTooSkewed` and `BadRequest`, which are
    ///   retried;
    /// - errors that a second copy of the request would get (`after_own_effect`), because a proxy
    ///   may have delivered the request twice.
    pub(crate) fn of_error_response(refusal: &ServiceError, after_own_effect: bool) -> Self {
        let is_own = refusal.code != ServiceError::NO_DOCUMENT && !refusal.request_id.is_empty();
        let is_retried = !(300..500).contains(&refusal.status)
            || matches!(refusal.status, 401 | 408 | 429)
            || matches!(
                refusal.code.as_str(),
                "RequestTimeout" | "RequestTimeTooSkewed" | "BadRequest"
            );
        let proves_nothing = !is_own
            || safeguard!(RetriedRefusal, is_retried)
            || safeguard!(OwnEffect, after_own_effect);
        if proves_nothing { Self::Uncertain } else { Self::NoEffect }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, code: &str) -> ServiceError {
        let (code, request_id) = (code.to_owned(), "5C3D9175B6FC201293AD4890".to_owned());
        ServiceError { status, code, request_id, ..ServiceError::default() }
    }

    #[test]
    fn only_a_permanent_error_of_oss_proves_that_a_request_had_no_effect() {
        for (status, code, proves) in [
            (400, "InvalidArgument", true),
            (403, "AccessDenied", true),
            (404, "NoSuchBucket", true),
            (409, "ObjectNotAppendable", true),
            (307, "TemporaryRedirect", true),
            (400, "RequestTimeout", false),
            (400, "BadRequest", false),
            (403, "RequestTimeTooSkewed", false),
            (401, "Unauthorized", false),
            (408, "Timeout", false),
            (429, "TooManyRequests", false),
            (500, "InternalError", false),
            (503, "ServiceUnavailable", false),
            (403, ServiceError::NO_DOCUMENT, false),
        ] {
            let expected = if proves { Evidence::NoEffect } else { Evidence::Uncertain };
            assert_eq!(
                Evidence::of_error_response(&refusal(status, code), false),
                expected,
                "{code}"
            );
        }
        let without_id = ServiceError { request_id: String::new(), ..refusal(403, "AccessDenied") };
        assert_eq!(Evidence::of_error_response(&without_id, false), Evidence::Uncertain);
        let twice = refusal(404, "NoSuchUpload");
        assert_eq!(Evidence::of_error_response(&twice, true), Evidence::Uncertain);
    }

    #[test]
    fn an_uncertain_request_stays_uncertain_whatever_a_later_one_shows() {
        assert_eq!(Evidence::Uncertain.join(Evidence::NoEffect), Evidence::Uncertain);
        assert_eq!(Evidence::NotSent.join(Evidence::NoEffect), Evidence::NoEffect);
        assert_eq!(Evidence::Uncertain.join(Evidence::TookEffect), Evidence::TookEffect);
    }
}
