//! The cases of the proxy: each harm at each place of each operation, once and always.

use std::time::Duration;

use ossmpu::ErrorKind;
use ossmpu::ErrorKind::{Indeterminate, Integrity, Network, Protocol, Service, Timeout};

use crate::cases::{Case, Expect, Strike};
use crate::fault::{At, Fault, Harm, Op, Section};

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for op in Op::ALL {
        for (section, at) in places(op) {
            for (word, harm) in [
                ("cut", Harm::Cut),
                ("reset", Harm::Reset),
                ("stall", Harm::Stall),
                ("one byte at a time", Harm::Drip(BETWEEN_BYTES)),
                ("delay", Harm::Delay(DELAY)),
            ] {
                let fault = Fault::once(op, section, at, harm);
                for nth in 1..=if op == Op::UploadPart { 3 } else { 1 } {
                    cases.push(case(word, fault.nth(nth)));
                }
                cases.push(case(word, fault.always()));
            }
        }
        for (section, at) in spoilable(op) {
            for (word, harm) in [("garbage", Harm::Garbage), ("duplicate", Harm::Duplicate)] {
                let fault = Fault::once(op, section, at, harm);
                cases.push(case(word, fault));
                cases.push(case(word, fault.always()));
            }
        }
    }
    for harm in [Harm::Garbage, Harm::Duplicate] {
        for op in [Op::PutObject, Op::UploadPart] {
            let fault = Fault::once(op, Section::RequestBody, At::Middle, harm).always();
            let word = "damaged on its way, with Content-MD5";
            let strike = Strike::Wire(fault);
            let case = Case::new(op, word, strike, Expect::Failure(Service));
            cases.push(Case { verified: true, ..case.detail(format!("{harm:?}")) });
        }
    }
    cases
}

/// Where connections are lost.
fn places(op: Op) -> Vec<(Section, At)> {
    use Section::{ReplyBody, ReplyHead, RequestBody, RequestHead};
    let mut places: Vec<_> =
        [At::Byte(0), At::Byte(20), At::Last].map(|at| (RequestHead, at)).into();
    if op.has_request_body() {
        places.extend([At::Byte(0), At::Byte(1), At::Middle, At::Last].map(|at| (RequestBody, at)));
    }
    places.extend([At::Byte(0), At::Byte(9), At::Middle, At::Last].map(|at| (ReplyHead, at)));
    if op.has_reply_body() {
        places.extend([At::Byte(0), At::Middle, At::Last].map(|at| (ReplyBody, at)));
    }
    places.push((ReplyBody, At::End));
    places
}

/// Where bytes are spoiled.
fn spoilable(op: Op) -> Vec<(Section, At)> {
    let mut places = vec![(Section::RequestHead, At::Byte(0)), (Section::ReplyHead, At::Byte(0))];
    if op.has_request_body() {
        places.push((Section::RequestBody, At::Middle));
    }
    if op.has_reply_body() {
        places.push((Section::ReplyBody, At::Middle));
    }
    places
}

fn case(word: &str, fault: Fault) -> Case {
    let place = fault.place;
    let nth = if fault.nth > 1 { format!(", request {}", fault.nth) } else { String::new() };
    let detail = format!("{:?} {:?}{nth}", place.section, place.at);
    Case::new(fault.op, word, Strike::Wire(fault), expect(fault)).detail(detail)
}

/// What must come of it, by what the client can know: whether the request arrived, whether a repeat
/// is harmless, and whether another request can tell.
fn expect(fault: Fault) -> Expect {
    if fault.op == Op::Abort {
        return failure(fault.op, Service);
    }
    let error = match fault.harm {
        Harm::Delay(_) => return Expect::Success,
        Harm::Garbage | Harm::Duplicate => return expect_of_spoiled(fault),
        Harm::Cut | Harm::Reset => Network,
        // The last byte of a drip comes soon enough.
        Harm::Drip(_) if fault.place.at == At::Last => return Expect::Success,
        Harm::Stall | Harm::Drip(_) => Timeout,
    };
    let lasts = fault.times == 0;
    let is_over = fault.place.at == At::End;
    let has_arrived = matches!(fault.place.section, Section::ReplyHead | Section::ReplyBody);
    match fault.op {
        _ if !lasts || is_over => Expect::Success,
        // The object says that it was done.
        Op::Complete | Op::PutObject if has_arrived => Expect::Success,
        op => failure(op, error),
    }
}

fn expect_of_spoiled(fault: Fault) -> Expect {
    let lasts = fault.times == 0;
    match (fault.place.section, fault.op) {
        // The server cannot read the request, or its signature does not fit.
        (Section::RequestHead, op) => failure(op, Service),
        // Its check sum is not ours.
        (Section::RequestBody, Op::UploadPart | Op::PutObject) if lasts => {
            Expect::Failure(Integrity)
        }
        (Section::RequestBody, Op::UploadPart | Op::PutObject) => Expect::Success,
        // A list of parts that cannot be read.
        (Section::RequestBody, op) => failure(op, Service),
        (_, Op::Complete | Op::PutObject) => Expect::Success,
        (_, op) => failure(op, Protocol),
    }
}

/// How the call ends when the operation fails for good.
fn failure(op: Op, error: ErrorKind) -> Expect {
    Expect::Failure(match op {
        // The call had failed before it cleaned up.
        Op::Abort => Service,
        // It was to say whether Complete was done.
        Op::HeadObject => Indeterminate,
        _ => error,
    })
}

const DELAY: Duration = Duration::from_millis(30);
const BETWEEN_BYTES: Duration = Duration::from_millis(20);
