//! Sends the requests of a script, and records what the code above the transport sees.

use std::sync::{Arc, Mutex};

use super::scripted_server::{Action, Gate, STEP_HEADER};
use super::scripts::{CancelSetup, Limit, Rate, Script, ScriptedRequest};
use crate::error::{ErrorKind, Phase};
use crate::runtime::CleanupBudget;
use crate::transport::Delivery;
use crate::transport::exchange::RateLimit;
use crate::transport::tests::*;
use crate::wire::{Response, Sent};

/// What the code above the transport sees of a request.
#[derive(Debug, PartialEq)]
pub(super) struct Observed {
    failure: Option<(ErrorKind, Option<Phase>, Delivery, IsStale, HasHost)>,
    /// Status, body, and whether the request was sent to its end.
    response: Option<(u16, String, bool)>,
    /// The body was sent to its end; then this is its checksum.
    sent: Option<Sent>,
    is_sent: bool,
    /// The sum of all calls of the progress function, if the body was sent to its end.
    progress: Option<u64>,
    /// The bytes for which the rate limiter was asked, if the body was sent to its end.
    reserved: Option<Vec<usize>>,
    is_limited: bool,
    has_budget_started: bool,
}

type IsStale = bool;
type HasHost = bool;

/// Where a request stands in a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    First,
    Scripted,
    /// It shows in which state the connections are.
    FollowUp,
}

/// What the calls of one run share.
pub(super) struct Rules {
    pub(super) program: Cancel,
    pub(super) budget: Arc<CleanupBudget>,
    pub(super) in_request: Arc<Gate>,
    /// How long the scripted request has until its deadline.
    deadline: Duration,
}

impl Rules {
    pub(super) fn new(script: &Script, deadline: Duration) -> Self {
        let is_short = matches!(script.action, Action::BeSilent | Action::CancelAndBeSilent);
        Self {
            program: Cancel::new().unwrap(),
            budget: Arc::new(CleanupBudget::new(
                2 * if is_short { SHORT } else { LONG },
                Deadline::NEVER,
            )),
            in_request: Arc::default(),
            deadline,
        }
    }

    pub(super) fn run(
        &self,
        script: &Script,
        host: &str,
        mut send: impl FnMut(
            Step,
            &OutgoingRequest<'_>,
            &ExchangeOptions<'_>,
        ) -> Result<Exchange, ExchangeError>,
    ) -> Vec<(Observed, Option<Response>)> {
        let first = script.first.map(|(request, _)| (Step::First, request));
        let steps = [(Step::Scripted, script.request), (Step::FollowUp, script.follow_up())];
        let mut deadline = Deadline::NEVER;
        let mut results = Vec::new();
        for (number, (step, request)) in first.into_iter().chain(steps).enumerate() {
            if step == Step::Scripted {
                if script.token == CancelSetup::Triggered {
                    self.program.trigger();
                }
                deadline = match script.deadline {
                    Limit::Never => Deadline::NEVER,
                    Limit::InRequest => Deadline::after(self.deadline),
                    Limit::Passed => Deadline::after(Duration::ZERO),
                };
            }
            let never = Cancel::never();
            let limiter =
                Limiter { rate: script.rate, cancel: &self.program, reserved: Mutex::default() };
            let progress = Mutex::new(0);
            let on_progress = |bytes| *progress.lock().unwrap() += bytes;
            let call = ExchangeOptions {
                cancel: if script.token == CancelSetup::Other { &never } else { &self.program },
                timeouts: if step == Step::Scripted { script.timeouts() } else { LONG_TIMEOUTS },
                deadline,
                cancel_policy: match script.awaits_response {
                    true => CancelPolicy::AwaitResponse(&self.budget),
                    false => CancelPolicy::Immediate,
                },
                progress: Some(&on_progress),
                rate_limiter: (step == Step::Scripted && script.rate != Rate::Unlimited)
                    .then_some(&limiter as &dyn RateLimit),
            };
            let body = request.body(script.action, &self.in_request);
            let (method, query) = request.line();
            let target = Target { path: "/bucket/target".to_owned(), ..target(host) };
            let mut headers = Headers::default();
            headers.set(STEP_HEADER, number.to_string()).unwrap();
            let outgoing =
                OutgoingRequest { method, target: &target, query, headers: &headers, body: &body };
            let result = send(step, &outgoing, &call);
            let progress = *progress.lock().unwrap();
            let reserved = limiter.reserved.lock().unwrap().clone();
            let started = self.budget.has_started();
            results.push(observe(result, body.length(), progress, reserved, started));
        }
        results
    }
}

fn observe(
    result: Result<Exchange, ExchangeError>,
    length: u64,
    progress: u64,
    reserved: Vec<usize>,
    has_budget_started: bool,
) -> (Observed, Option<Response>) {
    let (failure, response, sent, is_sent) = match result {
        Ok(Exchange { response, sent, body_complete, bytes_sent }) => {
            assert_eq!(bytes_sent, progress, "{}", response.status);
            (None, Some(response), body_complete.then_some(sent), body_complete)
        }
        Err(ExchangeError { error, delivery, stale_connection, sent }) => {
            assert_eq!(error.bytes_sent(), progress, "{error}");
            let is_sent = error.bytes_sent() >= length;
            let has_host = error.host().is_some();
            (
                Some((error.kind(), error.phase(), delivery, stale_connection, has_host)),
                None,
                sent,
                is_sent,
            )
        }
    };
    let observed = Observed {
        failure,
        response: response.as_ref().map(|Response { status, body, .. }| {
            (*status, String::from_utf8_lossy(body).into_owned(), is_sent)
        }),
        sent,
        is_sent,
        progress: is_sent.then_some(progress),
        is_limited: !reserved.is_empty(),
        reserved: is_sent.then_some(reserved),
        has_budget_started,
    };
    assert!(is_sent || progress < length, "more than was sent is reported");
    (observed, response)
}

impl Script {
    pub(super) fn follow_up(&self) -> ScriptedRequest {
        match self.request {
            ScriptedRequest::PutLarge | ScriptedRequest::PutBroken => ScriptedRequest::Head,
            request => request,
        }
    }

    /// A timeout is short only if the script is about it.
    fn timeouts(&self) -> Timeouts {
        let mut timeouts = LONG_TIMEOUTS;
        if self.deadline == Limit::Never {
            match self.action {
                Action::BeSilent | Action::RespondTooLate => timeouts.response = SHORT,
                Action::StopReading | Action::StallInResponse => timeouts.stall = SHORT,
                Action::IgnoreConnection => timeouts.connect = SHORT,
                // In this time a connection has to be made.
                Action::IgnoreTls => timeouts.connect = 4 * SHORT,
                Action::HangInResolve => timeouts.resolve = SHORT,
                _ => {}
            }
        }
        timeouts
    }
}

/// A rate limiter that records what it is asked.
struct Limiter<'a> {
    rate: Rate,
    cancel: &'a Cancel,
    reserved: Mutex<Vec<usize>>,
}

impl RateLimit for Limiter<'_> {
    fn reserve(&self, bytes: usize) -> Duration {
        let mut reserved = self.reserved.lock().unwrap();
        reserved.push(bytes);
        match self.rate {
            Rate::Unlimited | Rate::Free => Duration::ZERO,
            Rate::Stopped => LONG,
            Rate::CanceledMeanwhile => {
                if reserved.len() == 2 {
                    self.cancel.trigger();
                }
                Duration::ZERO
            }
        }
    }
}

const LONG_TIMEOUTS: Timeouts =
    Timeouts { resolve: LONG, connect: LONG, stall: LONG, response: LONG };
const SHORT: Duration = Duration::from_millis(50);
