//! The text of a checkpoint file, without its check sum and with.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    ossmpu::fuzzing::checkpoint(text);
});
