//! Arbitrary bytes as the response of an HTTP server: through the socket, ureq and the retry loop.
//!
//! The first byte selects the operation; the server sends the rest and closes the connection.
#![no_main]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use ossmpu::fuzzing::check_error;
use ossmpu::{
    BucketName, Cancel, Client, CompleteMultipartUpload, Config, HeadObject,
    InitiateMultipartUpload, ListParts, ObjectKey, PartNumber, Result, UploadId, UploadPart,
};

struct Setup {
    client: Client,
    bucket: BucketName,
    key: ObjectKey,
    upload: UploadId,
}

static RESPONSE: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static SETUP: LazyLock<Setup> = LazyLock::new(|| set_up().expect("a client for the server"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((choice, response)) = bytes.split_first() else { return };
    let Setup { client, bucket, key, upload } = &*SETUP;
    *RESPONSE.lock().unwrap_or_else(PoisonError::into_inner) = response.to_vec();
    let cancel = Cancel::never();
    match choice % 5 {
        0 => check(client.head_object(&HeadObject::new(bucket, key), &cancel)),
        1 => check(client.list_parts(&ListParts::new(bucket, key, upload), &cancel)),
        2 => {
            let request = InitiateMultipartUpload::new(bucket, key);
            check(client.initiate_multipart_upload(&request, &cancel));
        }
        3 => {
            let request = CompleteMultipartUpload::all(bucket, key, upload);
            check(client.complete_multipart_upload(&request, &cancel));
        }
        _ => {
            let number = PartNumber::new(1).expect("a number");
            let request = UploadPart::new(bucket, key, upload, number).with_bytes(*b"part");
            check(client.upload_part(&request, &cancel));
        }
    }
});

fn check<T>(outcome: Result<T>) {
    if let Err(error) = outcome {
        check_error(&error);
    }
}

fn set_up() -> Result<Setup> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its number");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // The client may close the connection early.
            let _ = respond(stream);
        }
    });
    let timeout = Duration::from_millis(500);
    let mut config = Config::new();
    config
        .set_region("cn-hangzhou")?
        .set_endpoint(&format!("http://{address}"))?
        .set_keys("id", "secret", None)?
        .set_max_attempts(1)?
        .set_stall_timeout(timeout)?
        .set_response_timeout(timeout)?
        .set_complete_timeout(timeout)?;
    Ok(Setup {
        client: Client::new(&config)?,
        bucket: BucketName::parse("bucket")?,
        key: ObjectKey::parse("key")?,
        upload: UploadId::parse("upload")?,
    })
}

/// Reads the whole request before responding: unread bytes would reset the connection.
fn respond(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_complete(&request) {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => request.extend_from_slice(&buffer[..count]),
        }
    }
    let response = RESPONSE.lock().unwrap_or_else(PoisonError::into_inner).clone();
    stream.write_all(&response)
}

fn is_complete(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let is_part = request.starts_with(b"PUT");
    request.len() >= end + 4 + if is_part { b"part".len() } else { 0 }
}
