//! A connection to one endpoint.

use std::ffi::c_int;

use super::config::ossmpu_config;
use super::error::ossmpu_error;
use super::guard::{Success, guard, guard_value};
use super::ptr::{self, Handle, Slot};
use crate::Client;

/// A connection to one OSS endpoint: credentials, kept connections and worker
/// threads. Any number of threads may use it at once. It belongs to the
/// process that made it; in a forked child every call on it fails with
/// OSSMPU_EFORKED.
pub struct ossmpu_client {
    _opaque: [u8; 0],
}

impl Handle for ossmpu_client {
    type Inner = Client;
}

/// Makes a client, or reports the first failure of a setter of config. Copies
/// what it needs of config; opens no connection and starts no thread. Does not
/// block, but reads the certificate files that config names.
///
/// OSSMPU_EINVAL names the setting that is missing or does not fit;
/// OSSMPU_ECREDENTIALS says that there are no credentials. out is required.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_client_new(
    config: *const ossmpu_config,
    out: *mut *mut ossmpu_client,
    err: *mut *mut ossmpu_error,
) -> c_int {
    let call = ();
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let err = unsafe { Slot::open(err, &call) };
    // SAFETY: NULL or a place for a pointer (contract of `ffi`).
    let out = unsafe { Slot::open(out, &call) };
    guard(err, || {
        let out = out.required("out")?;
        // SAFETY: NULL or a live builder (contract of `ffi`).
        let config = unsafe { ptr::borrow(config, &call, "config") }?;
        out.fill(Client::new(&config.read()?.finish()?)?);
        Ok(Success::Ok)
    })
}

/// Frees a client. NULL is a no-op. Waits for its idle worker threads to end,
/// but not for the network; what was made from the client keeps what it needs
/// of it. In a forked child it waits for nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ossmpu_client_free(client: *mut ossmpu_client) {
    // SAFETY: NULL or a client that nobody uses any more (contract of `ffi`).
    guard_value((), || drop(unsafe { ptr::take(client) }));
}
