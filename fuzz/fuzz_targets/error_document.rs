//! Any reply, read as a refusal: in its body, in its header, or without a document.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ossmpu_fuzz::reply(bytes).read_as_refusal();
});
