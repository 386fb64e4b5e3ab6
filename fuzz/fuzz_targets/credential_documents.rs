//! Credentials in responses of metadata services and STS, in output of commands, and in files.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ossmpu::fuzzing::credential_documents(bytes);
});
