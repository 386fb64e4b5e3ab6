//! Runs the pairs and checks what each leaves.

use std::env;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use oss_emulator::{Action, Direction, ObjectView, Rule, Stall};
use ossmpu::{Client, ErrorKind, UploadId, UploadResult};

use crate::fixture::{BUCKET, Fixture, config_for, five_parts};
use crate::setting::{SETTINGS, Setting, pairs};
use crate::upload::{Upload, key};

#[test]
fn an_undisturbed_upload_with_each_pair_is_what_was_asked_for() {
    run_all(|pair| {
        let (fixture, folder) = (Fixture::new(), tempfile::tempdir().unwrap());
        let mut upload = upload(&fixture.client, pair, folder.path());
        fixture.emulator.set_option("private_callbacks").unwrap();
        upload.prepare();
        fixture.emulator.clear_requests();
        let result = upload.run();
        if pair[0].excludes(pair[1]) {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{pair:?}: {error}");
            let text = error.to_string();
            for name in pair.map(Setting::name) {
                assert!(text.contains(name), "{pair:?}: {text} does not name {name}");
            }
            assert_eq!(fixture.operations(), [""; 0], "{pair:?}");
            return;
        }
        let result = result.unwrap_or_else(|error| panic!("{pair:?}: {error}"));
        check(&fixture, pair, &result);
        assert_eq!(fixture.emulator.uploads(BUCKET), [], "{pair:?}");
        let checkpoints = folder.path().join("checkpoints").read_dir().unwrap();
        // The manifest of a delta upload stays.
        let has = |setting| pair.contains(&setting);
        let left = usize::from(has(Setting::CheckpointDir) && has(Setting::Delta));
        assert_eq!(checkpoints.count(), left, "{pair:?}: a checkpoint is left");
    });
}

#[test]
fn an_upload_that_is_repeated_after_a_kill_is_what_was_asked_for() {
    run_all(|pair| {
        if pair[0].excludes(pair[1]) {
            return;
        }
        let (fixture, folder) = (Fixture::new(), tempfile::tempdir().unwrap());
        let mut upload = upload(&fixture.client, pair, folder.path());
        fixture.emulator.set_option("private_callbacks").unwrap();
        upload.prepare();
        kill_at_the_last_request(&fixture, &upload);
        let result = upload.run().unwrap_or_else(|error| panic!("{pair:?}: {error}"));
        check(&fixture, pair, &result);
        let is_resumed = pair.contains(&Setting::UploadId)
            || (pair.contains(&Setting::CheckpointDir) && !pair.contains(&Setting::PutObject));
        if is_resumed {
            assert!(result.bytes_resumed > 0, "{pair:?}: nothing was resumed");
        }
        let left = usize::from(result.parts > 0 && !is_resumed);
        assert_eq!(fixture.emulator.uploads(BUCKET).len(), left, "{pair:?}");
    });
}

/// Calls `run` for each pair, on as many threads as there are cores.
fn run_all(run: impl Fn([Setting; 2]) + Sync) {
    let (all, next) = (pairs(), AtomicUsize::new(0));
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(pair) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    run(*pair);
                }
            });
        }
    });
}

fn upload<'a>(client: &'a Client, settings: [Setting; 2], folder: &'a Path) -> Upload<'a> {
    Upload { client, settings, folder, upload_id: None }
}

/// Compares the object and the result with what was asked for.
fn check(fixture: &Fixture, pair: [Setting; 2], result: &UploadResult) {
    let has = |setting| pair.contains(&setting);
    let object = fixture.emulator.object(BUCKET, key().as_str()).unwrap();
    assert!(object.bytes().unwrap() == five_parts(), "{pair:?}: other bytes");
    assert_eq!(result.size, object.size, "{pair:?}");
    // The response to a callback that failed has no CRC-64.
    let may_lack_crc64 = has(Setting::Callback) && has(Setting::NoIntegrity);
    assert!(may_lack_crc64 || result.crc64 == Some(object.crc64), "{pair:?}: {result:?}");
    assert_eq!(result.callback_error.is_some(), has(Setting::Callback), "{pair:?}");
    let is_single = has(Setting::PutObject) && result.parts == 0;
    assert_eq!(object.is_multipart, !is_single, "{pair:?}");
    check_attributes(&object, pair);
}

fn check_attributes(object: &ObjectView, pair: [Setting; 2]) {
    let has = |setting| pair.contains(&setting);
    let header = |name: &str| object.headers.get(name).map(String::as_str);
    let if_set = |setting, value: &'static str| has(setting).then_some(value);
    let is_typed = object.content_type.as_deref() == Some("x/y");
    assert_eq!(is_typed, has(Setting::Headers), "{pair:?}");
    for (name, value) in [
        ("cache-control", "no-cache"),
        ("content-disposition", "attachment"),
        ("content-encoding", "identity"),
        ("expires", "Thu, 01 Dec 2044 16:00:00 GMT"),
    ] {
        assert_eq!(header(name), if_set(Setting::Headers, value), "{pair:?}: {name}");
    }
    for (name, value) in [
        ("x-oss-server-side-encryption", "KMS"),
        ("x-oss-server-side-data-encryption", "SM4"),
        ("x-oss-server-side-encryption-key-id", "key-1"),
    ] {
        assert_eq!(header(name), if_set(Setting::Encryption, value), "{pair:?}: {name}");
    }
    let class = object.storage_class.as_deref().filter(|class| *class != "Standard");
    assert_eq!(class, if_set(Setting::Encryption, "IA"), "{pair:?}");
    let acl = object.acl.as_deref().filter(|acl| *acl != "default");
    assert_eq!(acl, if_set(Setting::Encryption, "private"), "{pair:?}");
    let metadata: Vec<(&str, &str)> =
        object.metadata.iter().map(|(name, value)| (&**name, &**value)).collect();
    let tags: Vec<(&str, &str)> =
        object.tags.iter().map(|(name, value)| (&**name, &**value)).collect();
    let has_metadata = has(Setting::Metadata);
    assert_eq!(metadata, Vec::from_iter(has_metadata.then_some(("owner", "me"))), "{pair:?}");
    assert_eq!(tags, Vec::from_iter(has_metadata.then_some(("a", "b"))), "{pair:?}");
    if has(Setting::Sequential) {
        assert!(object.content_md5.is_some(), "{pair:?}: not sequential");
    }
}

/// Makes the upload in another process, and kills that when it waits for the response to the second
/// part and OSS has that, or when it waits for the one request of the object.
fn kill_at_the_last_request(fixture: &Fixture, upload: &Upload<'_>) {
    fixture.emulator.clear_requests();
    let stall = Stall { at: Direction::Response, byte: 0, ms: None };
    let action = Action { stall: Some(stall), ..Action::default() };
    for operation in ["UploadPart", "UploadPartCopy"] {
        fixture.emulator.add_rule(Rule::on(operation, action.clone()).part(2).always());
    }
    let before = Action { delay_ms: 600_000, ..Action::default() };
    for operation in ["PutObject", "CopyObject"] {
        fixture.emulator.add_rule(Rule::on(operation, before.clone()).key(key().as_str()));
    }
    let mut child = start_process(fixture, upload);
    fixture.wait_until(|requests| {
        assert!(child.try_wait().unwrap().is_none(), "{:?}: not killed in time", upload.settings);
        let is_last = |op: &str| op == "PutObject" || op == "CopyObject";
        let mut uploads = fixture.emulator.uploads(BUCKET).into_iter();
        let has_second = uploads.any(|upload| upload.parts.iter().any(|part| part.number == 2));
        has_second || requests.iter().any(|request| is_last(&request.op))
    });
    child.kill().unwrap();
    child.wait().unwrap();
    fixture.emulator.clear_rules();
}

fn start_process(fixture: &Fixture, upload: &Upload<'_>) -> Child {
    let names = upload.settings.map(|setting| format!("{setting:?}"));
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "pairs::process_that_is_killed", "--nocapture"])
        .env("PAIR", names.join(" "))
        .env("PAIR_ENDPOINT", fixture.emulator.url())
        .env("PAIR_FOLDER", upload.folder)
        .env("PAIR_UPLOAD_ID", upload.upload_id.as_ref().map_or("", UploadId::as_str))
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// The process that [`start_process`] starts; without its environment it does nothing.
#[test]
fn process_that_is_killed() {
    let Ok(pair) = env::var("PAIR") else { return };
    let mut settings = pair.split(' ').map(|name| {
        *SETTINGS.iter().find(|setting| format!("{setting:?}") == name).expect("a setting")
    });
    let settings = [settings.next().unwrap(), settings.next().unwrap()];
    let client = Client::new(&config_for(&env::var("PAIR_ENDPOINT").unwrap())).unwrap();
    let folder = env::var("PAIR_FOLDER").unwrap();
    let upload_id = UploadId::parse(&env::var("PAIR_UPLOAD_ID").unwrap()).ok();
    let upload = Upload { client: &client, settings, folder: Path::new(&folder), upload_id };
    let result = upload.run();
    panic!("{settings:?} ended before the kill: {result:?}");
}
