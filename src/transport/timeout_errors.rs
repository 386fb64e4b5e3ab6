//! The errors of timeouts and deadlines.

use super::exchange::TimeLimits;
use crate::error::{Error, ErrorKind, Phase};
use crate::limits;

/// The limit of a phase.
pub(super) fn phase(phase: Phase, limits: &TimeLimits) -> Error {
    let text = match phase {
        Phase::Resolve => format!("the host name was not looked up within {:?}", limits.resolve),
        Phase::Connect => format!("no connection within {:?}", limits.connect),
        Phase::Tls => format!("no TLS session within {:?}", limits.connect),
        Phase::Send | Phase::Wait => format!("no answer within {:?}", limits.response),
        Phase::Receive => format!("the answer was not complete within {:?}", limits.response),
    };
    Error::new(ErrorKind::Timeout, text)
}

/// The limit of a stall.
pub(super) fn stall(phase: Phase, limits: &TimeLimits) -> Error {
    let verb = if phase == Phase::Receive { "came" } else { "were taken" };
    let (bytes, time) = (limits::STALL_BYTES, limits.stall);
    let text = format!("fewer than {bytes} bytes {verb} in {time:?}");
    Error::new(ErrorKind::Timeout, text).with_phase(phase)
}

/// The deadline of the whole call.
pub(super) fn deadline() -> Error {
    Error::new(ErrorKind::Timeout, "the deadline of the call has passed")
}
