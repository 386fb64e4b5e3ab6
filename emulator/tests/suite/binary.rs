//! The executable: startup line, client commands, shutdown.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::client::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_oss-emulator");

struct Server {
    child: Child,
    url: String,
}

fn server(dir: &Path, extra: &[&str]) -> Server {
    let mut child = Command::new(PROGRAM)
        .args(["--listen", "127.0.0.1:0", "--region", "cn-hangzhou", "--bucket", BUCKET])
        .args(["--bucket", "second-bucket", "third-bucket"])
        .args(["--access-key-id", "id", "--access-key-secret", "secret", "--dir"])
        .arg(dir)
        .args(extra)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let url = line.strip_prefix("listening on ").unwrap().trim_end().to_owned();
    Server { child, url }
}

impl Server {
    fn client_command(&self, name: &str, path: &str, extra: &[&str]) -> Output {
        Command::new(PROGRAM)
            .args([name, &format!("{}{path}", self.url)])
            .args(extra)
            .env("OSS_ACCESS_KEY_ID", "id")
            .env("OSS_ACCESS_KEY_SECRET", "secret")
            .env("OSS_REGION", "cn-hangzhou")
            .output()
            .unwrap()
    }

    /// Sends a signal and returns the exit code and the log.
    fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code(), log)
    }
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_executable_serves_until_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, vec![b'z'; 300_000]).unwrap();
    let store = folder.path().join("store");
    let running = server(&store, &[]);
    let path = format!("/{BUCKET}/dir/a%20b");
    text(&running.client_command("put", &path, &[file.to_str().unwrap()]));
    assert_eq!(
        text(&running.client_command("ls", &format!("/{BUCKET}/dir"), &[])).trim(),
        "300000 dir/a b"
    );
    assert_eq!(text(&running.client_command("uploads", &format!("/{BUCKET}/"), &[])), "");
    assert_eq!(text(&running.client_command("get", &path, &[])).len(), 300_000);
    let copy = folder.path().join("copy");
    text(&running.client_command("get", &path, &["-o", copy.to_str().unwrap()]));
    assert_eq!(std::fs::read(copy).unwrap(), std::fs::read(&file).unwrap());
    let missing = running.client_command("get", &format!("/{BUCKET}/none"), &[]);
    assert_eq!(missing.status.code(), Some(1));
    let message = String::from_utf8(missing.stderr).unwrap();
    assert_eq!(message.lines().count(), 1);
    assert!(message.contains("404 NoSuchKey"), "{message}");
    let (code, log) = running.stop("-TERM");
    assert_eq!(code, Some(0));
    assert!(log.lines().any(|line| line.starts_with(&format!("PUT {path} 200 - "))), "{log}");
    assert!(!log.contains("secret") && !log.contains("Signature="));

    let running = server(&store, &["--option", "xml-namespace=true"]);
    assert_eq!(text(&running.client_command("get", &path, &[])).len(), 300_000);
    assert_eq!(running.stop("-INT").0, Some(0));
}

#[test]
fn rules_are_loaded_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.json");
    std::fs::write(&rules, r#"[{"op":"PutObject","action":{"status":503}}]"#).unwrap();
    let running = server(&folder.path().join("s"), &["--faults", rules.to_str().unwrap()]);
    let path = format!("/{BUCKET}/k");
    let file = rules.to_str().unwrap();
    let failed = running.client_command("put", &path, &[file]);
    assert!(String::from_utf8_lossy(&failed.stderr).contains("503 ServiceUnavailable"));
    text(&running.client_command("put", &path, &[file]));
    running.stop("-TERM");
}

#[test]
fn bad_arguments_are_errors() {
    let fails = |arguments: &[&str]| {
        let output = Command::new(PROGRAM).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, message) = fails(&["--listen", "0.0.0.0:0"]);
    assert_eq!(code, Some(1));
    assert!(message.contains("loopback"), "{message}");
    assert_eq!(fails(&["--option", "nonsense"]).0, Some(1));
    assert_eq!(fails(&["--bucket", "A"]).0, Some(1));
    assert_eq!(fails(&["--faults", "/nonexistent"]).0, Some(1));
}
