//! Calls with a checkpoint do not forget what earlier calls may have done.

use std::path::PathBuf;

use oss_emulator::{Action, Commit, Rule};
use ossmpu::{
    Error, ErrorKind, HeadObject, LogLevel, MultipartUpload, ObjectExists, Result, UploadId,
    UploadOptions, UploadResult,
};
use tempfile::{NamedTempFile, TempDir};

use crate::fixture::{BUCKET, Fixture, Lines, MIB, NEVER_MS, PART, bytes, file, small_parts};

const COMPLETE: &str = "CompleteMultipartUpload";
const INITIATE: &str = "InitiateMultipartUpload";

/// A file, and the options to upload it with a checkpoint.
struct Upload {
    fixture: Fixture,
    folder: TempDir,
    file: NamedTempFile,
    options: UploadOptions,
}

impl Upload {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = small_parts();
        options.set_checkpoint_dir(folder.path());
        Self { fixture: Fixture::with_one_attempt(), folder, file: file(&bytes(MIB)), options }
    }

    fn put(&self) -> Result<UploadResult> {
        self.put_with(&self.options)
    }

    fn put_with(&self, options: &UploadOptions) -> Result<UploadResult> {
        let Fixture { client, bucket, key, cancel, .. } = &self.fixture;
        client.put_file(bucket, key, self.file.path(), options, cancel)
    }

    /// The error of a call that ends before it uses the checkpoint.
    fn refused(&self) -> Error {
        let mut options = self.options.clone();
        options.set_expected_md5([7; 16]);
        let error = self.put_with(&options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        error
    }

    /// Creates the object and loses the response; the outcome is unknown to the call. Returns the
    /// upload ID.
    fn complete_with_unknown_outcome(&self) -> UploadId {
        self.fixture.once(COMPLETE, Action::lose_response(Commit::After));
        self.fixture.once("ListParts", denied());
        let error = self.put().unwrap_err();
        assert_unknown(&error);
        assert!(self.fixture.stored().is_some());
        id_in(&error)
    }

    /// Fails at the fifth part; returns the upload ID.
    fn fail(&self) -> UploadId {
        self.fixture.emulator.add_rule(Rule::on("UploadPart", denied()).part(5).always());
        let error = self.put().unwrap_err();
        self.fixture.emulator.clear_rules();
        id_in(&error)
    }

    /// Another program aborts the upload.
    fn abort(&self, id: &UploadId) {
        let Fixture { client, bucket, key, .. } = &self.fixture;
        let options = UploadOptions::new();
        MultipartUpload::attach(client, bucket, key, id, &options).unwrap().abort().unwrap();
    }

    /// The file becomes so small that it is sent with one PutObject.
    fn shrink(&mut self) {
        self.options.set_single_below(PART).unwrap();
        self.write(b"small");
    }

    fn checkpoint(&self) -> PathBuf {
        std::fs::read_dir(self.folder.path()).unwrap().next().unwrap().unwrap().path()
    }

    fn replace_object(&self) {
        self.fixture.put(b"of another writer", &UploadOptions::new()).unwrap();
    }

    fn write(&self, content: &[u8]) {
        std::fs::write(self.file.path(), content).unwrap();
    }

    fn files_left(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }
}

fn denied() -> Action {
    Action::status(403, "AccessDenied")
}

fn id_in(error: &Error) -> UploadId {
    UploadId::parse(error.upload_id().unwrap()).unwrap()
}

fn assert_unknown(error: &Error) {
    assert_eq!(error.object_exists(), ObjectExists::Unknown, "{error}");
}

#[test]
fn a_file_that_is_not_the_expected_one_does_not_hide_the_upload_of_an_earlier_call() {
    for is_small in [false, true] {
        let mut upload = Upload::new();
        upload.complete_with_unknown_outcome();
        if is_small {
            upload.shrink();
        }
        upload.fixture.emulator.clear_requests();
        let error = upload.refused();
        assert_unknown(&error);
        assert!(error.parts_left() && error.upload_id().is_some(), "{error}");
        assert_eq!((upload.fixture.operations().len(), upload.files_left()), (0, 1));
    }
}

#[test]
fn an_object_that_was_replaced_is_not_denied_by_the_call_after_the_next() {
    let upload = Upload::new();
    upload.complete_with_unknown_outcome();
    upload.replace_object();
    let part_5 = Rule::on("UploadPart", denied()).part(5).always();
    upload.fixture.emulator.add_rule(part_5);
    for _ in 0..2 {
        let error = upload.put().unwrap_err();
        assert_eq!(error.part_number(), Some(5), "{error}");
        assert_unknown(&error);
    }
    // A file that has changed starts over once more.
    upload.write(&vec![7; 2 * PART as usize]);
    upload.fixture.always("InitiateMultipartUpload", denied());
    assert_unknown(&upload.put().unwrap_err());
    assert_unknown(&upload.put().unwrap_err());
    upload.fixture.emulator.clear_rules();
    upload.put().unwrap();
    assert_eq!(upload.files_left(), 0);
    upload.fixture.assert_nothing_left();
}

#[test]
fn a_small_file_keeps_the_checkpoint_of_an_earlier_call_until_it_is_stored() {
    for is_completed in [false, true] {
        let mut upload = Upload::new();
        if is_completed {
            upload.complete_with_unknown_outcome();
        } else {
            // Abort proves that this Complete has no effect.
            upload.fixture.once(COMPLETE, Action::lose_response(Commit::Before));
            assert_unknown(&upload.put().unwrap_err());
        }
        upload.shrink();
        upload.fixture.always("PutObject", denied());
        let expected = if is_completed { ObjectExists::Unknown } else { ObjectExists::No };
        for _ in 0..2 {
            let error = upload.put().unwrap_err();
            assert_eq!(error.operation(), Some("PutObject"));
            assert_eq!(error.object_exists(), expected, "{error}");
        }
        upload.fixture.emulator.clear_rules();
        assert!(!upload.put().unwrap().upload_may_exist);
        assert_eq!(upload.fixture.stored().unwrap(), b"small");
        assert_eq!(upload.files_left(), 0);
    }
}

#[test]
fn a_complete_that_was_refused_is_not_uncertain_in_the_next_call() {
    for corrects_acl in [false, true] {
        let mut upload = Upload::new();
        upload.options.headers_mut().set_acl("public-read").unwrap();
        upload.fixture.always(COMPLETE, denied());
        for _ in 0..2 {
            let error = upload.put().unwrap_err();
            let found = (error.kind(), error.object_exists(), error.parts_left());
            assert_eq!(found, (ErrorKind::Service, ObjectExists::No, true), "{error}");
        }
        upload.fixture.emulator.clear_rules();
        upload.fixture.emulator.clear_requests();
        if corrects_acl {
            upload.options.headers_mut().set_acl("private").unwrap();
        }
        assert_eq!(upload.put().unwrap().bytes_resumed, MIB);
        assert_eq!(upload.fixture.operations(), ["ListParts", COMPLETE]);
    }
}

#[test]
fn an_object_that_an_earlier_call_made_is_reported_like_one_of_this_call() {
    let upload = Upload { fixture: Fixture::new(), ..Upload::new() };
    let Fixture { client, bucket, key, cancel, emulator, .. } = &upload.fixture;
    emulator.set_versioning(BUCKET, true).unwrap();
    let id = upload.complete_with_unknown_outcome();
    emulator.clear_requests();
    let found = upload.put().unwrap();
    assert_eq!(upload.fixture.operations(), ["ListParts", "HeadObject"]);
    let head = client.head_object(&HeadObject::new(bucket, key), cancel).unwrap();
    assert!(head.version_id.is_some());
    assert_eq!((found.etag, found.version_id), (Some(head.etag), head.version_id));
    assert_eq!((found.size, found.parts, found.bytes_sent), (MIB, 11, 0));
    assert_eq!(found.upload_id, Some(id));
}

#[test]
fn an_upload_whose_id_was_lost_is_reported_by_the_call_that_resumes_or_starts_over() {
    for then in ["resumed", "completed", "replaced", "aborted", "changed", "small"] {
        let mut upload = Upload { fixture: Fixture::new(), ..Upload::new() };
        upload.fixture.once(INITIATE, Action::lose_response(Commit::After));
        let id = match then {
            "completed" | "replaced" => upload.complete_with_unknown_outcome(),
            _ => upload.fail(),
        };
        match then {
            "replaced" => upload.replace_object(),
            "aborted" => upload.abort(&id),
            "changed" => upload.write(&[7; 2 * PART as usize]),
            "small" => upload.shrink(),
            _ => {}
        }
        assert!(upload.put().unwrap().upload_may_exist, "{then}");
        assert_eq!(upload.files_left(), 0, "{then}");
    }
}

#[test]
fn a_corrupt_checkpoint_may_have_hidden_an_upload_and_an_object() {
    for is_small in [false, true] {
        let mut upload = Upload::new();
        upload.fail();
        std::fs::write(upload.checkpoint(), "nonsense").unwrap();
        if is_small {
            upload.shrink();
        }
        for operation in [INITIATE, "PutObject"] {
            upload.fixture.once(operation, denied());
        }
        for error in [upload.refused(), upload.put().unwrap_err()] {
            assert_unknown(&error);
            assert!(error.upload_may_exist(), "{error}");
        }
        upload.fixture.emulator.clear_rules();
        assert!(upload.put().unwrap().upload_may_exist);
    }
}

#[test]
fn a_checkpoint_of_another_file_is_not_used() {
    let mut upload = Upload::new();
    let others = upload.fail();
    let copy = std::fs::read(upload.checkpoint()).unwrap();
    upload.folder = tempfile::tempdir().unwrap();
    upload.file = file(&bytes(MIB));
    upload.options.set_checkpoint_dir(upload.folder.path());
    upload.fail();
    std::fs::write(upload.checkpoint(), copy).unwrap();
    upload.shrink();
    assert_eq!(upload.refused().upload_id(), None);
    upload.put().unwrap();
    let left = upload.fixture.emulator.uploads(BUCKET);
    assert!(left.iter().any(|left| left.upload_id == others.as_str()), "it was aborted");
}

#[test]
fn an_identical_object_of_another_writer_does_not_complete_an_upload_that_was_aborted() {
    let upload = Upload::new();
    let id = upload.fail();
    upload.abort(&id);
    upload.fixture.put(&bytes(MIB), &small_parts()).unwrap();
    assert_eq!(upload.put().unwrap().bytes_resumed, 0);
    assert_eq!(upload.fixture.count(COMPLETE), 2);
}

#[test]
fn an_identical_object_that_was_not_made_of_parts_is_not_that_of_an_upload() {
    let upload = Upload::new();
    upload.fixture.once(COMPLETE, Action::lose_response(Commit::Before));
    let error = upload.put().unwrap_err();
    upload.abort(&id_in(&error));
    upload.fixture.put(&bytes(MIB), &UploadOptions::new()).unwrap();
    assert_eq!(upload.fixture.count("PutObject"), 1);
    assert_eq!(upload.put().unwrap().bytes_sent, MIB);
}

#[test]
fn an_object_of_an_earlier_call_is_found_if_no_time_is_known() {
    let upload = Upload::new();
    upload.fixture.once(INITIATE, Action::default().header("date", "unknown"));
    upload.complete_with_unknown_outcome();
    upload.fixture.once("HeadObject", Action::default().header("last-modified", "unknown"));
    assert_eq!(upload.put().unwrap().bytes_sent, 0);
}

#[test]
fn the_acl_of_the_last_complete_is_that_of_the_object() {
    for acl in ["private", "public-read"] {
        let mut upload = Upload::new();
        upload.options.headers_mut().set_acl("private").unwrap();
        upload.fail();
        upload.options.headers_mut().set_acl("public-read").unwrap();
        upload.fixture.once(COMPLETE, Action::lose_response(Commit::After));
        // The first ListParts resumes the upload.
        upload.fixture.emulator.add_rule(Rule::on("ListParts", denied()).nth(2));
        assert_unknown(&upload.put().unwrap_err());
        upload.options.headers_mut().set_acl(acl).unwrap();
        let is_found = upload.put().unwrap().bytes_sent == 0;
        assert_eq!(is_found, acl == "public-read");
        let key = upload.fixture.key.as_str();
        let object = upload.fixture.emulator.object(BUCKET, key).unwrap();
        assert_eq!(object.acl.as_deref(), Some(acl));
    }
}

#[test]
fn an_upload_and_an_object_that_are_gone_are_not_logged_as_errors() {
    let lines = Lines::default();
    let fixture = Fixture::with(|config| {
        config.set_max_attempts(1).unwrap();
        lines.listen(config, LogLevel::Error);
    });
    let upload = Upload { fixture, ..Upload::new() };
    upload.fixture.once(COMPLETE, Action::lose_response(Commit::Before));
    let error = upload.put().unwrap_err();
    upload.abort(&id_in(&error));
    upload.fixture.emulator.clear_requests();
    let logged = lines.all().len();
    upload.put().unwrap();
    assert_eq!(upload.fixture.operations()[..3], ["ListParts", "HeadObject", INITIATE]);
    assert_eq!(lines.all()[logged..], [""; 0]);
}

#[test]
fn a_small_file_without_an_earlier_upload_has_no_checkpoint_that_could_be_busy() {
    let mut upload = Upload::new();
    upload.shrink();
    upload.fixture.once("PutObject", Action { delay_ms: NEVER_MS, ..Action::default() });
    std::thread::scope(|scope| {
        let first = scope.spawn(|| upload.put());
        upload.fixture.wait_for("PutObject", 1);
        let second = upload.put();
        upload.fixture.emulator.end_delays();
        first.join().unwrap().unwrap();
        second.unwrap();
    });
    assert_eq!(upload.files_left(), 0);
}

#[test]
fn an_object_of_an_earlier_call_that_was_deleted_is_not_denied() {
    for is_marked in [false, true] {
        let upload = Upload::new();
        upload.complete_with_unknown_outcome();
        let gone = Action::status(404, "NoSuchKey");
        let deleted = gone.clone().header("x-oss-delete-marker", "true");
        upload.fixture.once("HeadObject", if is_marked { deleted } else { gone });
        upload.fixture.always(INITIATE, denied());
        let expected = if is_marked { ObjectExists::Unknown } else { ObjectExists::No };
        assert_eq!(upload.put().unwrap_err().object_exists(), expected);
    }
}
