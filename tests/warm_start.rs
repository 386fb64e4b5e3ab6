//! A hundred uploads on one client reuse the threads and connections of those before.
//!
//! A separate test binary, because it counts the threads of the process.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use oss_emulator::Emulator;
use ossmpu::{BucketName, Cancel, Client, Config, ObjectKey, UploadOptions};

/// Forwards every connection and counts them.
fn counting_proxy(to: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            let (client, server) = (client.unwrap(), TcpStream::connect(to).unwrap());
            forward(client.try_clone().unwrap(), server.try_clone().unwrap());
            forward(server, client);
        }
    });
    (address, accepted)
}

fn forward(mut from: TcpStream, mut to: TcpStream) {
    to.set_nodelay(true).unwrap();
    std::thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}

/// The IDs of the threads of the library.
fn threads() -> BTreeSet<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    tasks
        .filter(|task| {
            let name = std::fs::read_to_string(task.join("comm")).unwrap_or_default();
            name.starts_with("ossmpu")
        })
        .map(|task| task.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn a_hundred_uploads_reuse_threads_and_connections() {
    let emulator =
        Emulator::builder().bucket("warm").access_key("test-id", "test-secret").start().unwrap();
    let (proxy, accepted) = counting_proxy(emulator.addr());
    let mut config = Config::new();
    config
        .set_region("cn-hangzhou")
        .and_then(|config| config.set_endpoint(&format!("http://{proxy}")))
        .and_then(|config| config.set_keys("test-id", "test-secret", None))
        .and_then(|config| config.set_threads(1000))
        .unwrap();
    let client = Client::new(&config).unwrap();
    let mut options = UploadOptions::new();
    options
        .set_part_size(100 * 1024)
        .and_then(|options| options.set_single_below(0))
        .and_then(|options| options.set_parallelism(PARALLELISM))
        .unwrap();
    let bucket = BucketName::parse("warm").unwrap();
    let content = vec![7; usize::from(PARTS) * 100 * 1024];
    let upload = |index: usize| {
        let key = ObjectKey::parse(&index.to_string()).unwrap();
        let cancel = Cancel::never();
        client.put_data(&bucket, &key, content.clone(), &options, &cancel).unwrap()
    };
    assert!(threads().is_empty(), "a client without uploads has no threads");
    upload(0);
    assert!(!threads().is_empty());
    for index in 1..100 {
        assert_eq!(upload(index).parts, PARTS);
    }
    let threads = threads().len();
    assert!(threads < MOST, "{threads} threads");
    assert_eq!(emulator.keys("warm").len(), 100);
    let accepted = accepted.load(Ordering::SeqCst);
    assert!(accepted < MOST, "{accepted} connections");
}

const PARTS: u16 = 3;
const PARALLELISM: usize = 4;
/// Without reuse there would be 300 or more of each. On a busy machine an upload ends before its
/// workers are idle again, and slow parts are sent twice.
const MOST: usize = 30;
