//! The state of the exchange that runs on this thread: phase, timeouts and byte counts.
//!
//! A pooled connection outlives the exchange, so it cannot hold this state. [`enter`] makes an
//! exchange the current one of the thread until the guard is dropped, and the connection looks it
//! up. All waits for sockets and the resolver are in [`ExchangeState::wait`].

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::ops::Range;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::exchange::{CancelPolicy, ExchangeOptions, Timeouts};
use super::server_role::ServerRole;
use super::stall_timer::StallTimer;
use super::timeout_errors;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::platform::{ForkGuard, Interest, NO_DESCRIPTOR, RawDescriptor, unsent_bytes};
use crate::runtime::{Cancel, CleanupBudget, Deadline, Wake};
use crate::wire::Body;

/// The state of one exchange.
#[derive(Debug)]
pub(super) struct ExchangeState {
    /// A child that a callback has forked must not touch the connection, which it shares.
    process: ForkGuard,
    cancel: Cancel,
    timeouts: Timeouts,
    deadline: Deadline,
    /// Set if the exchange waits for the response after a cancellation.
    cleanup_budget: Option<Arc<CleanupBudget>>,
    phase: Cell<Phase>,
    /// When the timeout of the phase expires.
    phase_deadline: Cell<Deadline>,
    /// When the connect timeout expires, once it has started.
    connect_deadline: Cell<Option<Deadline>>,
    stall: StallTimer,
    /// Set when the call is canceled or times out after the request was sent: the error, and the
    /// deadline of the response.
    grace: RefCell<Option<(Error, Deadline)>>,
    body: Body,
    /// The head is sent in one step with the first bytes of the body.
    coalesces_head: bool,
    /// The next bytes of the body, if they are sent from memory without a copy.
    zero_copy: RefCell<Option<Range<u64>>>,
    /// Bytes of the request that the connection accepted.
    sent: Cell<u64>,
    /// The length of the head, once it is sent.
    head_length: Cell<Option<u64>>,
    received: Cell<u64>,
    /// The exchange opens its own connection instead of reusing one.
    is_connecting: Cell<bool>,
    /// Of the server that the connection is being opened to.
    server_role: Cell<ServerRole>,
    body_stop: RefCell<Option<BodyStop>>,
    /// The address that the connection of the exchange was opened to.
    peer: RefCell<Option<PeerAddress>>,
    /// Metadata of the object that ureq has not seen.
    metadata: RefCell<Vec<(String, String)>>,
}

/// The host that a connection was opened to, a proxy if there is one, and its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PeerAddress {
    pub(super) host: Arc<str>,
    pub(super) address: IpAddr,
    /// The name of the proxy for errors, if it is one.
    pub(super) proxy: Option<Arc<str>>,
}

/// Why the rest of a body is not sent.
#[derive(Debug, Clone)]
pub(super) enum BodyStop {
    ResponseArrived,
    /// The connection accepts no more bytes, but a response may still be readable.
    ConnectionFailed(Error),
}

thread_local! {
    /// The state that the innermost [`Guard`] owns, or null. A thread-local value without a
    /// destructor can be used as long as the thread exists: connections are also used and dropped
    /// by destructors of other thread-local values, and when the process exits.
    static CURRENT: Cell<*const ExchangeState> = const { Cell::new(ptr::null()) };
}

/// Restores the previous current exchange of the thread when dropped.
#[derive(Debug)]
pub(super) struct Guard {
    previous: *const ExchangeState,
    _state: Rc<ExchangeState>,
}

/// Makes this exchange the current one of the thread.
pub(super) fn enter(state: Rc<ExchangeState>) -> Guard {
    Guard { previous: CURRENT.replace(Rc::as_ptr(&state)), _state: state }
}

/// The current exchange of this thread.
pub(super) fn current() -> Result<Rc<ExchangeState>> {
    let state = CURRENT.get();
    if state.is_null() {
        return Err(Error::internal("a connection was used outside an exchange"));
    }
    // SAFETY: the pointer is of an `Rc` that a guard on this thread owns until it resets `CURRENT`.
    unsafe { Rc::increment_strong_count(state) };
    // SAFETY: the count was incremented above for this `Rc`.
    Ok(unsafe { Rc::from_raw(state) })
}

impl Drop for Guard {
    fn drop(&mut self) {
        CURRENT.set(self.previous);
    }
}

impl ExchangeState {
    pub(super) fn new(options: &ExchangeOptions<'_>, body: &Body) -> Self {
        Self {
            process: ForkGuard::current(),
            body: body.clone(),
            zero_copy: RefCell::new(None),
            coalesces_head: body.length() > 0 && options.rate_limiter.is_none(),
            cancel: options.cancel.clone(),
            timeouts: options.timeouts,
            deadline: options.deadline,
            cleanup_budget: match options.cancel_policy {
                CancelPolicy::Immediate => None,
                CancelPolicy::AwaitResponse(budget) => Some(Arc::clone(budget)),
            },
            phase: Cell::new(Phase::Resolve),
            phase_deadline: Cell::new(Deadline::NEVER),
            connect_deadline: Cell::new(None),
            peer: RefCell::new(None),
            metadata: RefCell::default(),
            stall: StallTimer::default(),
            grace: RefCell::new(None),
            sent: Cell::new(0),
            head_length: Cell::new(None),
            received: Cell::new(0),
            is_connecting: Cell::new(false),
            server_role: Cell::new(ServerRole::Oss),
            body_stop: RefCell::new(None),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Enters a phase and starts its timeout. The TLS handshake shares the connect timeout, and
    /// receiving shares the response timeout with waiting.
    pub(super) fn enter_phase(&self, phase: Phase) {
        let previous = self.phase.replace(phase);
        if previous == phase && phase != Phase::Resolve {
            return;
        }
        self.stall.restart();
        match phase {
            Phase::Resolve => self.phase_deadline.set(Deadline::after(self.timeouts.resolve)),
            Phase::Connect => self.phase_deadline.set(self.connect_deadline()),
            Phase::Tls => {}
            // `start_response_timeout` sets it when the kernel has sent the request.
            Phase::Send | Phase::Wait => self.phase_deadline.set(Deadline::NEVER),
            Phase::Receive if self.phase_deadline.get() != Deadline::NEVER => {}
            Phase::Receive => self.phase_deadline.set(Deadline::after(self.timeouts.response)),
        }
    }

    pub(super) fn server_role(&self) -> ServerRole {
        self.server_role.get()
    }

    pub(super) fn set_server_role(&self, role: ServerRole) {
        self.server_role.set(role);
    }

    /// True if the deadline of the call has passed.
    pub(super) fn deadline_has_passed(&self) -> bool {
        self.deadline.has_passed()
    }

    /// False for an error that a cancellation, a fork or the deadline of the call may have caused.
    pub(super) fn blames_peer(&self, error: &Error) -> bool {
        !matches!(error.kind(), ErrorKind::Canceled | ErrorKind::Forked)
            && !self.deadline_has_passed()
    }

    /// The time left until the timeout of the phase expires.
    pub(super) fn phase_left(&self) -> Option<Duration> {
        self.phase_deadline.get().left()
    }

    /// The connect timeout includes further addresses and the handshakes of a proxy and of TLS.
    fn connect_deadline(&self) -> Deadline {
        let started = self.connect_deadline.get();
        let deadline = started.unwrap_or_else(|| Deadline::after(self.timeouts.connect));
        self.connect_deadline.set(Some(deadline));
        deadline
    }

    /// Returns an error if the call was canceled or has timed out. Each step calls this, because it
    /// never waits for a peer that is always ready.
    pub(super) fn check(&self) -> Result<()> {
        self.cancel.tick();
        self.process.check()?;
        if self.cancel.is_triggered() {
            self.interrupt(Error::canceled())?;
        } else if self.deadline.has_passed() {
            self.interrupt(Error::deadline_passed())?;
        }
        if self.phase_deadline.get().has_passed() {
            Err(timeout_errors::phase(self.phase(), &self.timeouts, self.server_role()))
        } else {
            Ok(())
        }
    }

    /// Waits until the descriptor is ready. Returns false if `poll_deadline` passes first, and an
    /// error on a cancellation, a timeout or a stall.
    pub(super) fn wait(
        &self,
        fd: RawDescriptor,
        interest: Interest,
        poll_deadline: Deadline,
    ) -> Result<bool> {
        self.wait_any(&[(fd, interest)], poll_deadline)
    }

    /// Waits until one of the descriptors is ready, of which only a phase without a stall timeout
    /// has several.
    pub(super) fn wait_any(
        &self,
        fds: &[(RawDescriptor, Interest)],
        poll_deadline: Deadline,
    ) -> Result<bool> {
        let fd = fds.first().map_or(NO_DESCRIPTOR, |(fd, _)| *fd);
        loop {
            self.start_response_timeout(fd);
            let (cancel, call_deadline) = match &*self.grace.borrow() {
                Some((_, deadline)) => (self.cancel.shielded(), *deadline),
                None => (self.cancel.clone(), self.deadline),
            };
            let checks_stall = self.checks_stall();
            let stall_timeout = self.timeouts.stall;
            let mut deadline =
                self.phase_deadline.get().earlier(call_deadline).earlier(poll_deadline);
            if checks_stall {
                deadline = deadline.earlier(self.stall.deadline(stall_timeout));
            }
            if self.is_flushing() {
                deadline = deadline.earlier(self.early_response_poll());
            }
            let started = Instant::now();
            let wake = cancel.wait_for_any(fds, deadline);
            self.process.check()?;
            if checks_stall {
                self.stall.add_wait(started.elapsed(), fd);
            }
            match wake {
                Wake::Ready => return Ok(true),
                Wake::Failed(errno) => return Err(Error::wait_failed(errno)),
                Wake::Canceled => self.interrupt(Error::canceled())?,
                Wake::TimedOut if call_deadline.has_passed() => {
                    self.interrupt(Error::deadline_passed())?;
                }
                Wake::TimedOut if self.phase_deadline.get().has_passed() => {
                    return Err(timeout_errors::phase(
                        self.phase(),
                        &self.timeouts,
                        self.server_role(),
                    ));
                }
                Wake::TimedOut if checks_stall && self.stall.is_stalled(stall_timeout) => {
                    return Err(timeout_errors::stall(self.stalled_phase(), &self.timeouts));
                }
                Wake::TimedOut if poll_deadline.has_passed() => return Ok(false),
                Wake::TimedOut => {}
            }
        }
    }

    /// Waits for the rate limiter. Stall and phase timeouts do not count this time.
    pub(super) fn sleep(&self, time: Duration) -> Result<()> {
        if time.is_zero() {
            return Ok(());
        }
        let wake_up = Deadline::after(time);
        if self.cancel.wait(wake_up.earlier(self.deadline)) {
            return self.interrupt(Error::canceled());
        }
        self.check()
    }

    /// When a blocked send checks for an early response and for unsent bytes.
    pub(super) fn early_response_poll(&self) -> Deadline {
        Deadline::after(EARLY_RESPONSE_POLL.min(self.timeouts.stall / 8))
    }

    /// Adds bytes sent or received to the stall timer.
    pub(super) fn record_moved(&self, bytes: usize) {
        self.stall.add_bytes(bytes as u64);
    }

    /// Sends the next bytes of the body, which are in memory, without a copy.
    pub(super) fn set_zero_copy(&self, range: Range<u64>) {
        *self.zero_copy.borrow_mut() = Some(range);
    }

    /// Takes the bytes to send instead of the output buffer.
    pub(super) fn take_zero_copy(&self) -> Option<&[u8]> {
        let range = self.zero_copy.borrow_mut().take()?;
        let length = usize::try_from(range.end - range.start).ok()?;
        self.body.bytes(range.start, length)
    }

    /// Adds bytes of the request that the connection accepted.
    pub(super) fn record_sent(&self, bytes: usize) {
        self.sent.set(self.sent.get() + bytes as u64);
    }

    /// Adds bytes of the response.
    pub(super) fn record_received(&self, bytes: usize) {
        self.received.set(self.received.get() + bytes as u64);
    }

    /// True if the bytes to send are a head that waits for the first bytes of the body.
    pub(super) fn defers_head(&self) -> bool {
        self.coalesces_head && self.head_length.get().is_none()
    }

    /// Marks the bytes sent so far as the head of the request.
    pub(super) fn mark_head_sent(&self) {
        if self.head_length.get().is_none() {
            self.head_length.set(Some(self.sent.get()));
        }
    }

    /// Records that the exchange opens a connection.
    pub(super) fn mark_connecting(&self) {
        self.is_connecting.set(true);
    }

    /// Adds metadata of the object that were taken out of the head of the response.
    pub(super) fn add_metadata(&self, metadata: Vec<(String, String)>) {
        self.metadata.borrow_mut().extend(metadata);
    }

    pub(super) fn take_metadata(&self) -> Vec<(String, String)> {
        self.metadata.take()
    }

    /// Records the address of the connection that the exchange uses.
    pub(super) fn set_peer(&self, peer: &PeerAddress) {
        self.peer.borrow_mut().get_or_insert_with(|| peer.clone());
    }

    pub(super) fn peer(&self) -> Option<PeerAddress> {
        self.peer.borrow().clone()
    }

    /// Stops sending the body. The first reason is kept.
    pub(super) fn stop_body(&self, reason: BodyStop) {
        self.body_stop.borrow_mut().get_or_insert(reason);
    }

    pub(super) fn body_stop(&self) -> Option<BodyStop> {
        self.body_stop.borrow().clone()
    }

    pub(super) fn is_body_stopped(&self) -> bool {
        self.body_stop.borrow().is_some()
    }

    /// True if the kernel must discard the unsent bytes of the request on close.
    pub(super) fn is_abandoned(&self) -> bool {
        let is_unfinished =
            self.is_body_stopped() || matches!(self.phase(), Phase::Send | Phase::Wait);
        is_unfinished && self.process.is_current()
    }

    pub(super) fn has_sent(&self) -> bool {
        self.sent.get() > 0
    }

    pub(super) fn has_received(&self) -> bool {
        self.received.get() > 0
    }

    pub(super) fn is_on_reused_connection(&self) -> bool {
        !self.is_connecting.get()
            && matches!(self.phase(), Phase::Send | Phase::Wait | Phase::Receive)
    }

    /// Bytes of the body that the connection accepted.
    pub(super) fn body_sent(&self) -> u64 {
        self.head_length.get().map_or(0, |head| self.sent.get().saturating_sub(head))
    }

    /// Handles a cancellation or the deadline: starts the grace period if the request is sent and
    /// the policy has one, else returns the error.
    fn interrupt(&self, error: Error) -> Result<()> {
        let mut grace = self.grace.borrow_mut();
        if let Some((first, deadline)) = &*grace {
            return if deadline.has_passed() { Err(first.clone()) } else { Ok(()) };
        }
        match (&self.cleanup_budget, self.phase()) {
            (Some(budget), Phase::Wait | Phase::Receive) => {
                *grace = Some((error, budget.start_waiting()));
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// True while bytes are sent or received, but not while the server processes the request.
    fn checks_stall(&self) -> bool {
        match self.phase() {
            Phase::Send | Phase::Receive => true,
            Phase::Wait => self.is_flushing(),
            Phase::Resolve | Phase::Connect | Phase::Tls => false,
        }
    }

    /// Starts the response timeout when the kernel has sent the last byte. On a slow line, sending
    /// the socket buffer can take longer than the response timeout.
    fn start_response_timeout(&self, fd: RawDescriptor) {
        if self.is_flushing() && unsent_bytes(fd).unwrap_or(0) == 0 {
            self.phase_deadline.set(Deadline::after(self.timeouts.response));
        }
    }

    /// The phase that stalled: still sending while the kernel has unsent bytes.
    fn stalled_phase(&self) -> Phase {
        if self.is_flushing() { Phase::Send } else { self.phase() }
    }

    /// True if the connection accepted the whole request and the kernel may have unsent bytes.
    fn is_flushing(&self) -> bool {
        self.phase() == Phase::Wait && self.phase_deadline.get() == Deadline::NEVER
    }
}

/// How often a blocked send checks for an early response.
const EARLY_RESPONSE_POLL: Duration = Duration::from_millis(50);
