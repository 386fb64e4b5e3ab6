//! The public client.

mod operations;
mod pagination;
mod presign;
mod uploads;

pub use pagination::{PartsIter, UploadsEntry, UploadsIter};
pub use presign::{PresignRequest, PresignedUrl};

use crate::error::Result;
use crate::service::{Config, ServiceClient};
use crate::upload::Engine;

/// A client of one OSS endpoint.
///
/// Cheap to clone; the clones share connections, worker threads and limits, and may be used by many
/// threads at once. Every call blocks the calling thread until it has finished, and ends early when
/// its [`Cancel`](crate::Cancel) token is triggered. Worker threads are started by the first upload
/// that needs them, and joined when the last clone is dropped.
///
/// A client belongs to the process that created it: in a forked child every call fails with kind
/// `Forked`.
#[derive(Debug, Clone)]
pub struct Client(Engine);

impl Client {
    /// Creates a client. Opens no connection and starts no thread; reads the files that the
    /// configuration names.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the setting that is missing or invalid; `Credentials`, when none are set.
    pub fn new(config: &Config) -> Result<Self> {
        Engine::new(config).map(Self)
    }

    /// A client whose requests go to a simulated service.
    #[cfg(test)]
    pub(crate) fn simulated(
        config: &Config,
        peer: std::sync::Arc<dyn crate::service::SimulatedPeer>,
    ) -> Result<Self> {
        Engine::simulated(config, peer).map(Self)
    }

    /// Checks that the calling process created the client.
    ///
    /// # Errors
    ///
    /// `Forked`, in a child of the process that created the client.
    pub fn check_process(&self) -> Result<()> {
        self.0.check_process()
    }

    fn service(&self) -> &ServiceClient {
        self.0.service()
    }
}
