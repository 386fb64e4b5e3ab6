//! Faults of the proxy: each kind at each point of each operation, once and always.

use std::time::Duration;

use ossmpu::ErrorKind;
use ossmpu::ErrorKind::{Integrity, Network, Protocol, Service, Timeout, Unknown};

use crate::cases::{Case, Expect, FaultInjection};
use crate::fault::{Fault, FaultKind, Op, Position, Section};

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for op in Op::ALL {
        for (section, position) in loss_points(op) {
            for (word, kind) in [
                ("cut", FaultKind::Cut),
                ("reset", FaultKind::Reset),
                ("stall", FaultKind::Stall),
                ("one byte at a time", FaultKind::Drip(BETWEEN_BYTES)),
                ("delay", FaultKind::Delay(DELAY)),
            ] {
                let fault = Fault::once(op, section, position, kind);
                for nth in 1..=if op == Op::UploadPart { 3 } else { 1 } {
                    cases.push(case(word, fault.nth(nth)));
                }
                cases.push(case(word, fault.always()));
            }
        }
        for (section, position) in corruption_points(op) {
            for (word, kind) in
                [("garbage", FaultKind::Garbage), ("duplicate", FaultKind::Duplicate)]
            {
                let fault = Fault::once(op, section, position, kind);
                cases.push(case(word, fault));
                cases.push(case(word, fault.always()));
            }
        }
    }
    for kind in [FaultKind::Garbage, FaultKind::Duplicate] {
        for op in [Op::PutObject, Op::UploadPart] {
            let fault = Fault::once(op, Section::RequestBody, Position::Middle, kind).always();
            let word = "body corrupted in transit, with Content-MD5";
            let injection = FaultInjection::Network(fault);
            let case = Case::new(op, word, injection, Expect::Failure(Service));
            cases.push(Case { content_md5: true, ..case.detail(format!("{kind:?}")) });
        }
    }
    cases
}

/// Where connections are lost.
fn loss_points(op: Op) -> Vec<(Section, Position)> {
    use Section::{RequestBody, RequestHead, ResponseBody, ResponseHead};
    let mut points: Vec<_> = [Position::Byte(0), Position::Byte(20), Position::Last]
        .map(|position| (RequestHead, position))
        .into();
    if op.has_request_body() {
        points.extend(
            [Position::Byte(0), Position::Byte(1), Position::Middle, Position::Last]
                .map(|position| (RequestBody, position)),
        );
    }
    points.extend(
        [Position::Byte(0), Position::Byte(9), Position::Middle, Position::Last]
            .map(|position| (ResponseHead, position)),
    );
    if op.has_response_body() {
        points.extend(
            [Position::Byte(0), Position::Middle, Position::Last]
                .map(|position| (ResponseBody, position)),
        );
    }
    points.push((ResponseBody, Position::End));
    points
}

/// Where bytes are corrupted.
fn corruption_points(op: Op) -> Vec<(Section, Position)> {
    let mut points =
        vec![(Section::RequestHead, Position::Byte(0)), (Section::ResponseHead, Position::Byte(0))];
    if op.has_request_body() {
        points.push((Section::RequestBody, Position::Middle));
    }
    if op.has_response_body() {
        points.push((Section::ResponseBody, Position::Middle));
    }
    points
}

fn case(word: &str, fault: Fault) -> Case {
    let point = fault.point;
    let nth = if fault.nth > 1 { format!(", request {}", fault.nth) } else { String::new() };
    let detail = format!("{:?} {:?}{nth}", point.section, point.position);
    Case::new(fault.op, word, FaultInjection::Network(fault), expect(fault)).detail(detail)
}

/// The expected outcome, by what the client can know: whether the request arrived, whether a retry
/// is safe, and whether another request can resolve the outcome.
fn expect(fault: Fault) -> Expect {
    if fault.op == Op::Abort {
        return failure(fault.op, Service);
    }
    let error = match fault.kind {
        FaultKind::Delay(_) => return Expect::Success,
        FaultKind::Garbage | FaultKind::Duplicate => return expect_of_corrupted(fault),
        FaultKind::Cut | FaultKind::Reset => Network,
        // One delayed byte arrives in time.
        FaultKind::Drip(_) if fault.point.position == Position::Last => return Expect::Success,
        FaultKind::Stall | FaultKind::Drip(_) => Timeout,
    };
    let always = fault.times == 0;
    let is_over = fault.point.position == Position::End;
    let has_arrived = matches!(fault.point.section, Section::ResponseHead | Section::ResponseBody);
    match fault.op {
        _ if !always || is_over => Expect::Success,
        // HeadObject finds the object.
        Op::Complete | Op::PutObject if has_arrived => Expect::Success,
        op => failure(op, error),
    }
}

fn expect_of_corrupted(fault: Fault) -> Expect {
    let always = fault.times == 0;
    match (fault.point.section, fault.op) {
        // The server cannot parse the request, or rejects its signature.
        (Section::RequestHead, op) => failure(op, Service),
        // The CRC-64 of the server differs.
        (Section::RequestBody, Op::UploadPart | Op::PutObject) if always => {
            Expect::Failure(Integrity)
        }
        (Section::RequestBody, Op::UploadPart | Op::PutObject) => Expect::Success,
        // The server cannot parse the list of parts.
        (Section::RequestBody, op) => failure(op, Service),
        (_, Op::Complete | Op::PutObject) => Expect::Success,
        (_, op) => failure(op, Protocol),
    }
}

/// The outcome of the call when every attempt of the operation fails.
fn failure(op: Op, error: ErrorKind) -> Expect {
    Expect::Failure(match op {
        // The call reports the error that led to the abort.
        Op::Abort => Service,
        // HeadObject was to resolve the outcome of Complete.
        Op::HeadObject => Unknown,
        _ => error,
    })
}

const DELAY: Duration = Duration::from_millis(30);
const BETWEEN_BYTES: Duration = Duration::from_millis(20);
