//! A header: its name up to the first line end, and its value. Read from a reply and set for a
//! request.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (name, value) = text.split_once('\n').unwrap_or(("etag", text));
    ossmpu::fuzzing::header(name, value);
});
