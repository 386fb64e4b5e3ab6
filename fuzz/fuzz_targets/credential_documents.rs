//! What metadata, STS, commands and profile files say of credentials.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ossmpu::fuzzing::credential_documents(bytes);
});
