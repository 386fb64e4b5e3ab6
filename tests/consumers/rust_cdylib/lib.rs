//! A shared library with a C interface of its own, which uses ossmpu through Rust.

use ossmpu::{Client, Config};

/// Returns 1 if a client can be created from the environment.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub extern "C" fn rust_cdylib_can_create_a_client() -> i32 {
    let mut config = Config::new();
    let client = config.set_env().and_then(|config| Client::new(config));
    client.is_ok().into()
}
