//! The errors of expired timeouts.

use super::exchange::Timeouts;
use super::server_role::ServerRole;
use crate::error::{Error, ErrorKind, Phase};
use crate::limits;

/// The timeout of a phase expired.
pub(super) fn phase(phase: Phase, timeouts: &Timeouts, role: ServerRole) -> Error {
    let text = match phase {
        Phase::Resolve => format!(
            "the host name was not resolved within {:?}; check the DNS settings",
            timeouts.resolve
        ),
        Phase::Connect => {
            format!("no connection within {:?}; {}", timeouts.connect, role.no_connection_remedy())
        }
        Phase::Tls => format!("no TLS session within {:?}", timeouts.connect),
        Phase::Send | Phase::Wait => format!("no response within {:?}", timeouts.response),
        Phase::Receive => format!("the response was not complete within {:?}", timeouts.response),
    };
    Error::new(ErrorKind::Timeout, text)
}

/// The connection stalled.
pub(super) fn stall(phase: Phase, timeouts: &Timeouts) -> Error {
    let verb = if phase == Phase::Receive { "received" } else { "sent" };
    let (bytes, time) = (limits::STALL_BYTES, timeouts.stall);
    let text = format!("the connection stalled: fewer than {bytes} bytes {verb} in {time:?}");
    Error::new(ErrorKind::Timeout, text).with_phase(phase)
}
