//! A response, parsed as the response to every operation.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let parsed = ossmpu_fuzz::response(bytes).parse_as_every_operation();
    assert!(parsed.is_some(), "the operations could not be built");
});
