//! State shared by all connections of an emulator.

use std::sync::Arc;
use std::sync::{Mutex, RwLock};

use tokio::sync::watch;

use crate::auth::AccessKey;
use crate::clock::Clock;
use crate::faults::{Action, RequestInfo, RuleBook};
use crate::options::Options;
use crate::poison::ignore_poison;
use crate::request_log::RequestLog;
use crate::store::Store;
use crate::target::{Addressing, BoundHosts};

/// Configuration, store and request log of an emulator.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Clock,
    pub(crate) region: String,
    pub(crate) addressing: Addressing,
    pub(crate) hosts: BoundHosts,
    pub(crate) request_log: RequestLog,
    /// Whether to log one line per request to stderr.
    pub(crate) logs: bool,
    pub(crate) keys: RwLock<Vec<AccessKey>>,
    pub(crate) options: RwLock<Options>,
    pub(crate) rules: Mutex<RuleBook>,
    /// How often [`Emulator::end_delays`](crate::Emulator::end_delays) was called.
    pub(crate) ended_delays: watch::Sender<u64>,
}

impl Service {
    pub(crate) fn keys(&self) -> Vec<AccessKey> {
        ignore_poison(self.keys.read()).clone()
    }

    pub(crate) fn change_keys(&self, change: impl FnOnce(&mut Vec<AccessKey>)) {
        let mut guard = ignore_poison(self.keys.write());
        change(&mut guard);
    }

    pub(crate) fn options(&self) -> Options {
        ignore_poison(self.options.read()).clone()
    }

    pub(crate) fn change_options(&self, change: impl FnOnce(&mut Options)) {
        let mut guard = ignore_poison(self.options.write());
        change(&mut guard);
    }

    pub(crate) fn change_rules(&self, change: impl FnOnce(&mut RuleBook)) {
        let mut guard = ignore_poison(self.rules.lock());
        change(&mut guard);
    }

    pub(crate) fn match_fault(&self, request: RequestInfo<'_>) -> Option<Action> {
        ignore_poison(self.rules.lock()).match_fault(request)
    }
}
