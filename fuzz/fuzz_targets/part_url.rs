//! A presigned URL, taken apart and put together.
#![no_main]

libfuzzer_sys::fuzz_target!(|url: &str| {
    ossmpu::fuzzing::part_url(url);
});
