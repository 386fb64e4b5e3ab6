//! A response, parsed as an error of the service: in its body, in its header, or without either.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ossmpu_fuzz::response(bytes).parse_as_error();
});
