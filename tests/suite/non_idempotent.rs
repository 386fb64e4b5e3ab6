//! Retries of requests that are not idempotent: Initiate and Complete.

use oss_emulator::{Action, Commit, Rule};

use crate::fixture::{Fixture, five_parts};

const COMPLETE: &str = "CompleteMultipartUpload";

#[test]
fn complete_has_as_many_attempts_as_any_other_request() {
    let fixture = Fixture::new();
    fixture.emulator.add_rule(Rule::on(COMPLETE, Action::status(500, "InternalError")).times(4));
    fixture.put_five_parts().unwrap();
    assert_eq!(fixture.count(COMPLETE), 5);
    assert_eq!(fixture.stored().unwrap(), five_parts());
}

#[test]
fn with_one_attempt_complete_is_not_retried() {
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(1).unwrap();
    });
    fixture.once(COMPLETE, Action::status(500, "InternalError"));
    fixture.put_five_parts().unwrap_err();
    assert_eq!(fixture.count(COMPLETE), 1);
    fixture.assert_bucket_empty();
}

#[test]
fn an_error_after_a_retried_initiate_reports_a_possible_orphaned_upload() {
    let fixture = Fixture::new();
    fixture.once("InitiateMultipartUpload", Action::lose_response(Commit::After));
    fixture.always("UploadPart", Action::status(403, "AccessDenied"));
    let error = fixture.put_five_parts().unwrap_err();
    assert_eq!(fixture.emulator.uploads(crate::fixture::BUCKET).len(), 1);
    assert!(error.upload_may_exist(), "{error}");
}
