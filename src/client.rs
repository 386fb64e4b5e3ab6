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

/// A connection to one OSS endpoint: cheap to clone, shared by threads.
///
/// Every call blocks the calling thread, and is bounded by the time limits of the configuration. A
/// client belongs to the process that made it; in a forked child every call fails with kind
/// `Forked`.
#[derive(Debug, Clone)]
pub struct Client(Engine);

impl Client {
    /// Makes a client. Opens no connection and starts no thread.
    ///
    /// # Errors
    ///
    /// `Invalid`, naming the setting that is missing or does not fit; `Credentials`, when there are
    /// none.
    pub fn new(config: &Config) -> Result<Self> {
        Engine::new(config).map(Self)
    }

    /// A client whose requests go to a simulated service.
    #[cfg(test)]
    pub(crate) fn simulated(
        config: &Config,
        peer: std::sync::Arc<dyn crate::transport::Peer>,
    ) -> Result<Self> {
        Engine::simulated(config, peer).map(Self)
    }

    /// An error of kind `Forked` in a child of the process that made the client.
    pub fn check_process(&self) -> Result<()> {
        self.0.check_process()
    }

    fn service(&self) -> &ServiceClient {
        self.0.service()
    }
}
