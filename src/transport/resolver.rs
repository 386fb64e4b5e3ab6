//! A DNS cache with failed addresses last.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::dns_worker::{DnsWorker, ResolveFn};
use super::exchange_state::ExchangeState;
use super::getaddrinfo;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::limits;
use crate::runtime::{Deadline, IgnorePoison, Interest};

#[derive(Debug)]
pub(super) struct Resolver {
    cache: Mutex<HashMap<String, CacheEntry>>,
    worker: DnsWorker,
    ttl: Duration,
}

#[derive(Debug)]
struct CacheEntry {
    addresses: Vec<IpAddr>,
    resolved_at: Instant,
}

impl Resolver {
    pub(super) fn new() -> Self {
        Self::with_resolve_fn(getaddrinfo::resolve, limits::RESOLVE_TTL)
    }

    pub(super) fn with_resolve_fn(resolve_fn: ResolveFn, ttl: Duration) -> Self {
        Self { cache: Mutex::default(), worker: DnsWorker::new(resolve_fn), ttl }
    }

    /// Returns the addresses of a host, at least one. An IP address is returned unchanged.
    pub(super) fn resolve(&self, host: &str, state: &ExchangeState) -> Result<Vec<IpAddr>> {
        state.enter_phase(Phase::Resolve);
        state.check()?;
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        if let Some(addresses) = self.cached(host) {
            return Ok(addresses);
        }
        let job = self.worker.submit(host)?;
        let addresses = loop {
            match job.result() {
                Some(result) => break result?,
                None => {
                    let fd = job.done().descriptor();
                    state.wait(fd, Interest::Read, Deadline::NEVER)?;
                }
            }
        };
        if addresses.is_empty() {
            return Err(Error::new(ErrorKind::Resolve, "the host name has no addresses"));
        }
        self.insert(host, &addresses);
        Ok(addresses)
    }

    /// Moves an address that failed to the end of the list.
    pub(super) fn demote(&self, host: &str, address: IpAddr) {
        if let Some(entry) = self.lock().get_mut(host) {
            entry.addresses.sort_by_key(|candidate| *candidate == address);
        }
    }

    /// Removes a host whose addresses all failed: they may be out of date.
    pub(super) fn evict(&self, host: &str) {
        self.lock().remove(host);
    }

    fn cached(&self, host: &str) -> Option<Vec<IpAddr>> {
        let cache = self.lock();
        let entry = cache.get(host).filter(|entry| entry.resolved_at.elapsed() < self.ttl)?;
        Some(entry.addresses.clone())
    }

    fn insert(&self, host: &str, addresses: &[IpAddr]) {
        let mut cache = self.lock();
        if cache.len() >= CACHE_MAX {
            cache.retain(|_, entry| entry.resolved_at.elapsed() < self.ttl);
        }
        if cache.len() < CACHE_MAX {
            let addresses = addresses.to_vec();
            cache.insert(host.to_owned(), CacheEntry { addresses, resolved_at: Instant::now() });
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, CacheEntry>> {
        self.cache.lock().ignore_poison()
    }
}

/// The maximum number of cached hosts.
const CACHE_MAX: usize = 64;
