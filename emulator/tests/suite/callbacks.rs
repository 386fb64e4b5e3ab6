//! Upload callbacks, with a fake callback server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use oss_emulator::Emulator;

use crate::client::{BUCKET, Request, complete, initiate, upload_part};

/// Serves one request with `served`; the thread returns the head and body of the request.
fn server(served: &'static str) -> (String, JoinHandle<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/cb?x=1", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            reader.read_line(&mut head).unwrap();
        }
        let lower = head.to_ascii_lowercase();
        let length = lower.split("content-length: ").nth(1).unwrap();
        let length = length.split("\r\n").next().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        reader.get_mut().write_all(served.as_bytes()).unwrap();
        (head, String::from_utf8(body).unwrap())
    });
    (url, thread)
}

/// Starts an emulator that calls back servers on loopback.
fn start() -> Emulator {
    let emulator = crate::client::start();
    emulator.set_option("private-callbacks").unwrap();
    emulator
}

fn parameter(json: &str) -> String {
    STANDARD.encode(json)
}

const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"ok\":true}";

#[test]
fn the_response_is_that_of_the_callback_server() {
    let emulator = start();
    let (url, thread) = server(GOOD);
    let callback = format!(
        r#"{{"callbackUrl":"{url}","callbackHost":"my.host","callbackBody":"b=${{bucket}}&o=${{object}}&s=${{size}}&e=${{etag}}&m=${{mimeType}}&v=${{x:a}}"}}"#
    );
    let id = initiate(&emulator, "a b");
    let etag = upload_part(&emulator, "a b", &id, 1, b"xyz");
    let response = complete("a b", &id, &[(1, &etag)])
        .header("x-oss-callback", &parameter(&callback))
        .header("x-oss-callback-var", &parameter(r#"{"x:a":"1&2"}"#))
        .send(&emulator);
    assert_eq!(response.text(), "{\"ok\":true}");
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert!(response.header("x-oss-hash-crc64ecma").is_some());
    let (head, body) = thread.join().unwrap();
    assert!(head.starts_with("POST /cb?x=1 HTTP/1.1\r\n"));
    assert!(head.contains("host: my.host\r\n"));
    assert!(head.contains("content-type: application/x-www-form-urlencoded\r\n"));
    assert!(body.starts_with(&format!("b={BUCKET}&o=a%20b&s=3&e=")), "{body}");
    assert!(body.ends_with("&m=&v=1%262"), "{body}");
}

#[test]
fn placeholders_in_json_bodies_are_json_encoded() {
    let emulator = start();
    let (url, thread) = server(GOOD);
    let callback = format!(
        r#"{{"callbackUrl":"{url}","callbackBodyType":"application/json","callbackBody":"{{\"o\":${{object}},\"s\":${{size}},\"q\":\"${{bucket}}\"}}"}}"#
    );
    let request =
        Request::new("PUT", "k").body("xyz").header("x-oss-callback", &parameter(&callback));
    let response = request.send(&emulator);
    assert_eq!((response.status, response.text().as_str()), (200, "{\"ok\":true}"));
    assert!(response.header("etag").is_some());
    let (_, body) = thread.join().unwrap();
    assert_eq!(body, format!(r#"{{"o":"k","s":3,"q":"{BUCKET}"}}"#));
}

#[test]
fn a_failed_callback_keeps_the_object() {
    let emulator = start();
    let bad = [
        ("HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\n{}", Some("0007-00000203")),
        ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", None),
        ("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", None),
    ];
    for (served, ec) in bad {
        let (url, thread) = server(served);
        let callback = format!(r#"{{"callbackUrl":"{url}","callbackBody":"x"}}"#);
        let request =
            Request::new("PUT", "k").body("xyz").header("x-oss-callback", &parameter(&callback));
        let response = request.send(&emulator);
        assert_eq!(response.code(), (203, "CallbackFailed".into()), "{served}");
        assert_eq!(response.element("EC").as_deref(), ec);
        thread.join().unwrap();
        assert_eq!(emulator.object(BUCKET, "k").unwrap().size, 3);
    }
}

#[test]
fn a_callback_times_out() {
    let emulator = start();
    emulator.change_options(|options| options.callback_timeout = Duration::from_secs(1));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let send = |urls: &str| {
        let callback = format!(r#"{{"callbackUrl":"{urls}","callbackBody":"x"}}"#);
        Request::new("PUT", "k").header("x-oss-callback", &parameter(&callback)).send(&emulator)
    };
    assert_eq!(send(&url).code(), (203, "CallbackFailed".into()));
    // A server that the system stops for a second has timed out too.
    let is_called = (0..5).any(|_| {
        let (good, _) = server(GOOD);
        send(&format!("{url};{good}")).status == 200
    });
    assert!(is_called);
}

#[test]
fn invalid_callbacks_are_rejected_before_anything_is_stored() {
    let emulator = start();
    let good = parameter(r#"{"callbackUrl":"http://127.0.0.1:1/","callbackBody":"x"}"#);
    let long = parameter(&"x".repeat(5000));
    let no_body = parameter(r#"{"callbackUrl":"http://127.0.0.1:1/"}"#);
    for text in ["%%", long.as_str(), no_body.as_str(), parameter("x").as_str()] {
        let response = Request::new("PUT", "k").header("x-oss-callback", text).send(&emulator);
        assert_eq!(response.code(), (400, "InvalidArgument".into()), "{text}");
    }
    let request = Request::new("PUT", "k").header("x-oss-callback", &good);
    let both = request.clone().pair("callback", &good).send(&emulator);
    assert_eq!(both.code(), (400, "InvalidArgument".into()));
    let variable = request.header("x-oss-callback-var", &parameter(r#"{"a":"b"}"#));
    assert_eq!(variable.send(&emulator).code(), (400, "InvalidArgument".into()));
    assert!(emulator.object(BUCKET, "k").is_none());
}

#[test]
fn private_addresses_are_not_called_back() {
    let emulator = crate::client::start();
    let id = initiate(&emulator, "parts");
    let etag = upload_part(&emulator, "parts", &id, 1, b"xyz");
    for url in [
        "http://127.0.0.1:1/",
        "127.0.0.1:8088/test.php",
        "http://8.8.8.8/;http://192.168.0.1/",
        "http://localhost/",
        "http://[::1]/",
    ] {
        let callback = parameter(&format!(r#"{{"callbackUrl":"{url}","callbackBody":"x"}}"#));
        for request in [Request::new("PUT", "k"), complete("parts", &id, &[(1, &etag)])] {
            let response = request.header("x-oss-callback", &callback).send(&emulator);
            assert_eq!(response.code(), (400, "InvalidArgument".into()), "{url}");
            let message = response.element("Message").unwrap();
            assert_eq!(message, "Private address is forbidden to callback.");
            assert_eq!(response.element("EC").as_deref(), Some("0007-00000008"));
            assert_eq!(response.element("ArgumentValue").as_deref(), Some(url));
        }
    }
    assert!(emulator.object(BUCKET, "k").is_none() && emulator.object(BUCKET, "parts").is_none());
}

#[test]
fn malformed_callbacks_have_the_messages_of_oss() {
    let emulator = start();
    let good = parameter(r#"{"callbackUrl":"http://127.0.0.1:1/","callbackBody":"x"}"#);
    let error = |callback: &str, variables: &str| {
        let request = Request::new("PUT", "k").header("x-oss-callback", callback);
        let response = request.header("x-oss-callback-var", variables).send(&emulator);
        assert_eq!(response.code(), (400, "InvalidArgument".into()));
        (response.element("Message").unwrap(), response.element("EC").unwrap())
    };
    let not_encoded = "The callback configuration is not base64 encoded.";
    let not_json = "The callback configuration is not json format.";
    assert_eq!(error("error argument", ""), (not_encoded.into(), "0007-00000002".into()));
    assert_eq!(error(&parameter("text"), ""), (not_json.into(), "0007-00000003".into()));
    assert_eq!(error(&good, "%%").1, "0007-00000102");
}
