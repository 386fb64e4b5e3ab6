//! A presigned URL, parsed and rebuilt.
#![no_main]

libfuzzer_sys::fuzz_target!(|url: &str| {
    ossmpu::fuzzing::part_url(url);
});
