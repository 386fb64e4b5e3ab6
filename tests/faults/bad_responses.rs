//! The cases of answers that are lost, untrue or of another shape than they should be.

use oss_emulator::{Action, Commit, Rule};
use ossmpu::ErrorKind;

use crate::cases::{Case, Expect, Strike};
use crate::fault::Op;

const ERROR: &str = "<Error><Code>InternalError</Code><Message>Sorry.</Message></Error>";
/// Replies with status 200 that are no success.
const NO_SUCCESS: [(&str, &str); 5] = [
    ("an empty reply", ""),
    ("another document", "<ListBucketResult/>"),
    ("a page of a hotel network", "<html><body>Sign in</body></html>"),
    ("half a document", "<CompleteMultipartUploadResult><ETag>\"A"),
    ("an <Error>", ERROR),
];

pub fn cases() -> Vec<Case> {
    [lost(), no_success(), check_sums(), callbacks(), early()].concat()
}

fn case(op: Op, fault: &str, rule: Rule, expect: Expect) -> Case {
    Case::new(op, fault, Strike::Server(Box::new(rule)), expect)
}

fn lost() -> Vec<Case> {
    let mut cases = Vec::new();
    for op in Op::ALL {
        for (word, when) in [("before", Commit::Before), ("after", Commit::After)] {
            for (how, action) in [
                ("closed", Action::lose_response(when)),
                ("reset", Action { reset: Some(when), ..Action::default() }),
            ] {
                let fault = format!("the answer is lost {word} the effect");
                let rule = Rule::on(op.name(), action);
                // HEAD is lost already when it is not the one that is struck.
                let lasting = match (op, when) {
                    (Op::Complete | Op::PutObject, Commit::After) => Expect::Success,
                    (Op::Abort, _) => Expect::Failure(ErrorKind::Service),
                    (Op::HeadObject, _) => Expect::Failure(ErrorKind::Indeterminate),
                    _ => Expect::Failure(ErrorKind::Network),
                };
                let once = match op {
                    Op::Abort => lasting,
                    _ => Expect::Success,
                };
                cases.push(case(op, &fault, rule.clone(), once).detail(how));
                cases.push(case(op, &fault, rule.always(), lasting).detail(how));
            }
        }
    }
    cases
}

fn no_success() -> Vec<Case> {
    let mut cases = Vec::new();
    for (word, reply) in NO_SUCCESS {
        let kind = if reply == ERROR { ErrorKind::Service } else { ErrorKind::Protocol };
        for op in [Op::Initiate, Op::ListParts] {
            let rule = Rule::on(op.name(), Action::raw(200, reply)).always();
            let expect = Expect::Failure(kind);
            cases.push(case(op, "status 200 that is no success", rule, expect).detail(word));
        }
        // Success before the body was read is against the protocol, whatever it says; the server
        // may have answered later than that.
        let done = Rule::on(Op::Complete.name(), Action::raw(200, reply).after_commit());
        let fault = "status 200 that is no success, after the effect";
        for rule in [done.clone(), done.always()] {
            cases.push(case(Op::Complete, fault, rule, Expect::Success).detail(word));
        }
        let once = Rule::on(Op::Complete.name(), Action::raw(200, reply));
        let fault = "status 200 that is no success";
        cases.push(case(Op::Complete, fault, once, Expect::Success).detail(word));
    }
    cases
}

fn check_sums() -> Vec<Case> {
    let bad_crc = Action { bad_crc: true, ..Action::default() };
    let bad_etag = Action { bad_etag: true, ..Action::default() };
    let integrity = Expect::Failure(ErrorKind::Integrity);
    let mut cases = Vec::new();
    for op in [Op::UploadPart, Op::PutObject] {
        let rule = Rule::on(op.name(), bad_crc.clone());
        cases.push(case(op, "a wrong CRC-64", rule.clone(), Expect::Success));
        cases.push(case(op, "a wrong CRC-64", rule.always(), integrity));
        let rule = Rule::on(op.name(), bad_etag.clone());
        for (rule, expect) in [(rule.clone(), Expect::Success), (rule.always(), integrity)] {
            let case = case(op, "a wrong ETag, with Content-MD5", rule, expect);
            cases.push(Case { verified: true, ..case });
        }
    }
    let rule = Rule::on(Op::Complete.name(), bad_crc);
    cases.push(case(Op::Complete, "a wrong CRC-64", rule, integrity));
    // Only Complete can notice.
    let rule = Rule::on(Op::UploadPart.name(), bad_etag);
    let refused = Expect::Failure(ErrorKind::Service);
    cases.push(case(Op::UploadPart, "a wrong ETag", rule, refused));
    cases
}

fn callbacks() -> Vec<Case> {
    [Op::Complete, Op::PutObject]
        .map(|op| {
            let rule = Rule::on(op.name(), Action::status(203, "CallbackFailed").after_commit());
            case(op, "203 CallbackFailed", rule, Expect::CallbackFailed)
        })
        .into()
}

/// Refusals that come while a body is still being sent.
fn early() -> Vec<Case> {
    [Op::UploadPart, Op::PutObject]
        .map(|op| {
            let rule = Rule::on(op.name(), Action::status(403, "AccessDenied")).always();
            let expect = Expect::Failure(ErrorKind::Service);
            case(op, LARGE, rule, expect).detail("8 MiB")
        })
        .into()
}

/// The row whose cases send large bodies.
pub const LARGE: &str = "403 while the body is still being sent";
