//! The text settings of a configuration, one per line: the name of the setting, a space and the
//! value. After the line `pem` follows a certificate or key file. No request is sent.
#![no_main]

use std::fmt::{Debug, Display};
use std::io::Write;

use ossmpu::fuzzing::{self, check_error};
use ossmpu::{BucketName, Client, Config, ETag, Error, ObjectKey, ProxySetting, Result, UploadId};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (settings, pem) = text.split_once("\npem\n").unwrap_or((text, ""));
    let mut config = Config::new();
    let _ = config.set_keys("id", "secret", None);
    for line in settings.lines() {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        set(&mut config, name, value);
    }
    check(Client::new(&config));
    if !pem.is_empty() {
        read_pem(&config, pem);
    }
});

fn set(config: &mut Config, name: &str, value: &str) {
    match name {
        "region" => {
            check_round_trip(value, fuzzing::region);
            check(config.set_region(value));
        }
        "endpoint" => {
            check_round_trip(value, fuzzing::endpoint);
            check(config.set_endpoint(value));
        }
        "bucket" => check_round_trip(value, BucketName::parse),
        "key" => check_round_trip(value, ObjectKey::parse),
        "upload" => check_round_trip(value, UploadId::parse),
        "etag" => check_round_trip(value, ETag::parse),
        "proxy" => {
            let proxy = ProxySetting::Url(value.to_owned());
            assert_eq!(format!("{proxy:?}"), "Url(***)");
            config.set_proxy(proxy);
        }
        "headers" => check(config.set_additional_headers(value)),
        "agent" => check(config.set_user_agent(value)),
        "keys" => {
            let mut fields = value.split('\t');
            let mut field = || fields.next().unwrap_or_default();
            let (id, secret) = (field(), field());
            check(config.set_keys(id, secret, fields.next()));
        }
        _ => {}
    }
}

/// Asserts that a parsed value, printed and parsed again, is the same.
fn check_round_trip<T: PartialEq + Debug + Display>(text: &str, parse: fn(&str) -> Result<T>) {
    match parse(text) {
        Ok(value) => assert_eq!(parse(&value.to_string()).ok(), Some(value)),
        Err(error) => check_error(&error),
    }
}

/// Reads the file as CA certificates, and as the client certificate with its key.
fn read_pem(config: &Config, pem: &str) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(pem.as_bytes()).expect("space in the file");
    check(Client::new(config.clone().set_ca_file(file.path())));
    check(Client::new(config.clone().set_client_certificate(file.path(), file.path())));
}

fn check<T>(outcome: Result<T, Error>) {
    if let Err(error) = outcome {
        check_error(&error);
    }
}
