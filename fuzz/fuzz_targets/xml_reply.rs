//! Any reply, read as the answer to every operation.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let read = ossmpu_fuzz::reply(bytes).read_as_every_operation();
    assert!(read.is_some(), "the operations could not be made");
});
