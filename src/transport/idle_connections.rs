//! Connections that are open and wait for their next request.

use std::sync::Mutex;
use std::time::Instant;

use ureq::http::Uri;
use ureq::http::uri::Scheme;
use ureq::unversioned::transport::Transport;

use super::connection::Connection;
use super::uri_host::{port, without_brackets};
use crate::error::{Error, Result};
use crate::limits;
use crate::runtime::IgnorePoison;

/// What a connection is opened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerAddress {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_tls: bool,
}

#[derive(Debug)]
pub(super) struct IdleConnections {
    /// The one used last is at the end.
    connections: Mutex<Vec<IdleConnection>>,
    most: usize,
}

#[derive(Debug)]
struct IdleConnection {
    server: ServerAddress,
    connection: Connection,
    since: Instant,
}

impl ServerAddress {
    pub(super) fn of(uri: &Uri) -> Result<Self> {
        let invalid = || Error::invalid("endpoint", "not the address of a server");
        let scheme = uri.scheme().ok_or_else(invalid)?;
        let is_tls = *scheme == Scheme::HTTPS;
        if !is_tls && *scheme != Scheme::HTTP {
            return Err(invalid());
        }
        let host = without_brackets(uri.host().ok_or_else(invalid)?).to_owned();
        let port = port(uri, if is_tls { 443 } else { 80 }).ok_or_else(invalid)?;
        Ok(Self { host, port, is_tls })
    }
}

impl IdleConnections {
    pub(super) fn new(most: usize) -> Self {
        Self { connections: Mutex::default(), most }
    }

    /// Takes the connection to a server that was used last, and is still open.
    pub(super) fn take(&self, server: &ServerAddress) -> Option<Connection> {
        loop {
            let mut idle = {
                let mut connections = self.connections.lock().ignore_poison();
                let at = connections.iter().rposition(|idle| idle.server == *server)?;
                connections.remove(at)
            };
            if idle.since.elapsed() < limits::IDLE_CONNECTION_TIMEOUT && idle.connection.is_open() {
                return Some(idle.connection);
            }
        }
    }

    /// Keeps a connection, instead of the one that has not been used for the longest time if there
    /// are too many.
    pub(super) fn put(&self, server: ServerAddress, connection: Connection) {
        let idle = IdleConnection { server, connection, since: Instant::now() };
        let dropped = {
            let mut connections = self.connections.lock().ignore_poison();
            connections.push(idle);
            let excess = connections.len().saturating_sub(self.most);
            let old =
                |idle: &IdleConnection| idle.since.elapsed() >= limits::IDLE_CONNECTION_TIMEOUT;
            let expired = connections.iter().take_while(|idle| old(idle)).count();
            connections.drain(..excess.max(expired)).collect::<Vec<_>>()
        };
        // Closed without the lock.
        drop(dropped);
    }
}
