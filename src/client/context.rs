//! What a call is told, and what comes of it.

use super::Rate;
use crate::error::Error;
use crate::runtime::{Cancel, Deadline};
use crate::transport::AfterSent;
use crate::wire::Sent;

/// What a call is told by whoever makes it.
pub(crate) struct CallContext<'a> {
    pub(crate) cancel: &'a Cancel,
    pub(crate) deadline: Deadline,
    pub(crate) after_sent: AfterSent,
    /// Compare the service's CRC-64 of a body with ours.
    pub(crate) check_crc64: bool,
    pub(crate) observer: Option<&'a dyn Observer>,
    /// A limit of this upload's, besides that of the client.
    pub(crate) rate: Option<&'a Rate>,
    /// The call asks whether something is there, so that a 404 is no failure to the log.
    pub(crate) asks_whether: bool,
}

/// Sees what goes on while a call runs; called on the thread that makes the call.
pub(crate) trait Observer: Sync {
    /// That many more bytes of a body went onto the wire.
    fn sent(&self, bytes: u64);

    /// The request will be sent again.
    fn retried(&self);
}

/// A call that succeeded.
#[derive(Debug)]
pub(crate) struct Answer<R> {
    pub(crate) reply: R,
    pub(crate) sent: Sent,
    /// An earlier attempt, whose answer was lost, may have had its effect as well.
    pub(crate) perhaps_done_before: bool,
}

/// A call that failed.
#[derive(Debug)]
pub(crate) struct Defeat {
    pub(crate) error: Error,
    /// An attempt may have had its effect all the same.
    pub(crate) perhaps_done: bool,
}

impl From<Defeat> for Error {
    fn from(defeat: Defeat) -> Self {
        defeat.error
    }
}

impl<'a> CallContext<'a> {
    pub(crate) fn new(cancel: &'a Cancel) -> Self {
        Self {
            cancel,
            deadline: Deadline::NEVER,
            after_sent: AfterSent::Cut,
            check_crc64: true,
            observer: None,
            rate: None,
            asks_whether: false,
        }
    }
}
