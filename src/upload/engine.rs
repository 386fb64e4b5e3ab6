//! Resources that all uploads of one client share.

use std::sync::Arc;

use super::buffer_pool::BufferPool;
use super::schedule::workers::Workers;
use crate::error::Result;
use crate::service::{Config, ServiceClient};

/// The service client, the worker pool and the buffer pool. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Engine(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    service: Arc<ServiceClient>,
    workers: Workers,
    buffers: BufferPool,
}

impl Drop for Shared {
    fn drop(&mut self) {
        let service = &self.service;
        self.workers.stop(|thread| service.is_fetching_credentials(thread));
        // Delivers the log lines of the workers that ended last.
        service.logger().deliver();
    }
}

impl Engine {
    /// Opens no connection and starts no thread.
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let service = Arc::new(ServiceClient::new(config)?);
        let workers = Workers::new(config.threads);
        let buffers = BufferPool::new(config.memory_limit);
        Ok(Self(Arc::new(Shared { service, workers, buffers })))
    }

    /// An engine whose requests go to a simulated service.
    #[cfg(test)]
    pub(crate) fn simulated(
        config: &Config,
        peer: Arc<dyn crate::service::SimulatedPeer>,
    ) -> Result<Self> {
        let mut service = ServiceClient::new(config)?;
        service.simulate(peer);
        let workers = Workers::new(config.threads);
        let buffers = BufferPool::new(config.memory_limit);
        Ok(Self(Arc::new(Shared { service: Arc::new(service), workers, buffers })))
    }

    /// An error of kind `Forked` in a child of the process that created the client.
    pub(crate) fn check_process(&self) -> Result<()> {
        self.service().check_process()
    }

    pub(crate) fn service(&self) -> &Arc<ServiceClient> {
        &self.0.service
    }

    pub(crate) fn workers(&self) -> &Workers {
        &self.0.workers
    }

    pub(crate) fn buffers(&self) -> &BufferPool {
        &self.0.buffers
    }
}
