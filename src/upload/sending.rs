//! Parts that are read from a source and sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::SentPart;
use super::destination::Destination;
use super::digests::Digests;
use super::parallel::PartWork;
use super::progress::Meter;
use super::resume::Begun;
use super::source::Source;
use crate::client::{CallContext, Caller, Rate};
use crate::error::Result;
use crate::model::{PartNumber, PartRange};
use crate::ops::ListedPart;
use crate::runtime::{Cancel, Deadline};

/// Sends parts of a source to one upload.
pub(super) struct Sending {
    pub(super) caller: Arc<Caller>,
    pub(super) destination: Destination,
    pub(super) source: Source,
    /// Parts that OSS has already, from an earlier try.
    pub(super) listed: BTreeMap<PartNumber, ListedPart>,
    /// If `Content-MD5` goes with every part.
    pub(super) digests: Option<Digests>,
    pub(super) meter: Arc<Meter>,
    pub(super) rate: Option<Rate>,
    pub(super) deadline: Deadline,
}

impl PartWork for Sending {
    fn make(&self, part: PartRange, stop: &Cancel) -> Result<SentPart> {
        self.check_unchanged()?;
        if let Some(resumed) = Begun::part(&self.listed, part, &self.source)? {
            self.meter.part_resumed(resumed.size);
            return Ok(resumed);
        }
        let body = self.source.body(part.offset, part.length);
        let md5 = match &self.digests {
            Some(digests) => Some(digests.of(part, &self.source, stop)?),
            None => None,
        };
        let context = CallContext {
            deadline: self.deadline,
            observer: Some(&*self.meter),
            rate: self.rate.as_ref(),
            ..CallContext::new(stop)
        };
        self.destination.send_part(&self.caller, part.number, body, md5, &context)
    }

    fn check_unchanged(&self) -> Result<()> {
        self.source.check_unchanged()
    }
}
