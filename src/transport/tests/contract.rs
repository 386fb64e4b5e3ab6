//! Compares the simulated peer of `crate::simulation` with [`Http`].
//!
//! Each script is sent by `Http` to a server that does what a fault means, and to the simulated
//! peer with that fault. What the code above the transport sees has to be the same. The server
//! sends the responses of the simulated service.

mod requests;
mod rules;
mod scripted_server;
mod scripts;

use std::sync::Arc;
use std::time::Instant;

use self::rules::{Observed, Rules, Step};
use self::scripted_server::{Action, ServerPlan};
use self::scripts::{Script, ScriptedRequest, all_faults, scripts};
use super::server::Server;
use super::time::FullListener;
use super::*;
use crate::limits::RESOLVE_TTL;
use crate::runtime::simulated;
use crate::simulation::explorer::Explorer;
use crate::simulation::fault::Fault;
use crate::simulation::network::Network;
use crate::simulation::source_bytes::SourceBytes;
use crate::transport::resolver::Resolver;
use crate::transport::{Delivery, SimulatedPeer};
use crate::wire::Response;

#[test]
fn the_simulated_peer_shows_what_http_shows() {
    check(&scripts());
}

#[test]
fn every_fault_of_the_simulation_shows_what_http_shows() {
    check(&all_faults());
}

fn check(scripts: &[Script]) {
    let mut wrong = Vec::new();
    for script in scripts {
        let (simulated, responses) = run_simulated(script);
        let real = run_real(script, &responses);
        for (index, (simulated, real)) in simulated.iter().zip(&real).enumerate() {
            if simulated != real {
                let Script { name, request, fault, .. } = script;
                wrong.push(format!(
                    "{name}: {request:?}, {fault:?}, request {index}\n    simulated: \
                     {simulated:?}\n    real:      {real:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// Runs a script on the simulated peer; also returns its responses.
fn run_simulated(script: &Script) -> (Vec<Observed>, Vec<Option<Response>>) {
    simulated::set(Some(Instant::now()));
    let rules = Rules::new(script, DEADLINE_SIMULATED);
    let mut choices = vec![0; usize::from(script.first.is_some())];
    choices.push(1);
    let faults = vec![Fault::None, script.fault];
    let network = Network::new(
        Explorer::replay(&choices),
        faults,
        &SourceBytes::new(9),
        rules.program.clone(),
    );
    rules.in_request.open();
    let mut made = 0;
    let results = rules.run(script, "oss.test", |step, outgoing, call| {
        if step == Step::FollowUp {
            network.lock().is_dead = false;
        }
        let result = network.send(outgoing, call);
        let made_before = std::mem::replace(&mut made, network.lock().service.made.len());
        let is_sent = match &result {
            Ok(exchange) => exchange.body_complete,
            Err(failure) => {
                failure.delivery == Delivery::Possible
                    && failure.error.bytes_sent() >= outgoing.body.length()
            }
        };
        assert!(is_sent || made == made_before, "{}: effect of a part of a request", script.name);
        result
    });
    simulated::set(None);
    results.into_iter().unzip()
}

/// Runs a script on [`Http`]; the server repeats `responses`.
fn run_real(script: &Script, responses: &[Option<Response>]) -> Vec<Observed> {
    let mut rules = Rules::new(script, DEADLINE_REAL);
    let first = script.first.map(|(request, action)| (action, request));
    let last = (Action::Respond, script.follow_up());
    let actions = first.into_iter().chain([(script.action, script.request), last]);
    let steps = actions.zip(responses).map(|((action, request), response)| {
        (action, response.as_ref().map_or_else(String::new, |one| text_of(one, request)))
    });
    let steps = steps.collect();
    let plan = Arc::new(ServerPlan::new(steps, rules.program.clone(), Arc::clone(&rules.budget)));
    rules.in_request = Arc::clone(&plan.in_request);
    let shared = Arc::clone(&plan);
    let ignores_tls = script.action == Action::IgnoreTls;
    let server = Server::start(move |peer| match peer.number {
        0 if ignores_tls => peer.read_to_end(),
        _ => shared.run_connection(peer),
    });
    let hole = (script.action == Action::IgnoreConnection).then(FullListener::new);
    let (host, http) = match script.action {
        // No socket listens at this loopback address.
        Action::RefuseConnection => ("127.77.0.5:9".to_owned(), http()),
        Action::IgnoreConnection => (hole.as_ref().unwrap().host(), http()),
        Action::FailToResolve => {
            ("nowhere.test".to_owned(), http_without_names(|_| Ok(Vec::new())))
        }
        Action::HangInResolve => {
            let hangs = |_: &str| {
                std::thread::sleep(LONG);
                Ok(Vec::new())
            };
            ("slow.test".to_owned(), http_without_names(hangs))
        }
        _ => (server.host(), http()),
    };
    let results = rules.run(script, &host, |step, outgoing, call| {
        let mut target = outgoing.target.clone();
        target.https = step == Step::Scripted && ignores_tls;
        if step == Step::FollowUp {
            target.host = server.host();
        }
        let result = http.send(&OutgoingRequest { target: &target, ..*outgoing }, call);
        if step == Step::First && script.first.is_some_and(|(_, a)| a == Action::RespondAndClose) {
            plan.idle_closed.wait();
        }
        if step == Step::Scripted {
            plan.returned.open();
        }
        if let (Ok(exchange), true) = (&result, matches!(outgoing.body, Body::Content(_))) {
            let received = plan.received.lock().unwrap().last().copied();
            assert!(!exchange.body_complete || received == Some(exchange.sent), "{}", script.name);
        }
        result
    });
    for ((_, response), expected) in results.iter().zip(responses) {
        let headers = expected.iter().flat_map(|response| response.headers.iter());
        for (name, value) in headers.filter(|_| response.is_some()) {
            let received = response.as_ref().and_then(|response| response.headers.get(name));
            assert_eq!(received, Some(value), "{}: {name}", script.name);
        }
    }
    results.into_iter().map(|(observed, _)| observed).collect()
}

fn http_without_names(resolve: crate::transport::dns_worker::ResolveFn) -> Http {
    Http::with_resolver(&HttpSettings::default(), Resolver::with_resolve_fn(resolve, RESOLVE_TTL))
        .unwrap()
}

/// The response as a server sends it.
fn text_of(response: &Response, request: ScriptedRequest) -> String {
    let mut text = format!("HTTP/1.1 {} Status\r\n", response.status);
    for (name, value) in response.headers.iter() {
        text += &format!("{name}: {value}\r\n");
    }
    let has_length = response.headers.get("Content-Length").is_some();
    if response.status != 204 && !has_length {
        text += &format!("Content-Length: {}\r\n", response.body.len());
    }
    text += "\r\n";
    if request != ScriptedRequest::Head {
        text += &String::from_utf8_lossy(&response.body);
    }
    text
}

/// Long enough to send a request on a kept connection.
const DEADLINE_REAL: Duration = Duration::from_secs(2);
/// Before a simulated response arrives.
const DEADLINE_SIMULATED: Duration = Duration::from_millis(5);
