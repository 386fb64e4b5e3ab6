//! The addresses of hosts, remembered for a while, the best one first.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::dns_worker::{self, DnsWorker, ResolveFn};
use super::exchange_state::ExchangeState;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::limits;
use crate::runtime::{Deadline, IgnorePoison, Interest};

#[derive(Debug)]
pub(super) struct Resolver {
    known: Mutex<HashMap<String, Known>>,
    lookups: DnsWorker,
    ttl: Duration,
}

#[derive(Debug)]
struct Known {
    addresses: Vec<IpAddr>,
    since: Instant,
}

impl Resolver {
    pub(super) fn new() -> Self {
        Self::with(dns_worker::system, limits::RESOLVE_TTL)
    }

    pub(super) fn with(resolve_fn: ResolveFn, ttl: Duration) -> Self {
        Self { known: Mutex::default(), lookups: DnsWorker::new(resolve_fn), ttl }
    }

    /// All addresses of a host, at least one. A literal address needs neither a thread nor time.
    pub(super) fn addresses(&self, host: &str, state: &ExchangeState) -> Result<Vec<IpAddr>> {
        state.begin(Phase::Resolve);
        state.check()?;
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        if let Some(addresses) = self.remembered(host) {
            return Ok(addresses);
        }
        let job = self.lookups.begin(host)?;
        let answer = loop {
            match job.answer() {
                Some(answer) => break answer?,
                None => {
                    let fd = job.done().descriptor();
                    state.wait(fd, Interest::Read, Deadline::NEVER)?;
                }
            }
        };
        if answer.is_empty() {
            return Err(Error::new(ErrorKind::Resolve, "the host name has no address"));
        }
        self.remember(host, &answer);
        Ok(answer)
    }

    /// An address did not respond: the others are tried first from now on.
    pub(super) fn put_last(&self, host: &str, address: IpAddr) {
        if let Some(known) = self.lock().get_mut(host) {
            known.addresses.sort_by_key(|one| *one == address);
        }
    }

    /// No address responded: they may be out of date.
    pub(super) fn forget(&self, host: &str) {
        self.lock().remove(host);
    }

    fn remembered(&self, host: &str) -> Option<Vec<IpAddr>> {
        let known = self.lock();
        let known = known.get(host).filter(|known| known.since.elapsed() < self.ttl)?;
        Some(known.addresses.clone())
    }

    fn remember(&self, host: &str, addresses: &[IpAddr]) {
        let mut known = self.lock();
        if known.len() >= KNOWN_MAX {
            known.retain(|_, known| known.since.elapsed() < self.ttl);
        }
        if known.len() < KNOWN_MAX {
            let addresses = addresses.to_vec();
            known.insert(host.to_owned(), Known { addresses, since: Instant::now() });
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().ignore_poison()
    }
}

/// The most hosts that are remembered.
const KNOWN_MAX: usize = 64;
