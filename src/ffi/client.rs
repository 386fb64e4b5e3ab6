//! The client of one endpoint.

use std::ffi::c_int;
use std::mem::MaybeUninit;

use super::config::ossmpu_config;
use super::config_keys::Settings;
use super::entry_point::{Success, guard};
use super::error::ossmpu_error;
use super::handle::{self, OutParam};
use super::panic_boundary::guard_value;
use crate::{Client, Result};

/// A client of one OSS endpoint: credentials, connection pool and worker
/// threads. Any number of threads may use it at once. It belongs to the process
/// that created it; in a forked child all calls on it fail with
/// OSSMPU_EFORKED.
#[derive(Debug)]
pub struct ossmpu_client(pub(super) Client);

const _: () = handle::assert_shared::<ossmpu_client>();

/// The client of a call, which keeps it until it returns: a callback may free the handle.
pub(super) fn of_call(client: Option<&ossmpu_client>) -> Result<Client> {
    Ok(handle::required(client, "client")?.0.clone())
}

/// Creates a client, or returns the first error of a setter of config. Copies
/// the settings; opens no connection and starts no thread. Does not block, but
/// reads the certificate files that are configured.
///
/// OSSMPU_EINVAL if a setting is missing or does not fit another,
/// OSSMPU_ECREDENTIALS if there are no credentials. out is required.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_client_new(
    config: Option<&ossmpu_config>,
    out: Option<&mut MaybeUninit<Option<Box<ossmpu_client>>>>,
    err: Option<&mut MaybeUninit<Option<Box<ossmpu_error>>>>,
) -> c_int {
    let err = OutParam::init(err);
    let out = OutParam::init(out);
    guard(err, || {
        let out = out.required("out")?;
        let config = handle::required(config, "config")?;
        out.set(ossmpu_client(Client::new(&config.0.read(Settings::build)?)?));
        Ok(Success::Ok)
    })
}

/// Frees a client. NULL is a no-op. Waits for its idle worker threads to exit,
/// but not for the network; in a forked child it does not wait. Handles created
/// from the client stay valid.
#[unsafe(no_mangle)]
pub extern "C" fn ossmpu_client_free(client: Option<Box<ossmpu_client>>) {
    guard_value((), || drop(client));
}
