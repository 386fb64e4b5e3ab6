//! Bandwidth limits of single requests.

use std::time::{Duration, Instant};

use crate::client::*;

/// 300 KiB/s: 1.5 seconds for [`body`].
const LIMIT: &str = "2457600";
const TIME: Duration = Duration::from_millis(1500);

fn body() -> Vec<u8> {
    vec![7; 450 << 10]
}

fn delay(response: &Response) -> u128 {
    response.header("x-oss-qos-delay-time").unwrap().parse().unwrap()
}

#[test]
fn uploads_are_throttled() {
    let emulator = start();
    let id = initiate(&emulator, "parts");
    for request in [Request::new("PUT", "k"), part("parts", &id, 1)] {
        let started = Instant::now();
        let response = request.header("x-oss-traffic-limit", LIMIT).body(body()).send(&emulator);
        assert_eq!(response.status, 200, "{}", response.text());
        assert!(started.elapsed() >= TIME, "{:?}", started.elapsed());
        assert!((1..=started.elapsed().as_millis()).contains(&delay(&response)));
    }
    let tiny = Request::new("PUT", "tiny").pair("x-oss-traffic-limit", "838860800").body("x");
    assert!(delay(&tiny.send(&emulator)) < 1000);
    let free = Request::new("PUT", "free").body(body()).send(&emulator);
    assert_eq!(free.header("x-oss-qos-delay-time"), None);
}

#[test]
fn downloads_and_copies_are_throttled() {
    let emulator = start();
    Request::new("PUT", "k").body(body()).send(&emulator);
    let id = initiate(&emulator, "copy");
    let copy = part("copy", &id, 1).header("x-oss-copy-source", &format!("/{BUCKET}/k"));
    for request in [Request::new("GET", "k"), copy] {
        let started = Instant::now();
        let response = request.header("x-oss-traffic-limit", LIMIT).send(&emulator);
        assert_eq!(response.status, 200, "{}", response.text());
        assert!(started.elapsed() >= TIME, "{:?}", started.elapsed());
        assert_eq!(delay(&response), TIME.as_millis());
    }
    let slice = Request::new("GET", "k").header("range", "bytes=0-30719");
    let slice = slice.header("x-oss-traffic-limit", LIMIT).send(&emulator);
    assert_eq!((slice.status, slice.body.len(), delay(&slice)), (206, 30720, 100));
}
