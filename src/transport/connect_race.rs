//! Connects to one of several addresses of a host.
//!
//! The attempts are staggered as in RFC 8305 ("Happy Eyeballs"): the next one starts after a short
//! delay, or as soon as one fails, and the first connection wins. An address that does not respond
//! therefore costs that delay and not the connect timeout.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::Domain;

use super::exchange_state::ExchangeState;
use super::server_role::ServerRole;
use super::socket::{self, Socket};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::platform::{Interest, errno};
use crate::runtime::{Deadline, WAITED_MAX};

/// The outcome of connecting to some addresses.
#[derive(Debug)]
pub(super) struct Race {
    pub(super) result: Result<(Socket, IpAddr)>,
    /// The addresses that failed, or did not respond before a later one did. The deadline of the
    /// call says nothing about those that have yet to respond.
    pub(super) failed: Vec<IpAddr>,
}

/// Connects to the first of the addresses that accepts within the connect timeout, from the bind
/// address, which is of their family.
pub(super) fn connect(
    addresses: &[IpAddr],
    port: u16,
    bind_address: Option<IpAddr>,
    state: &ExchangeState,
) -> Race {
    let mut attempts = Attempts { bind_address, state, pending: Vec::new(), failed: Vec::new() };
    let addresses: Vec<_> =
        addresses.iter().take(ADDRESSES_MAX).map(|ip| SocketAddr::new(*ip, port)).collect();
    let result = attempts.run(&addresses);
    if result.as_ref().is_err_and(|error| state.blames_peer(error)) {
        attempts.fail_pending(attempts.pending.len());
    }
    Race { result, failed: attempts.failed_addresses() }
}

struct Attempts<'a> {
    bind_address: Option<IpAddr>,
    state: &'a ExchangeState,
    /// In the order of their start.
    pending: Vec<(SocketAddr, Socket)>,
    failed: Vec<(SocketAddr, io::Error)>,
}

impl Attempts<'_> {
    fn run(&mut self, addresses: &[SocketAddr]) -> Result<(Socket, IpAddr)> {
        let mut untried = addresses.iter();
        let mut next_start = Deadline::NEVER;
        loop {
            let failed = self.failed.len();
            if self.pending.is_empty() || next_start.has_passed() {
                match untried.next() {
                    Some(address) => self.start(*address)?,
                    None if self.pending.is_empty() => {
                        return Err(connect_error(&self.failed, self.state.server_role()));
                    }
                    None => {}
                }
                next_start = self.next_start(untried.len());
            }
            if !self.pending.is_empty()
                && self.wait(next_start)?
                && let Some(connection) = self.take_connection()
            {
                return Ok(connection);
            }
            if self.failed.len() > failed {
                next_start = Deadline::after(Duration::ZERO);
            }
        }
    }

    fn failed_addresses(&self) -> Vec<IpAddr> {
        let failed = self.failed.iter().filter(|(_, cause)| !is_local(cause));
        failed.map(|(address, _)| address.ip()).collect()
    }

    fn start(&mut self, address: SocketAddr) -> Result<()> {
        self.state.check()?;
        let socket = match Socket::new(Domain::for_address(address)) {
            Ok(socket) => socket,
            Err(error) => {
                self.failed.push((address, error));
                return Ok(());
            }
        };
        if let Some(local) = self.bind_address {
            socket.bind(local).map_err(|cause| bind_error(local, &cause))?;
        }
        match socket.start_connect(address) {
            Ok(()) => self.pending.push((address, socket)),
            Err(error) => self.failed.push((address, error)),
        }
        Ok(())
    }

    /// When the next attempt starts: early enough that each address has an attempt within the
    /// connect timeout.
    fn next_start(&self, untried: usize) -> Deadline {
        let Ok(untried @ 1..) = u32::try_from(untried) else {
            return Deadline::NEVER;
        };
        let share =
            self.state.phase_left().map_or(limits::CONNECT_STAGGER, |left| left / (untried + 1));
        Deadline::after(share.min(limits::CONNECT_STAGGER))
    }

    fn wait(&self, next_start: Deadline) -> Result<bool> {
        let fds: Vec<_> =
            self.pending.iter().map(|(_, socket)| (socket.descriptor(), Interest::Write)).collect();
        self.state.wait_any(&fds, next_start)
    }

    /// Removes the failed attempts, and returns the first connection.
    fn take_connection(&mut self) -> Option<(Socket, IpAddr)> {
        let mut index = 0;
        while let Some((address, socket)) = self.pending.get(index) {
            let address = *address;
            match socket.is_connected(address) {
                Ok(true) => {
                    let (_, socket) = self.pending.remove(index);
                    self.fail_pending(index);
                    return Some((socket, address.ip()));
                }
                Ok(false) => index += 1,
                Err(error) => {
                    self.pending.remove(index);
                    self.failed.push((address, error));
                }
            }
        }
        None
    }

    /// Gives up the first `count` attempts.
    fn fail_pending(&mut self, count: usize) {
        let given_up = self.pending.drain(..count);
        self.failed.extend(given_up.map(|(address, _)| (address, io::ErrorKind::TimedOut.into())));
    }
}

fn bind_error(local: IpAddr, cause: &io::Error) -> Error {
    let error = Error::new(ErrorKind::Connect, format!("cannot make connections from {local}"));
    let error = error.with_io(cause).with_cause_in_text();
    match cause.raw_os_error() {
        Some(errno::EADDRNOTAVAIL) => {
            error.with_remedy("bind_address is no address of this machine")
        }
        _ => error,
    }
}

fn connect_error(failed: &[(SocketAddr, io::Error)], role: ServerRole) -> Error {
    let Some((address, cause)) = failed.first() else {
        return Error::internal("the host has no addresses");
    };
    if let Some(error) = socket::closed_by_program(cause) {
        return error;
    }
    let others = match failed.len() - 1 {
        0 => String::new(),
        1 => " and one other address".to_owned(),
        count => format!(" and {count} other addresses"),
    };
    let (kind, text) = match cause.kind() {
        io::ErrorKind::TimedOut => (ErrorKind::Timeout, "no response from"),
        _ => (ErrorKind::Connect, "cannot connect to"),
    };
    let error = Error::new(kind, format!("{text} {address}{others}"));
    let error = error.with_io(cause).with_cause_in_text();
    match remedy(cause, role) {
        Some(remedy) => error.with_remedy(&remedy),
        None => error,
    }
}

/// What to do about a frequent reason why there is no connection.
fn remedy(cause: &io::Error, role: ServerRole) -> Option<String> {
    if cause.kind() == io::ErrorKind::TimedOut {
        return Some(role.no_connection_remedy().to_owned());
    }
    let remedy = match cause.raw_os_error()? {
        errno::ECONNREFUSED => "nothing accepts connections there: check host and port",
        errno::ENETUNREACH | errno::EHOSTUNREACH => {
            return Some(format!("check the network and {}", role.setting()));
        }
        errno::EMFILE => {
            "no file descriptor is left in this process: raise its limit of open files, or use \
             fewer threads"
        }
        errno::ENFILE => "no file descriptor is left on this system",
        errno::EADDRNOTAVAIL => "no local port or address is left for the connection",
        errno::EACCES | errno::EPERM => "a firewall or sandbox of this machine forbids it",
        _ => return None,
    };
    Some(remedy.to_owned())
}

/// True for errors of this machine, which say nothing about the address.
fn is_local(cause: &io::Error) -> bool {
    let local = [errno::EMFILE, errno::ENFILE, errno::ENOBUFS, errno::ENOMEM];
    cause.raw_os_error().is_some_and(|errno| local.contains(&errno))
}

/// How many addresses one connection tries.
const ADDRESSES_MAX: usize = WAITED_MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_the_program_closes_is_a_file_error() {
        let address = SocketAddr::from(([192, 0, 2, 1], 443));
        for errno in [errno::EBADF, errno::ENOTSOCK] {
            let failed = [(address, io::Error::from_raw_os_error(errno))];
            let error = connect_error(&failed, ServerRole::Oss);
            assert_eq!((error.kind(), error.os_errno()), (ErrorKind::File, Some(errno)));
        }
    }

    #[test]
    fn the_error_has_the_first_address_the_cause_and_the_remedy() {
        let address = SocketAddr::from(([192, 0, 2, 1], 443));
        let (oss, proxy) = (ServerRole::Oss, ServerRole::Proxy);
        for (errno, count, role, text, remedy) in [
            (errno::ECONNREFUSED, 1, oss, "to 192.0.2.1:443: ", "check host and port"),
            (
                errno::ENETUNREACH,
                2,
                oss,
                "1:443 and one other address: ",
                "network and the endpoint",
            ),
            (errno::EHOSTUNREACH, 3, oss, "1:443 and 2 other addresses: ", "check the network"),
            (
                errno::EHOSTUNREACH,
                1,
                proxy,
                "to 192.0.2.1:443: ",
                "network and the URL of the proxy",
            ),
            (errno::ETIMEDOUT, 1, oss, "no response from 192.0.2.1:443: ", "whether a proxy is"),
            (errno::ETIMEDOUT, 1, proxy, "no response from", "that it can connect to the endpoint"),
            (errno::EMFILE, 1, oss, "cannot connect to", "raise its limit of open files"),
            (
                errno::ENFILE,
                1,
                oss,
                "cannot connect to",
                "no file descriptor is left on this system",
            ),
            (errno::EADDRNOTAVAIL, 1, oss, "cannot connect to", "no local port or address is left"),
            (errno::EPERM, 1, oss, "cannot connect to", "a firewall or sandbox of this machine"),
        ] {
            let failed = (0..count).map(|_| (address, io::Error::from_raw_os_error(errno)));
            let error = connect_error(&failed.collect::<Vec<_>>(), role);
            let message = error.to_string();
            assert!(message.contains(text) && message.contains(remedy), "{message}");
            assert_eq!(error.os_errno(), Some(errno));
        }
    }
}
