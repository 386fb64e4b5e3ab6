//! The body on its way to ureq: paced, counted, and cut short when the response is there.

use std::io::{self, Read};
use std::rc::Rc;

use super::exchange::{Call, Pace};
use super::exchange_state::ExchangeState;
use crate::error::Error;
use crate::wire::{Body, BodyReader, Sent};

pub(super) struct BodyWriter<'a> {
    reader: BodyReader<'a>,
    state: Rc<ExchangeState>,
    progress: Option<&'a (dyn Fn(u64) + Sync)>,
    pace: Option<&'a dyn Pace>,
    /// Bytes that ureq still wants.
    left: u64,
    reported: u64,
}

impl<'a> BodyWriter<'a> {
    pub(super) fn new(body: &'a Body, call: &Call<'a>, state: Rc<ExchangeState>) -> Self {
        Self {
            reader: body.reader(),
            state,
            progress: call.progress,
            pace: call.pace,
            left: body.length(),
            reported: 0,
        }
    }

    pub(super) fn sent(&self) -> Sent {
        self.reader.sent()
    }

    /// Tells of what went out since the last time.
    pub(super) fn report(&mut self) {
        let sent = self.state.body_sent();
        let news = sent.saturating_sub(self.reported);
        if let Some(progress) = self.progress.filter(|_| news > 0) {
            self.reported = sent;
            progress(news);
        }
    }

    fn step(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let limit = if self.pace.is_some() { PACED_STEP } else { buffer.len() };
        let length = buffer.len().min(limit);
        let count = match self.reader.pass(length) {
            Some(range) => {
                let count = usize::try_from(range.end - range.start).unwrap_or(length);
                self.state.lend(range);
                count
            }
            None => self.reader.read(buffer.get_mut(..length).unwrap_or_default())?,
        };
        if let Some(pace) = self.pace {
            self.state.pause(pace.take(count))?;
        }
        Ok(count)
    }
}

impl Read for BodyWriter<'_> {
    /// ureq has sent all that it read before when it reads again. It would wait for ever for the
    /// rest of a body that ends too soon, so that is an error, and once the response is there the
    /// rest is made up: it goes nowhere.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.state.head_is_sent();
        self.report();
        let count = if self.state.is_cut_short() {
            usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len())
        } else {
            self.step(buffer).map_err(io::Error::other)?
        };
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}

/// With a limit to the rate, smaller steps make an even stream.
const PACED_STEP: usize = 16 * 1024;
