//! A DNS cache. An address that failed is resolved again, and meanwhile is the last one to try.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::address_order;
use super::dns_worker::{DnsWorker, ResolveFn};
use super::exchange_state::ExchangeState;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::limits;
use crate::platform::{Interest, resolve_host};
use crate::runtime::{Deadline, IgnorePoison};

#[derive(Debug)]
pub(super) struct Resolver {
    cache: Mutex<HashMap<String, CacheEntry>>,
    worker: DnsWorker,
    ttl: Duration,
}

/// The addresses of a host, at least one, in the order in which to try them.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) addresses: Vec<IpAddr>,
    /// True if they may be out of date.
    pub(super) is_cached: bool,
}

#[derive(Debug)]
struct CacheEntry {
    addresses: Vec<IpAddr>,
    resolved_at: Instant,
    /// An address failed since then.
    is_suspect: bool,
    failed: Vec<(IpAddr, Instant)>,
    /// How often the addresses were used.
    uses: usize,
}

impl Resolver {
    pub(super) fn new() -> Self {
        Self::with_resolve_fn(resolve_host, limits::RESOLVE_TTL)
    }

    pub(super) fn with_resolve_fn(resolve_fn: ResolveFn, ttl: Duration) -> Self {
        Self { cache: Mutex::default(), worker: DnsWorker::new(resolve_fn), ttl }
    }

    /// Returns the addresses of a host. An IP address is returned unchanged.
    pub(super) fn resolve(&self, host: &str, state: &ExchangeState) -> Result<Resolved> {
        state.enter_phase(Phase::Resolve);
        state.check()?;
        if let Ok(address) = host.parse() {
            return Ok(Resolved { addresses: vec![address], is_cached: false });
        }
        if let Some(addresses) = self.cached(host, CacheEntry::is_trusted) {
            return Ok(Resolved { addresses, is_cached: true });
        }
        let addresses = match self.resolve_uncached(host, state) {
            Ok(addresses) => self.insert(host, addresses),
            // Addresses of which one failed are better than none.
            Err(error) if error.kind() != ErrorKind::Canceled => {
                self.cached(host, |_| true).ok_or(error)?
            }
            Err(error) => return Err(error),
        };
        Ok(Resolved { addresses, is_cached: false })
    }

    /// Records that a connection to an address failed, so that the host is resolved again.
    pub(super) fn mark_failed(&self, host: &str, address: IpAddr) {
        if let Some(entry) = self.lock().get_mut(host) {
            entry.is_suspect = true;
            entry.failed.retain(|(failed, _)| *failed != address);
            entry.failed.push((address, Instant::now()));
        }
    }

    fn resolve_uncached(&self, host: &str, state: &ExchangeState) -> Result<Vec<IpAddr>> {
        let role = state.server_role();
        let job = self.worker.submit(host)?;
        let addresses = loop {
            match job.result() {
                Some(result) => {
                    break result.map_err(|error| error.with_remedy(role.name_remedy()))?;
                }
                None => {
                    let fd = job.done().descriptor();
                    state.wait(fd, Interest::Read, Deadline::NEVER)?;
                }
            }
        };
        if addresses.is_empty() {
            return Err(Error::new(ErrorKind::Resolve, "the host name has no addresses")
                .with_remedy(role.name_remedy()));
        }
        Ok(addresses)
    }

    fn cached(&self, host: &str, usable: impl Fn(&CacheEntry) -> bool) -> Option<Vec<IpAddr>> {
        let mut cache = self.lock();
        let entry = cache.get_mut(host)?;
        (entry.resolved_at.elapsed() < self.ttl && usable(entry)).then(|| entry.next_order())
    }

    /// Stores the addresses and returns their order. Those that failed before are still last.
    fn insert(&self, host: &str, addresses: Vec<IpAddr>) -> Vec<IpAddr> {
        let mut cache = self.lock();
        let before = cache.remove(host);
        if cache.len() >= CACHE_MAX {
            cache.retain(|_, entry| entry.resolved_at.elapsed() < self.ttl);
        }
        let (failed, uses) = before.map_or((Vec::new(), 0), |entry| (entry.failed, entry.uses));
        let failed =
            failed.into_iter().filter(|(address, _)| addresses.contains(address)).collect();
        let resolved_at = Instant::now();
        let mut entry = CacheEntry { addresses, resolved_at, is_suspect: false, failed, uses };
        let order = entry.next_order();
        if cache.len() < CACHE_MAX {
            cache.insert(host.to_owned(), entry);
        }
        order
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, CacheEntry>> {
        self.cache.lock().ignore_poison()
    }
}

impl CacheEntry {
    /// Returns false if an address failed since it was resolved, or all of them before.
    fn is_trusted(&self) -> bool {
        let is_failed = |address| self.failed.iter().any(|(failed, _)| failed == address);
        !self.is_suspect && !self.addresses.iter().all(is_failed)
    }

    fn next_order(&mut self) -> Vec<IpAddr> {
        self.failed.retain(|(_, at)| at.elapsed() < limits::FAILED_ADDRESS_TTL);
        let failed: Vec<IpAddr> = self.failed.iter().map(|(address, _)| *address).collect();
        self.uses = self.uses.wrapping_add(1);
        address_order::order(&self.addresses, &failed, self.uses - 1)
    }
}

/// The maximum number of cached hosts.
const CACHE_MAX: usize = 64;
