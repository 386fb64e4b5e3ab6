//! The server of the contract test: it does to a real request what a fault does to a simulated one.

use std::io;
use std::sync::{Arc, Condvar, Mutex};

use super::LONG;
use crate::codec::crc64::crc64;
use crate::error::{ErrorKind, Phase};
use crate::runtime::{Cancel, CleanupBudget};
use crate::simulation::fault::{Fault, Then};
use crate::transport::tests::server::{Peer, ok};
use crate::wire::Sent;

/// What the server, or what is in its place, does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Responds after the last byte of the request, as all actions do that do not say otherwise.
    Respond,
    RespondAfterInterim,
    /// Responds and then closes the idle connection.
    RespondAndClose,
    /// Responds when the client has stopped waiting.
    RespondTooLate,
    /// Responds when the budget of the wait after a deadline has started.
    RespondAfterDeadline,
    Close,
    Reset,
    BeSilent,
    /// Triggers the token of the program.
    CancelAndBeSilent,
    /// The same; responds when the budget of the wait after the cancellation has started.
    CancelAndRespond,
    /// These are before the last byte of the request.
    CloseInRequest,
    ResetInRequest,
    StopReading,
    CancelInRequest,
    RespondInRequest,
    /// These are after the first byte of the response.
    CloseInResponse,
    StallInResponse,
    RespondGarbage,
    /// No server listens.
    RefuseConnection,
    /// A server listens and does not accept.
    IgnoreConnection,
    /// The server accepts and does not respond to the TLS handshake.
    IgnoreTls,
    FailToResolve,
    HangInResolve,
}

impl Action {
    /// What a real server does in the place of each fault. A fault that is missing here does not
    /// compile.
    pub(super) fn of(fault: Fault) -> Self {
        match fault {
            Fault::None
            | Fault::Refused(..)
            | Fault::RefusedFromNowOn(..)
            | Fault::Gateway(..)
            | Fault::ErrorIn200(_)
            | Fault::Duplicated
            | Fault::OtherWriter
            | Fault::SameBytes
            | Fault::Lifecycle
            | Fault::Replaced
            | Fault::NoCrc
            | Fault::BadCrc => Self::Respond,
            Fault::Lost(_) | Fault::StaleConnection(_) | Fault::SourceChanges => Self::Close,
            Fault::Delayed | Fault::TimedOut(_) | Fault::Killed(_) => Self::BeSilent,
            Fault::Canceled(Then::Responded) => Self::CancelAndRespond,
            Fault::Canceled(_) => Self::CancelAndBeSilent,
            Fault::Unreachable(ErrorKind::Timeout, Phase::Resolve) => Self::HangInResolve,
            Fault::Unreachable(ErrorKind::Timeout, Phase::Connect) => Self::IgnoreConnection,
            Fault::Unreachable(ErrorKind::Timeout, _) => Self::IgnoreTls,
            Fault::Unreachable(ErrorKind::Resolve, _) => Self::FailToResolve,
            Fault::Unreachable(..) => Self::RefuseConnection,
            Fault::RequestCut(ErrorKind::Timeout) => Self::StopReading,
            Fault::RequestCut(_) => Self::CloseInRequest,
            Fault::CanceledInRequest => Self::CancelInRequest,
            Fault::RefusedEarly(..) => Self::RespondInRequest,
            Fault::ResponseCut(ErrorKind::Timeout, _) => Self::StallInResponse,
            Fault::ResponseCut(ErrorKind::Protocol, _) => Self::RespondGarbage,
            Fault::ResponseCut(..) => Self::CloseInResponse,
        }
    }

    pub(super) fn is_in_request(self) -> bool {
        use Action::{
            CancelInRequest, CloseInRequest, ResetInRequest, RespondInRequest, StopReading,
        };
        matches!(
            self,
            CloseInRequest | ResetInRequest | StopReading | CancelInRequest | RespondInRequest
        )
    }
}

/// What the connections of one script share.
pub(super) struct ServerPlan {
    /// For each request, what the server does and the response to it.
    pub(super) steps: Vec<(Action, String)>,
    pub(super) program: Cancel,
    pub(super) budget: Arc<CleanupBudget>,
    /// The server has done what it does in the middle of the request.
    pub(super) in_request: Arc<Gate>,
    /// The idle connection is closed.
    pub(super) idle_closed: Gate,
    /// The client has returned from the request that is scripted.
    pub(super) returned: Gate,
    pub(super) received: Mutex<Vec<Sent>>,
}

impl ServerPlan {
    pub(super) fn new(
        steps: Vec<(Action, String)>,
        program: Cancel,
        budget: Arc<CleanupBudget>,
    ) -> Self {
        Self {
            steps,
            program,
            budget,
            in_request: Arc::default(),
            idle_closed: Gate::default(),
            returned: Gate::default(),
            received: Mutex::default(),
        }
    }

    /// Runs one connection; an error closes it.
    pub(super) fn run_connection(&self, peer: &mut Peer) -> io::Result<()> {
        loop {
            let head = peer.head()?;
            assert!(!head.to_ascii_lowercase().contains("\nexpect:"), "{head}");
            let (action, response) = &self.steps[step_of(&head)];
            if action.is_in_request() {
                self.act_in_request(*action, response, peer)?;
            } else {
                if *action == Action::RespondAfterInterim {
                    peer.send("HTTP/1.1 100 Continue\r\n\r\n")?;
                }
                let body = peer.body(&head)?;
                let sent = Sent { bytes: body.len() as u64, crc64: crc64(&body) };
                self.received.lock().unwrap().push(sent);
                // A response to HEAD has no body that could be cut.
                let begun = if head.starts_with("HEAD") { CUT_HEAD } else { CUT_BODY };
                self.act(*action, response, begun, peer)?;
            }
        }
    }

    fn act_in_request(&self, action: Action, response: &str, peer: &mut Peer) -> io::Result<()> {
        match action {
            Action::CloseInRequest => peer.close()?,
            Action::ResetInRequest => peer.reset()?,
            Action::CancelInRequest => self.program.trigger(),
            Action::RespondInRequest => peer.send(response)?,
            _ => {}
        }
        self.in_request.open();
        match action {
            Action::StopReading => peer.idle(LONG),
            _ => peer.read_to_end()?,
        }
        Ok(())
    }

    fn act(&self, action: Action, response: &str, begun: &str, peer: &mut Peer) -> io::Result<()> {
        match action {
            Action::Close => peer.close(),
            Action::Reset => peer.reset(),
            Action::BeSilent => peer.read_to_end(),
            Action::CancelAndBeSilent => {
                self.program.trigger();
                peer.read_to_end()
            }
            Action::CancelAndRespond => {
                self.program.trigger();
                self.wait_for_budget();
                peer.send(response)
            }
            Action::RespondAfterDeadline => {
                self.wait_for_budget();
                peer.send(response)
            }
            Action::RespondTooLate => {
                self.returned.wait();
                peer.send(&ok("too late"))?;
                peer.read_to_end()
            }
            Action::CloseInResponse => {
                peer.send(begun)?;
                peer.close()
            }
            Action::StallInResponse => {
                peer.send(begun)?;
                peer.read_to_end()
            }
            Action::RespondGarbage => {
                peer.send("SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n")?;
                peer.close()
            }
            Action::RespondAndClose => {
                peer.send(response)?;
                peer.close()?;
                self.idle_closed.open();
                Ok(())
            }
            _ => peer.send(response),
        }
    }

    /// Waits until the client waits on the budget, or has returned.
    fn wait_for_budget(&self) {
        while !self.budget.has_started() && !self.returned.is_open() {
            std::thread::yield_now();
        }
    }
}

/// The number of the request that a head belongs to. Counting would not do: a client that gives up
/// can take its request back before the server has read it.
fn step_of(head: &str) -> usize {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let mut steps = lines.filter(|(name, _)| name.eq_ignore_ascii_case(STEP_HEADER));
    steps.next().unwrap().1.parse().unwrap()
}

/// Opened once by one thread for others that wait.
#[derive(Debug, Default)]
pub(super) struct Gate(Mutex<bool>, Condvar);

impl Gate {
    pub(super) fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    pub(super) fn is_open(&self) -> bool {
        *self.0.lock().unwrap()
    }

    pub(super) fn wait(&self) {
        let open = self.0.lock().unwrap();
        let (open, _) = self.1.wait_timeout_while(open, LONG, |open| !*open).unwrap();
        assert!(*open, "the server or the client did not come to the step in question");
    }
}

/// The header that numbers the requests of a script.
pub(super) const STEP_HEADER: &str = "X-Step";
const CUT_HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Le";
const CUT_BODY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc";
