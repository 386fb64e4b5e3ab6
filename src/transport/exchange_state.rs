//! The exchange that runs on this thread: its phase, its clocks and what it has moved.
//!
//! A kept connection serves one exchange after the other, so it cannot own the rules of any. It
//! finds them here: [`enter`] makes an exchange the current one of the thread until its guard is
//! dropped. All waits for sockets and the resolver end in [`ExchangeState::wait`].

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::os::fd::RawFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::exchange::{Call, CancelPolicy, TimeLimits};
use super::stall_timer::StallTimer;
use super::timeout_errors;
use super::unsent_bytes::unsent_bytes;
use crate::error::{Error, Phase, Result};
use crate::runtime::{Cancel, CleanupBudget, Deadline, Interest, Wake};
use crate::wire::Body;

/// The state of one exchange.
#[derive(Debug)]
pub(super) struct ExchangeState {
    cancel: Cancel,
    limits: TimeLimits,
    deadline: Deadline,
    /// Set if a response is awaited after a cancellation.
    cleanup_budget: Option<Arc<CleanupBudget>>,
    phase: Cell<Phase>,
    /// When the phase must be over, but for stalls.
    phase_ends: Cell<Deadline>,
    stall: StallTimer,
    /// Set when the call ends early after the request was sent: why, and until when the response is
    /// awaited.
    grace: RefCell<Option<(Error, Deadline)>>,
    body: Body,
    /// The body follows its head without a pause.
    has_body_at_once: bool,
    /// Bytes of the body that are sent from where they are.
    lent: RefCell<Option<Range<u64>>>,
    /// Bytes of the request that the connection took.
    sent: Cell<u64>,
    /// How many of them came before the body.
    head: Cell<Option<u64>>,
    received: Cell<u64>,
    connected: Cell<bool>,
    /// Why no more of the body is sent.
    ended_early: RefCell<Option<EarlyEnd>>,
}

/// Why a body was not sent to its end.
#[derive(Debug, Clone)]
pub(super) enum EarlyEnd {
    /// The response has come.
    Answered,
    /// The connection takes no more; there may be a response on it.
    Refused(Error),
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<ExchangeState>>> = const { RefCell::new(None) };
}

/// Puts back the exchange that was the current one before.
#[derive(Debug)]
pub(super) struct Guard(Option<Rc<ExchangeState>>);

/// Makes this exchange the current one of the thread.
pub(super) fn enter(state: Rc<ExchangeState>) -> Guard {
    Guard(CURRENT.with(|current| current.replace(Some(state))))
}

/// The current exchange of this thread.
pub(super) fn current() -> Result<Rc<ExchangeState>> {
    CURRENT
        .with(|current| current.borrow().clone())
        .ok_or_else(|| Error::internal("a connection is used outside an exchange"))
}

impl Drop for Guard {
    fn drop(&mut self) {
        CURRENT.with(|current| current.replace(self.0.take()));
    }
}

impl ExchangeState {
    pub(super) fn new(call: &Call<'_>, body: &Body) -> Self {
        Self {
            body: body.clone(),
            lent: RefCell::new(None),
            has_body_at_once: body.length() > 0 && call.pace.is_none(),
            cancel: call.cancel.clone(),
            limits: call.limits,
            deadline: call.deadline,
            cleanup_budget: match call.cancel_policy {
                CancelPolicy::Cut => None,
                CancelPolicy::AwaitResponse(budget) => Some(Arc::clone(budget)),
            },
            phase: Cell::new(Phase::Resolve),
            phase_ends: Cell::new(Deadline::NEVER),
            stall: StallTimer::default(),
            grace: RefCell::new(None),
            sent: Cell::new(0),
            head: Cell::new(None),
            received: Cell::new(0),
            connected: Cell::new(false),
            ended_early: RefCell::new(None),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Begins a phase and its clock. TLS runs on the clock of connecting, and receiving on that of
    /// the wait for the response.
    pub(super) fn begin(&self, phase: Phase) {
        let before = self.phase.replace(phase);
        if before == phase && phase != Phase::Resolve {
            return;
        }
        self.stall.restart();
        match phase {
            Phase::Resolve => self.phase_ends.set(Deadline::after(self.limits.resolve)),
            // Behind a proxy's own TLS the clock of connecting goes on.
            Phase::Connect if before == Phase::Tls => {}
            Phase::Connect => self.phase_ends.set(Deadline::after(self.limits.connect)),
            Phase::Tls => {}
            // The clock of the response starts when the kernel has sent all that it was given.
            Phase::Send | Phase::Wait => self.phase_ends.set(Deadline::NEVER),
            Phase::Receive if self.phase_ends.get() != Deadline::NEVER => {}
            Phase::Receive => self.phase_ends.set(Deadline::after(self.limits.response)),
        }
    }

    /// The time that is left for the phase, divided by the number of attempts.
    pub(super) fn share(&self, tries: usize) -> Deadline {
        let tries = u32::try_from(tries).unwrap_or(u32::MAX).max(1);
        self.phase_ends.get().left().map_or(Deadline::NEVER, |left| Deadline::after(left / tries))
    }

    /// An error if the call was canceled or is too late. Each step asks, because a peer that is
    /// always ready is never waited for.
    pub(super) fn check(&self) -> Result<()> {
        if self.cancel.is_triggered() {
            self.interrupt(Error::canceled())?;
        } else if self.deadline.has_passed() {
            self.interrupt(timeout_errors::deadline())?;
        }
        if self.phase_ends.get().has_passed() {
            Err(timeout_errors::phase(self.phase(), &self.limits))
        } else {
            Ok(())
        }
    }

    /// Waits until the descriptor is ready, or until `slice` has passed: then returns false.
    /// Every other end of the wait is an error.
    pub(super) fn wait(&self, fd: RawFd, interest: Interest, slice: Deadline) -> Result<bool> {
        loop {
            self.start_response_clock(fd);
            let (token, outer) = match &*self.grace.borrow() {
                Some((_, until)) => (Cancel::never(), *until),
                None => (self.cancel.clone(), self.deadline),
            };
            let watched = self.watches_stall();
            let rule = if watched { self.stall.ends(self.limits.stall) } else { Deadline::NEVER };
            let until = self.phase_ends.get().earlier(rule).earlier(outer).earlier(slice);
            let until =
                if self.is_going_out() { until.earlier(self.early_response_poll()) } else { until };
            let begun = Instant::now();
            let wake = token.wait_for(Some((fd, interest)), until);
            if watched {
                self.stall.passed(begun.elapsed(), fd);
            }
            match wake {
                Wake::Ready => return Ok(true),
                Wake::Canceled => self.interrupt(Error::canceled())?,
                Wake::TimedOut if outer.has_passed() => {
                    self.interrupt(timeout_errors::deadline())?;
                }
                Wake::TimedOut if self.phase_ends.get().has_passed() => {
                    return Err(timeout_errors::phase(self.phase(), &self.limits));
                }
                Wake::TimedOut if watched && self.stall.has_lasted(self.limits.stall) => {
                    return Err(timeout_errors::stall(self.stalled_phase(), &self.limits));
                }
                Wake::TimedOut if slice.has_passed() => return Ok(false),
                Wake::TimedOut => {}
            }
        }
    }

    /// Lets time pass on our own account, so that no rule about the peer applies.
    pub(super) fn pause(&self, time: Duration) -> Result<()> {
        if time.is_zero() {
            return Ok(());
        }
        let until = Deadline::after(time);
        if self.cancel.wait(until.earlier(self.deadline)) {
            return self.interrupt(Error::canceled());
        }
        self.check()
    }

    /// How long a blocked send waits before it looks for a response and at what the kernel holds.
    pub(super) fn early_response_poll(&self) -> Deadline {
        Deadline::after(EARLY_RESPONSE_POLL.min(self.limits.stall / 8))
    }

    /// So many bytes went to or came from the peer.
    pub(super) fn moved(&self, bytes: usize) {
        self.stall.moved(bytes as u64);
    }

    /// The next bytes of the body are in memory, and are sent from there.
    pub(super) fn lend(&self, range: Range<u64>) {
        *self.lent.borrow_mut() = Some(range);
    }

    /// The bytes to send instead of what is in the output buffer; once.
    pub(super) fn take_lent(&self) -> Option<&[u8]> {
        let range = self.lent.borrow_mut().take()?;
        let length = usize::try_from(range.end - range.start).ok()?;
        self.body.bytes(range.start, length)
    }

    /// The connection took `bytes` bytes of the request.
    pub(super) fn sent(&self, bytes: usize) {
        self.sent.set(self.sent.get() + bytes as u64);
    }

    /// Bytes of the response have come.
    pub(super) fn received(&self, bytes: usize) {
        self.received.set(self.received.get() + bytes as u64);
    }

    /// True while the head of a request is being sent whose body follows at once.
    pub(super) fn has_body_to_come(&self) -> bool {
        self.has_body_at_once && self.head.get().is_none()
    }

    /// What was sent up to now was the head of the request.
    pub(super) fn head_is_sent(&self) {
        if self.head.get().is_none() {
            self.head.set(Some(self.sent.get()));
        }
    }

    /// A connection was made for this exchange, or tried.
    pub(super) fn connects(&self) {
        self.connected.set(true);
    }

    pub(super) fn end_early(&self, end: EarlyEnd) {
        self.ended_early.borrow_mut().get_or_insert(end);
    }

    pub(super) fn ended_early(&self) -> Option<EarlyEnd> {
        self.ended_early.borrow().clone()
    }

    pub(super) fn is_cut_short(&self) -> bool {
        self.ended_early.borrow().is_some()
    }

    /// True if what the kernel still holds of the request must not go out any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.is_cut_short() || matches!(self.phase(), Phase::Send | Phase::Wait)
    }

    pub(super) fn has_sent(&self) -> bool {
        self.sent.get() > 0
    }

    pub(super) fn has_received(&self) -> bool {
        self.received.get() > 0
    }

    pub(super) fn is_on_kept_connection(&self) -> bool {
        !self.connected.get() && matches!(self.phase(), Phase::Send | Phase::Wait | Phase::Receive)
    }

    /// Bytes of the body that the connection took.
    pub(super) fn body_sent(&self) -> u64 {
        self.head.get().map_or(0, |head| self.sent.get().saturating_sub(head))
    }

    /// A cancel or the deadline: an error, unless the request is out and may be waited for.
    fn interrupt(&self, error: Error) -> Result<()> {
        let mut grace = self.grace.borrow_mut();
        if let Some((first, until)) = &*grace {
            return if until.has_passed() { Err(first.clone()) } else { Ok(()) };
        }
        match (&self.cleanup_budget, self.phase()) {
            (Some(budget), Phase::Wait | Phase::Receive) => {
                *grace = Some((error, budget.start_waiting()));
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// The stall rule holds while bytes are on their way, not while the server thinks.
    fn watches_stall(&self) -> bool {
        match self.phase() {
            Phase::Send | Phase::Receive => true,
            Phase::Wait => self.is_going_out(),
            Phase::Resolve | Phase::Connect | Phase::Tls => false,
        }
    }

    /// The response clock starts when the last byte is really out: with a slow line, what the
    /// kernel holds can take longer than the response may.
    fn start_response_clock(&self, fd: RawFd) {
        if self.is_going_out() && unsent_bytes(fd).unwrap_or(0) == 0 {
            self.phase_ends.set(Deadline::after(self.limits.response));
        }
    }

    /// What the kernel still holds was not sent, though the response is waited for.
    fn stalled_phase(&self) -> Phase {
        if self.is_going_out() { Phase::Send } else { self.phase() }
    }

    /// True if the connection took the whole request, and the kernel may still hold some of it.
    fn is_going_out(&self) -> bool {
        self.phase() == Phase::Wait && self.phase_ends.get() == Deadline::NEVER
    }
}

/// The longest wait in which an early response goes unnoticed.
const EARLY_RESPONSE_POLL: Duration = Duration::from_millis(50);
