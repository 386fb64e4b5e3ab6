//! Counters of the server since the last reset.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[derive(Default)]
pub struct Stats {
    connections: AtomicU64,
    open: AtomicU64,
    /// At each address.
    requests: [AtomicU64; 2],
    bytes: AtomicU64,
}

impl Stats {
    pub fn connected(&self) {
        self.connections.fetch_add(1, Relaxed);
        self.open.fetch_add(1, Relaxed);
    }

    pub fn disconnected(&self) {
        self.open.fetch_sub(1, Relaxed);
    }

    pub fn requested(&self, body_bytes: u64, address: usize) {
        self.requests[address].fetch_add(1, Relaxed);
        self.bytes.fetch_add(body_bytes, Relaxed);
    }

    /// Resets all counters but the number of open connections.
    pub fn reset(&self) {
        for count in [&self.connections, &self.requests[0], &self.requests[1], &self.bytes] {
            count.store(0, Relaxed);
        }
    }

    pub fn to_json(&self) -> String {
        let [connections, open, bytes] =
            [&self.connections, &self.open, &self.bytes].map(|n| n.load(Relaxed));
        let [first, second] = self.requests.each_ref().map(|n| n.load(Relaxed));
        let requests = first + second;
        format!(
            "{{\"connections\": {connections}, \"open\": {open}, \"requests\": {requests}, \
             \"requests_by_address\": [{first}, {second}], \"bytes\": {bytes}}}\n"
        )
    }
}
