//! A checkpoint file, without its checksum line and with one.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    ossmpu::fuzzing::checkpoint(text);
});
