//! Error responses: every documented error code, for each operation of an upload.

use oss_emulator::{Action, Rule};
use ossmpu::ErrorKind;

use crate::cases::{Case, Expect, FaultInjection};
use crate::fault::Op;

/// HTTP status, error code, and whether the error is transient.
const CODES: [(u16, &str, bool); 64] = [
    (400, "InvalidArgument", false),
    (400, "InvalidBucketName", false),
    (400, "InvalidObjectName", false),
    (400, "InvalidDigest", false),
    (400, "InvalidPart", false),
    (400, "InvalidPartOrder", false),
    (400, "EntityTooSmall", false),
    (400, "EntityTooLarge", false),
    (400, "FilePartNotExist", false),
    (400, "MalformedXML", false),
    (400, "PartNotSequential", false),
    (400, "InvalidEncryptionAlgorithmError", false),
    (400, "NotImplemented", false),
    (400, "MissingArgument", false),
    (400, "InvalidRequest", false),
    (400, "OperationNotSupported", false),
    (400, "RequestTimeout", true),
    (400, "BadRequest", true),
    (401, "Unauthorized", true),
    (403, "AccessDenied", false),
    (403, "InvalidAccessKeyId", false),
    (403, "SignatureDoesNotMatch", false),
    (403, "SecurityTokenExpired", false),
    (403, "InvalidSecurityToken", false),
    (403, "AccessKeyIdAndSecurityTokenNotMatch", false),
    (403, "RequestTimeTooSkewed", true),
    (403, "UserDisable", false),
    (403, "KmsServiceNotEnabled", false),
    (403, "TransferAccelerationDisabled", false),
    (403, "SecondLevelDomainForbidden", false),
    (403, "PermanentRedirect", false),
    (403, "InvalidObjectState", false),
    (404, "NoSuchBucket", false),
    (404, "NoSuchKey", false),
    (404, "NoSuchUpload", false),
    (405, "MethodNotAllowed", false),
    (408, "RequestTimeout", true),
    (409, "FileAlreadyExists", false),
    (409, "PartAlreadyExist", false),
    (409, "FileImmutable", false),
    (409, "BucketNotEmpty", false),
    (411, "MissingContentLength", false),
    (412, "PreconditionFailed", false),
    (413, "EntityTooLarge", false),
    (416, "InvalidRange", false),
    (429, "TooManyRequests", true),
    (500, "InternalError", true),
    (501, "NotImplemented", true),
    (502, "BadGateway", true),
    (503, "ServiceUnavailable", true),
    (503, "UploadTrafficRateLimitExceeded", true),
    (503, "TotalQpsLimitExceeded", true),
    (503, "ActiveRequestLimitExceeded", true),
    (503, "MetaOperationQpsLimitExceeded", true),
    (504, "GatewayTimeout", true),
    (599, "InternalError", true),
    (300, "TemporaryRedirect", false),
    (301, "MovedPermanently", false),
    (302, "Found", false),
    (303, "SeeOther", false),
    (304, "NotModified", false),
    (305, "UseProxy", false),
    (307, "TemporaryRedirect", false),
    (308, "PermanentRedirect", false),
];

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for op in [Op::Initiate, Op::UploadPart, Op::Complete, Op::ListParts, Op::PutObject] {
        for (status, code, is_transient) in CODES {
            // For an existing upload this response is false, and the client has to believe it.
            if status == 404 && matches!(op, Op::Complete | Op::ListParts) {
                continue;
            }
            let row =
                if is_transient { "transient error response" } else { "permanent error response" };
            let rule = Rule::on(op.name(), Action::status(status, code));
            let case = |rule: Rule, expect| {
                let case = Case::new(op, row, FaultInjection::Server(Box::new(rule)), expect);
                case.detail(format!("{status} {code}"))
            };
            let failure = Expect::Failure(ErrorKind::Service);
            // Every operation succeeds: its retry or the object shows that it took effect.
            if is_transient || status >= 500 {
                let rule = Rule::on(op.name(), Action::status(status, code).after_commit());
                let row = "error response after the request took effect";
                let case =
                    Case::new(op, row, FaultInjection::Server(Box::new(rule)), Expect::Success);
                cases.push(case.detail(format!("{status} {code}")));
            }
            if is_transient {
                cases.push(case(rule.clone(), Expect::Success));
            }
            let attempts = if is_transient { 2 } else { 1 };
            cases.push(case(rule.always(), failure).attempts(attempts));
        }
    }
    cases
}
