//! Calls with a checkpoint do not forget what earlier calls may have done.

use oss_emulator::{Action, Commit, Rule};
use ossmpu::{Error, ErrorKind, ObjectExists, Result, UploadOptions, UploadResult};
use tempfile::{NamedTempFile, TempDir};

use crate::fixture::{Fixture, MIB, PART, bytes, file, small_parts};

const COMPLETE: &str = "CompleteMultipartUpload";

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
        let Fixture { client, bucket, key, cancel, .. } = &self.fixture;
        client.put_file(bucket, key, self.file.path(), &self.options, cancel)
    }

    /// Creates the object and loses the response; the outcome is unknown to the call.
    fn complete_with_unknown_outcome(&self) {
        self.fixture.once(COMPLETE, Action::lose_response(Commit::After));
        self.fixture.once("ListParts", denied());
        assert_unknown(&self.put().unwrap_err());
        assert!(self.fixture.stored().is_some());
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

fn assert_unknown(error: &Error) {
    assert_eq!(error.object_exists(), ObjectExists::Unknown, "{error}");
}

#[test]
fn a_file_that_is_not_the_expected_one_does_not_hide_the_upload_of_an_earlier_call() {
    for is_small in [false, true] {
        let mut upload = Upload::new();
        upload.complete_with_unknown_outcome();
        if is_small {
            upload.options.set_single_below(PART).unwrap();
            upload.write(b"small");
        }
        upload.fixture.emulator.clear_requests();
        upload.options.set_expected_md5([7; 16]);
        let error = upload.put().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
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
        upload.options.set_single_below(PART).unwrap();
        upload.write(b"small");
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
