//! Responses that are lost, wrong or malformed.

use oss_emulator::{Action, Commit, Rule};
use ossmpu::ErrorKind;

use crate::cases::{Case, Expect, FaultInjection};
use crate::fault::Op;

const ERROR: &str = "<Error><Code>InternalError</Code><Message>Sorry.</Message></Error>";
/// Malformed bodies of a response with status 200.
const MALFORMED: [(&str, &str); 5] = [
    ("an empty body", ""),
    ("another document", "<ListBucketResult/>"),
    ("a captive portal", "<html><body>Sign in</body></html>"),
    ("half a document", "<CompleteMultipartUploadResult><ETag>\"A"),
    ("an <Error>", ERROR),
];

pub fn cases() -> Vec<Case> {
    [lost(), malformed(), checksums(), callbacks(), early()].concat()
}

fn case(op: Op, fault: &str, rule: Rule, expect: Expect) -> Case {
    Case::new(op, fault, FaultInjection::Server(Box::new(rule)), expect)
}

fn lost() -> Vec<Case> {
    let mut cases = Vec::new();
    for op in Op::ALL {
        for (word, when) in [("before", Commit::Before), ("after", Commit::After)] {
            for (how, action) in [
                ("closed", Action::lose_response(when)),
                ("reset", Action { reset: Some(when), ..Action::default() }),
            ] {
                let fault = format!("response lost {word} the request takes effect");
                let rule = Rule::on(op.name(), action);
                // A HeadObject case has lost the response to Complete before.
                let always = match (op, when) {
                    (Op::Complete | Op::PutObject, Commit::After) => Expect::Success,
                    (Op::Abort, _) => Expect::Failure(ErrorKind::Service),
                    (Op::HeadObject, _) => Expect::Failure(ErrorKind::Unknown),
                    _ => Expect::Failure(ErrorKind::Network),
                };
                let once = match op {
                    Op::Abort => always,
                    _ => Expect::Success,
                };
                cases.push(case(op, &fault, rule.clone(), once).detail(how));
                cases.push(case(op, &fault, rule.always(), always).detail(how));
            }
        }
    }
    cases
}

fn malformed() -> Vec<Case> {
    let mut cases = Vec::new();
    for (word, body) in MALFORMED {
        let kind = if body == ERROR { ErrorKind::Service } else { ErrorKind::Protocol };
        for op in [Op::Initiate, Op::ListParts] {
            let rule = Rule::on(op.name(), Action::raw(200, body)).always();
            let expect = Expect::Failure(kind);
            cases.push(case(op, "malformed response with status 200", rule, expect).detail(word));
        }
        // A success response before the end of the request body violates the protocol, whatever it
        // contains; the server may respond later than that.
        let done = Rule::on(Op::Complete.name(), Action::raw(200, body).after_commit());
        let fault = "malformed response with status 200 after the request took effect";
        for rule in [done.clone(), done.always()] {
            cases.push(case(Op::Complete, fault, rule, Expect::Success).detail(word));
        }
        let once = Rule::on(Op::Complete.name(), Action::raw(200, body));
        let fault = "malformed response with status 200";
        cases.push(case(Op::Complete, fault, once, Expect::Success).detail(word));
    }
    cases
}

fn checksums() -> Vec<Case> {
    let bad_crc = Action { bad_crc: true, ..Action::default() };
    let bad_etag = Action { bad_etag: true, ..Action::default() };
    let integrity = Expect::Failure(ErrorKind::Integrity);
    let mut cases = Vec::new();
    for op in [Op::UploadPart, Op::PutObject] {
        let rule = Rule::on(op.name(), bad_crc.clone());
        cases.push(case(op, "wrong CRC-64", rule.clone(), Expect::Success));
        cases.push(case(op, "wrong CRC-64", rule.always(), integrity));
        let rule = Rule::on(op.name(), bad_etag.clone());
        for (rule, expect) in [(rule.clone(), Expect::Success), (rule.always(), integrity)] {
            let case = case(op, "wrong ETag, with Content-MD5", rule, expect);
            cases.push(Case { content_md5: true, ..case });
        }
    }
    let rule = Rule::on(Op::Complete.name(), bad_crc);
    cases.push(case(Op::Complete, "wrong CRC-64", rule, integrity));
    // Only Complete detects it.
    let rule = Rule::on(Op::UploadPart.name(), bad_etag);
    let failure = Expect::Failure(ErrorKind::Service);
    cases.push(case(Op::UploadPart, "wrong ETag", rule, failure));
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

/// Error responses while the body is still being sent.
fn early() -> Vec<Case> {
    [Op::UploadPart, Op::PutObject]
        .map(|op| {
            let rule = Rule::on(op.name(), Action::status(403, "AccessDenied")).always();
            let expect = Expect::Failure(ErrorKind::Service);
            case(op, LARGE, rule, expect).detail("8 MiB")
        })
        .into()
}

/// The row of the cases with large bodies.
pub const LARGE: &str = "403 while the body is still being sent";
