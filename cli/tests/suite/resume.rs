//! Resuming uploads.

use oss_emulator::{Action, Rule};
use rustix::process::Signal;

use crate::fixture::{BUCKET, Fixture, five_parts, send, url};
use crate::run::Run;

/// Starts an upload that stalls after it has sent all parts but the third.
fn four_of_five(fixture: &Fixture, arguments: &[&str]) -> std::process::Child {
    let slow = Action { delay_ms: 60_000, ..Action::default() };
    fixture.always(Rule::on("UploadPart", slow).part(3));
    fixture.file("big", &five_parts());
    let target = url("big");
    let child = fixture.start_put_in_parts(&[arguments, &["big", &target]].concat());
    fixture.wait_until(|fixture| {
        let uploads = fixture.emulator.uploads(BUCKET);
        uploads.first().is_some_and(|upload| upload.parts.len() == 4)
            && fixture.count("UploadPart") >= 5
    });
    child
}

#[test]
fn kept_parts_are_not_sent_again() {
    let fixture = Fixture::new();
    let child = four_of_five(&fixture, &["--keep-parts"]);
    send(Signal::INT, &child);
    let run = Run::wait(child).exits(130);
    let left = fixture.emulator.uploads(BUCKET);
    let [upload] = left.as_slice() else { panic!("{left:?}") };
    assert!(run.stderr.contains(&format!("--upload-id {}", upload.upload_id)), "{run:?}");
    assert!(run.stderr.contains(&format!("ossmpu abort oss://{BUCKET}/big {}", upload.upload_id)));

    fixture.emulator.clear_rules();
    fixture.emulator.clear_requests();
    let run =
        fixture.put_in_parts(&["--upload-id", &upload.upload_id, "big", &url("big")]).exits(0);
    assert!(run.stdout.contains("307201 of them resumed"), "{run:?}");
    assert_eq!(fixture.count("UploadPart"), 1);
    assert_eq!(fixture.stored("big").unwrap(), five_parts());
    assert_eq!(fixture.emulator.uploads(BUCKET), []);
}

#[test]
fn a_checkpoint_survives_kill_9() {
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.path("checkpoints")).unwrap();
    let arguments = ["--checkpoint-dir", "checkpoints"];
    let child = four_of_five(&fixture, &arguments);
    send(Signal::KILL, &child);
    assert_eq!(Run::wait(child).code, None);

    fixture.emulator.clear_rules();
    fixture.emulator.clear_requests();
    fixture.put_in_parts(&[&arguments[..], &["big", &url("big")]].concat()).exits(0);
    assert_eq!((fixture.count("UploadPart"), fixture.count("InitiateMultipartUpload")), (1, 0));
    assert_eq!(fixture.stored("big").unwrap(), five_parts());
    assert_eq!(std::fs::read_dir(fixture.path("checkpoints")).unwrap().count(), 0);
}

#[test]
fn the_hint_is_a_command_that_resumes_the_upload() {
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.path("checkpoints")).unwrap();
    fixture.file("big", &five_parts());
    fixture.file("other", &five_parts());
    let denied = Action::status(403, "AccessDenied");
    fixture.always(Rule::on("UploadPart", denied).part(5));
    let target = url("");
    for (arguments, hint) in [
        (&["--checkpoint-dir", "checkpoints", "big"][..], "to resume: the same command; to remove"),
        (
            &["--keep-parts", "big", "other"],
            "the same command for this file only, with --upload-id ",
        ),
        (&["--keep-parts", "big"], "to resume: the same command with --upload-id "),
    ] {
        let run = fixture.put_in_parts(&[arguments, &[&target]].concat());
        assert!(run.stderr.contains(hint), "{run:?}");
    }
}
