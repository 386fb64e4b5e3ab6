//! A header: its name up to the first line feed, then its value. Parsed as a response header and
//! set as a request header.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (name, value) = text.split_once('\n').unwrap_or(("etag", text));
    ossmpu::fuzzing::header(name, value);
});
