//! Feeds the body to ureq: rate-limited, with progress reports, and stopped by an early response.

use std::io::{self, Read};
use std::rc::Rc;

use super::exchange::{ExchangeOptions, RateLimit};
use super::exchange_state::ExchangeState;
use crate::error::Error;
use crate::wire::{Body, BodyReader, Sent};

pub(super) struct BodyWriter<'a> {
    reader: BodyReader<'a>,
    state: Rc<ExchangeState>,
    progress: Option<&'a (dyn Fn(u64) + Sync)>,
    rate_limiter: Option<&'a dyn RateLimit>,
    /// Bytes that ureq has yet to read.
    unread: u64,
    /// Bytes reported to `progress`.
    reported: u64,
}

impl<'a> BodyWriter<'a> {
    pub(super) fn new(
        body: &'a Body,
        options: &ExchangeOptions<'a>,
        state: Rc<ExchangeState>,
    ) -> Self {
        Self {
            reader: body.reader(),
            state,
            progress: options.progress,
            rate_limiter: options.rate_limiter,
            unread: body.length(),
            reported: 0,
        }
    }

    pub(super) fn sent(&self) -> Sent {
        self.reader.sent()
    }

    /// Reports the bytes sent since the last report.
    pub(super) fn report(&mut self) {
        let sent = self.state.body_sent();
        let unreported = sent.saturating_sub(self.reported);
        if let Some(progress) = self.progress.filter(|_| unreported > 0) {
            self.reported = sent;
            progress(unreported);
        }
    }

    fn read_body(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let limit = self.rate_limiter.map_or(buffer.len(), RateLimit::step);
        let length = buffer.len().min(limit);
        let count = match self.reader.pass(length) {
            Some(range) => {
                let count = usize::try_from(range.end - range.start).unwrap_or(length);
                self.state.set_zero_copy(range);
                count
            }
            None => self.reader.read(buffer.get_mut(..length).unwrap_or_default())?,
        };
        if let Some(rate_limiter) = self.rate_limiter {
            let delay = rate_limiter.reserve(count);
            self.state.sleep(delay).inspect_err(|_| rate_limiter.release(count))?;
        }
        Ok(count)
    }
}

impl Read for BodyWriter<'_> {
    /// When ureq reads again, it has sent everything it read before. It never stops reading before
    /// `Content-Length` bytes, so after a stop this returns filler bytes, which the connection
    /// discards. A source that ends too early is an error.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.state.mark_head_sent();
        self.report();
        // The progress callback may have forked or canceled the call.
        self.state.check().map_err(io::Error::other)?;
        let count = if self.state.is_body_stopped() {
            usize::try_from(self.unread).unwrap_or(usize::MAX).min(buffer.len())
        } else {
            self.read_body(buffer).map_err(io::Error::other)?
        };
        self.unread = self.unread.saturating_sub(count as u64);
        Ok(count)
    }
}
