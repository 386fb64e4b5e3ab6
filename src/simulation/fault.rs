//! The faults: what can happen to one request, or beside it while it is under way.

use Moment::{After, Before, Late};

use crate::error::{ErrorKind, Phase};

/// One fault. Each that a client cannot tell from another has its counterpart with the other effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    None,
    /// A new connection closes without a response, before or after the effect.
    Lost(Moment),
    /// The same on a connection that was kept from an earlier request, if there is one.
    StaleConnection(Moment),
    /// No connection is made: the kind of the error, and the phase in which it occurs.
    Unreachable(ErrorKind, Phase),
    /// The connection closes or stalls before the last byte of the request.
    RequestCut(ErrorKind),
    /// The program cancels before the last byte of the request is sent.
    CanceledInRequest,
    /// The service refuses before the last byte of the request is sent; the rest is not sent.
    RefusedEarly(u16, &'static str),
    /// The connection closes or stalls in the middle of the response, or the response is not HTTP.
    ResponseCut(ErrorKind, Moment),
    /// The service, or a middle layer in its words, refuses.
    Refused(u16, &'static str, Moment),
    /// The same from here on for each request of the operation; the first may take effect.
    RefusedFromNowOn(u16, &'static str, Moment),
    /// A page of a gateway, without an error document and a request ID.
    Gateway(u16, Moment),
    /// Status 200 with an error document.
    ErrorIn200(Moment),
    /// The client stops waiting; the request takes effect before any later request, or after the
    /// call has returned.
    Delayed,
    /// The client stops waiting, and the request never takes effect.
    TimedOut(Moment),
    /// The program cancels while the request is under way; then what the inner fault says.
    Canceled(Then),
    /// A proxy delivers the request twice; the client sees the second response.
    Duplicated,
    /// Another writer stores another object, or one with the same bytes; the request succeeds.
    OtherWriter,
    SameBytes,
    /// A lifecycle rule removes the upload; the request is processed after that.
    Lifecycle,
    /// Another process aborts the upload and stores an object of the same size with the same
    /// attributes; the request is processed after that.
    Replaced,
    /// The response has no CRC-64, or one that is no number.
    NoCrc,
    BadCrc,
    /// The source has other bytes from here on; the response is lost after the effect.
    SourceChanges,
    /// The next read of the source panics.
    #[cfg(shuttle)]
    SourcePanics,
    /// The process is killed before or after the effect, or the request arrives after it.
    Killed(Then),
}

/// When the request takes effect, seen from the moment at which the client stops waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Moment {
    /// Never.
    Before,
    /// Before that.
    After,
    /// At any time after it: the service goes on when a middle layer has given up.
    Late,
}

/// What happens to a request whose response is not awaited any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Then {
    /// It is lost.
    Lost,
    /// It takes effect at once.
    Done,
    /// It takes effect at any later time.
    Late,
    /// Its response still comes in time.
    Responded,
}

/// All faults in which the process lives on. The first is none.
pub(crate) const FAULTS: [Fault; 60] = [
    Fault::None,
    Fault::Lost(Before),
    Fault::Lost(After),
    Fault::Lost(Late),
    Fault::Refused(403, "AccessDenied", Before),
    Fault::Refused(503, "ServiceUnavailable", Before),
    Fault::Refused(503, "ServiceUnavailable", After),
    Fault::Refused(503, "ServiceUnavailable", Late),
    Fault::Refused(500, "InternalError", Before),
    Fault::Refused(500, "InternalError", After),
    Fault::Refused(500, "InternalError", Late),
    Fault::Refused(429, "TooManyRequests", Before),
    Fault::Refused(429, "TooManyRequests", After),
    Fault::Refused(429, "TooManyRequests", Late),
    Fault::Refused(401, "Unauthorized", Before),
    Fault::Refused(401, "Unauthorized", After),
    Fault::Refused(401, "Unauthorized", Late),
    Fault::Refused(408, "Timeout", Before),
    Fault::Refused(408, "Timeout", After),
    Fault::Refused(408, "Timeout", Late),
    Fault::Refused(400, "RequestTimeout", Before),
    Fault::Refused(400, "RequestTimeout", After),
    Fault::Refused(400, "RequestTimeout", Late),
    Fault::Refused(403, "RequestTimeTooSkewed", Before),
    Fault::Refused(403, "RequestTimeTooSkewed", After),
    Fault::Refused(403, "RequestTimeTooSkewed", Late),
    Fault::RefusedFromNowOn(403, "AccessDenied", Before),
    Fault::RefusedFromNowOn(503, "ServiceUnavailable", Before),
    Fault::RefusedFromNowOn(503, "ServiceUnavailable", After),
    Fault::RefusedFromNowOn(503, "ServiceUnavailable", Late),
    Fault::Gateway(404, Before),
    Fault::Gateway(404, After),
    Fault::Gateway(404, Late),
    Fault::Gateway(502, Before),
    Fault::Gateway(502, After),
    Fault::Gateway(502, Late),
    Fault::ErrorIn200(Before),
    Fault::ErrorIn200(After),
    Fault::ErrorIn200(Late),
    Fault::Delayed,
    Fault::TimedOut(Before),
    Fault::TimedOut(After),
    Fault::Canceled(Then::Lost),
    Fault::Canceled(Then::Done),
    Fault::Canceled(Then::Late),
    Fault::Canceled(Then::Responded),
    Fault::Duplicated,
    Fault::OtherWriter,
    Fault::SameBytes,
    Fault::Lifecycle,
    Fault::StaleConnection(Before),
    Fault::StaleConnection(After),
    Fault::StaleConnection(Late),
    Fault::Unreachable(ErrorKind::Connect, Phase::Connect),
    Fault::RequestCut(ErrorKind::Network),
    Fault::CanceledInRequest,
    Fault::RefusedEarly(403, "AccessDenied"),
    Fault::ResponseCut(ErrorKind::Protocol, Before),
    Fault::ResponseCut(ErrorKind::Protocol, After),
    Fault::ResponseCut(ErrorKind::Protocol, Late),
];

/// One of each class: those that the code judges alike and that have the same effect are one class.
/// Of the failures of a connection only those of a new one without a response are here.
pub(crate) const REPRESENTATIVES: [Fault; 24] = [
    Fault::None,
    Fault::Lost(Before),
    Fault::Lost(After),
    Fault::Lost(Late),
    Fault::Refused(403, "AccessDenied", Before),
    Fault::Refused(503, "ServiceUnavailable", Before),
    Fault::Refused(503, "ServiceUnavailable", After),
    Fault::Refused(503, "ServiceUnavailable", Late),
    Fault::Refused(500, "InternalError", Before),
    Fault::Refused(500, "InternalError", After),
    Fault::Refused(500, "InternalError", Late),
    Fault::Gateway(404, Before),
    Fault::Gateway(404, After),
    Fault::Gateway(404, Late),
    Fault::Delayed,
    Fault::TimedOut(Before),
    Fault::Canceled(Then::Lost),
    Fault::Canceled(Then::Done),
    Fault::Canceled(Then::Late),
    Fault::Canceled(Then::Responded),
    Fault::Duplicated,
    Fault::OtherWriter,
    Fault::SameBytes,
    Fault::Lifecycle,
];

/// For runs with three faults: of those above without a response after which the client retries one
/// of each effect, and of the others those whose effect comes last.
pub(crate) const BASIC_FAULTS: [Fault; 16] = [
    Fault::None,
    Fault::Lost(Before),
    Fault::Lost(After),
    Fault::Lost(Late),
    Fault::Refused(403, "AccessDenied", Before),
    Fault::Refused(503, "ServiceUnavailable", Before),
    Fault::Refused(503, "ServiceUnavailable", After),
    Fault::Gateway(404, Before),
    Fault::Gateway(404, After),
    Fault::Delayed,
    Fault::Canceled(Then::Done),
    Fault::Canceled(Then::Late),
    Fault::Duplicated,
    Fault::OtherWriter,
    Fault::SameBytes,
    Fault::Lifecycle,
];

/// What a scenario adds to each list.
pub(crate) const KILLS: [Fault; 3] =
    [Fault::Killed(Then::Lost), Fault::Killed(Then::Done), Fault::Killed(Then::Late)];
pub(crate) const REPLACED: [Fault; 1] = [Fault::Replaced];
#[cfg(shuttle)]
pub(crate) const SOURCE_PANICS: [Fault; 1] = [Fault::SourcePanics];
pub(crate) const NO_CRC: [Fault; 2] = [Fault::NoCrc, Fault::BadCrc];
pub(crate) const SOURCE_CHANGES: [Fault; 1] = [Fault::SourceChanges];

/// Faults that the code above the transport handles like one of the others; the contract test has
/// them besides.
pub(crate) const LIKE_OTHERS: [Fault; 7] = [
    Fault::Unreachable(ErrorKind::Resolve, Phase::Resolve),
    Fault::Unreachable(ErrorKind::Timeout, Phase::Resolve),
    Fault::Unreachable(ErrorKind::Timeout, Phase::Connect),
    Fault::Unreachable(ErrorKind::Timeout, Phase::Tls),
    Fault::RequestCut(ErrorKind::Timeout),
    Fault::ResponseCut(ErrorKind::Network, Before),
    Fault::ResponseCut(ErrorKind::Timeout, Before),
];

impl Fault {
    /// The name in a list of choices that is printed: stable when faults are added.
    pub(crate) fn name(self) -> String {
        format!("{self:?}").replace([' ', '"'], "")
    }
}
