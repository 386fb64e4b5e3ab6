//! The scripts of the contract test.

use super::scripted_server::Action;
use crate::error::{ErrorKind, Phase};
use crate::simulation::fault::{
    FAULTS, Fault, KILLS, LIKE_OTHERS, Moment, NO_CRC, REPLACED, SOURCE_CHANGES, Then,
};

/// A request, and what happens to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Script {
    pub(super) name: &'static str,
    /// A request before it, whose connection is kept.
    pub(super) first: Option<(ScriptedRequest, Action)>,
    pub(super) request: ScriptedRequest,
    /// What happens on the simulated peer.
    pub(super) fault: Fault,
    /// What the real server does.
    pub(super) action: Action,
    pub(super) awaits_response: bool,
    pub(super) token: CancelSetup,
    pub(super) deadline: Limit,
    pub(super) rate: Rate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScriptedRequest {
    Put,
    /// The body is in memory and is sent from there.
    PutMemory,
    /// More than the sockets take at once.
    PutLarge,
    /// The source fails after its first bytes.
    PutBroken,
    Initiate,
    Complete,
    ListParts,
    Abort,
    Head,
}

/// The cancel token of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CancelSetup {
    Program,
    /// It is triggered before the request.
    Triggered,
    /// The call does not end with the token of the program.
    Other,
}

/// The deadline of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    Never,
    InRequest,
    Passed,
}

/// The rate limiter of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rate {
    Unlimited,
    /// There is a limiter, and nothing has to wait.
    Free,
    /// The first step waits longer than any test.
    Stopped,
    /// The program cancels while the second step is reserved.
    CanceledMeanwhile,
}

pub(super) fn scripts() -> Vec<Script> {
    use Action::*;
    let lost = Fault::Lost(Moment::After);
    let in_time = |name, request| Script::new(name, request, Fault::None);
    let kept = |name, fault| Script {
        first: Some((ScriptedRequest::Put, Respond)),
        ..Script::new(name, ScriptedRequest::Put, fault)
    };
    let of_upload = |name, request, fault| Script {
        first: Some((ScriptedRequest::Initiate, Respond)),
        ..Script::new(name, request, fault)
    };
    let large = |name, fault| Script::new(name, ScriptedRequest::PutLarge, fault);
    let act = |action, script: Script| Script { action, ..script };
    let awaited = |script: Script| Script { awaits_response: true, ..script };
    let token = |token, script: Script| Script { token, ..script };
    let until = |deadline, script: Script| Script { deadline, ..script };
    let rate = |rate, script: Script| Script { rate, ..script };
    let canceled = Fault::Canceled(Then::Lost);
    let responds_after_cancel = Fault::Canceled(Then::Responded);
    let silent = Fault::TimedOut(Moment::Before);
    vec![
        in_time("a response in time", ScriptedRequest::Put),
        in_time("a body from memory", ScriptedRequest::PutMemory),
        in_time("a request without a body", ScriptedRequest::Initiate),
        of_upload("a document as body", ScriptedRequest::Complete, Fault::None),
        of_upload("204", ScriptedRequest::Abort, Fault::None),
        of_upload("a request without a content length", ScriptedRequest::ListParts, Fault::None),
        kept("HEAD", Fault::None).with_request(ScriptedRequest::Head),
        in_time("404 for HEAD", ScriptedRequest::Head),
        kept("the second request of a connection", Fault::None),
        act(RespondAfterInterim, in_time("an interim response", ScriptedRequest::PutMemory)),
        in_time("a source that fails", ScriptedRequest::PutBroken),
        act(RespondTooLate, Script::new("a late response", ScriptedRequest::Put, Fault::Delayed)),
        kept("no response on a kept connection", silent),
        // Cancellation.
        token(CancelSetup::Triggered, in_time("canceled before", ScriptedRequest::Put)),
        awaited(token(
            CancelSetup::Triggered,
            in_time("canceled before, awaited", ScriptedRequest::Put),
        )),
        Script::new("canceled, then a response", ScriptedRequest::Put, responds_after_cancel),
        awaited(Script::new("awaited after a cancel", ScriptedRequest::Put, responds_after_cancel)),
        awaited(of_upload("a document awaited", ScriptedRequest::Complete, responds_after_cancel)),
        awaited(Script::new("awaited in vain after a cancel", ScriptedRequest::Put, canceled)),
        awaited(large("canceled while it is sent", Fault::CanceledInRequest)),
        act(
            Close,
            token(
                CancelSetup::Other,
                Script::new("not canceled, lost", ScriptedRequest::Put, canceled),
            ),
        ),
        act(
            Respond,
            token(
                CancelSetup::Other,
                Script::new("not canceled, responded", ScriptedRequest::Put, responds_after_cancel),
            ),
        ),
        act(
            BeSilent,
            token(
                CancelSetup::Other,
                Script::new(
                    "not canceled, silent",
                    ScriptedRequest::Put,
                    Fault::Canceled(Then::Late),
                ),
            ),
        ),
        // Deadlines.
        until(Limit::Passed, in_time("too late before", ScriptedRequest::Put)),
        until(Limit::InRequest, kept("too late in the wait", silent)),
        awaited(until(Limit::InRequest, kept("too late, awaited in vain", silent))),
        act(
            RespondAfterDeadline,
            awaited(until(Limit::InRequest, kept("too late, awaited", Fault::None))),
        ),
        until(
            Limit::InRequest,
            Script::new(
                "too late to connect",
                ScriptedRequest::Put,
                Fault::Unreachable(ErrorKind::Timeout, Phase::Connect),
            ),
        ),
        // The rate limiter.
        rate(Rate::Free, in_time("a limited rate", ScriptedRequest::PutMemory)),
        rate(Rate::Free, of_upload("a limited document", ScriptedRequest::Complete, Fault::None)),
        rate(Rate::Free, in_time("no body to limit", ScriptedRequest::Initiate)),
        rate(Rate::Stopped, until(Limit::InRequest, kept("too late in the limiter", Fault::None))),
        rate(
            Rate::CanceledMeanwhile,
            in_time("canceled in the limiter", ScriptedRequest::PutMemory),
        ),
        rate(Rate::Free, large("a limited rate, closed", Fault::RequestCut(ErrorKind::Network))),
        rate(
            Rate::Free,
            Script::new(
                "a limited rate, unreachable",
                ScriptedRequest::Put,
                Fault::Unreachable(ErrorKind::Connect, Phase::Connect),
            ),
        ),
        // Connections.
        act(Reset, Script::new("reset after the request", ScriptedRequest::Put, lost)),
        act(ResetInRequest, large("reset in the request", Fault::RequestCut(ErrorKind::Network))),
        kept("a kept connection closes", Fault::StaleConnection(Moment::After)),
        kept("a kept connection closes, no body", Fault::StaleConnection(Moment::Before))
            .with_request(ScriptedRequest::Head),
        act(Reset, kept("a kept connection is reset", Fault::StaleConnection(Moment::Late))),
        kept("cut response on a kept connection", Fault::ResponseCut(ErrorKind::Network, AFTER)),
        Script {
            first: Some((ScriptedRequest::Put, RespondAndClose)),
            ..Script::new("the idle connection was closed", ScriptedRequest::Put, Fault::None)
        },
        Script {
            first: Some((ScriptedRequest::Put, RespondAndClose)),
            ..Script::new(
                "the idle connection was closed, and a new one too",
                ScriptedRequest::Put,
                lost,
            )
        },
        large("refused early on a new connection", Fault::RefusedEarly(403, "AccessDenied")),
        kept("refused early on a kept connection", Fault::RefusedEarly(503, "ServiceUnavailable"))
            .with_request(ScriptedRequest::PutLarge),
    ]
}

/// Each fault that the simulation can inject: with a body, with a body and a response that is
/// awaited after a cancellation, and without a body.
pub(super) fn all_faults() -> Vec<Script> {
    let lists: [&[Fault]; 6] = [&FAULTS, &KILLS, &REPLACED, &NO_CRC, &SOURCE_CHANGES, &LIKE_OTHERS];
    let mut all = Vec::new();
    for fault in lists.concat() {
        let is_in_request = Action::of(fault).is_in_request();
        let request = if is_in_request { ScriptedRequest::PutLarge } else { ScriptedRequest::Put };
        let script = Script::new("with a body", request, fault);
        all.push(script);
        all.push(Script { name: "awaited", awaits_response: true, ..script });
        if !is_in_request {
            all.push(
                Script { name: "without a body", ..script }.with_request(ScriptedRequest::Head),
            );
        }
    }
    all
}

impl Script {
    fn new(name: &'static str, request: ScriptedRequest, fault: Fault) -> Self {
        Self {
            name,
            first: None,
            request,
            fault,
            action: Action::of(fault),
            awaits_response: false,
            token: CancelSetup::Program,
            deadline: Limit::Never,
            rate: Rate::Unlimited,
        }
    }

    fn with_request(self, request: ScriptedRequest) -> Self {
        Self { request, ..self }
    }
}

const AFTER: Moment = Moment::After;
