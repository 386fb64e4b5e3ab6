//! One run of a scenario, and the counts over all runs.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hasher;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::START;
use super::explorer::Explorer;
use super::fault::Fault;
use super::invariants::{AtReturn, is_made, violations};
use super::network::Network;
use super::scenarios::{CallResult, RunContext, Scenario};
use super::source_bytes::SourceBytes;
use crate::ObjectExists;
use crate::limits;
use crate::runtime::{Cancel, now, simulated};

/// What the runs of one scenario have shown.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) runs: u64,
    pub(crate) requests: u64,
    pub(crate) most_requests: u32,
    pub(crate) unknown: u64,
    pub(crate) results: BTreeMap<String, u64>,
    /// Each violation, how often, and the shortest list of choices that leads to it.
    pub(crate) violations: BTreeMap<&'static str, (u64, Vec<u16>)>,
    /// By what the client observed.
    pub(crate) groups: HashMap<u64, RunGroup>,
}

/// All runs in which the client observed the same.
#[derive(Debug, Default, Clone)]
pub(crate) struct RunGroup {
    pub(crate) made: u64,
    pub(crate) not_made: u64,
    /// A run that said unknown, with the fewest faults.
    pub(crate) unknown: Option<(u8, Vec<u16>)>,
}

/// The lines of a run, if they were asked for.
pub(crate) struct FinishedRun {
    pub(crate) explorer: Explorer,
    pub(crate) trace: Vec<String>,
}

/// A scenario with the files that it needs.
pub(crate) struct ScenarioRunner<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) faults: Vec<Fault>,
    folder: tempfile::TempDir,
    data: SourceBytes,
}

impl<'a> ScenarioRunner<'a> {
    pub(crate) fn new(scenario: &'a Scenario, faults: &[Fault]) -> Self {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let folder = tempfile::Builder::new().tempdir_in(place).unwrap();
        let data = SourceBytes::new(scenario.size);
        std::fs::write(folder.path().join("source"), &*data).unwrap();
        let faults = [faults, &scenario.faults].concat();
        Self { scenario, faults, folder, data }
    }

    /// Makes one run.
    pub(crate) fn run(
        &self,
        explorer: Explorer,
        records: bool,
        counts: &mut Counts,
    ) -> FinishedRun {
        simulated::set(Some(*START));
        fastrand::seed(7);
        let cancel = Cancel::new().unwrap();
        let faults = self.faults.clone();
        let network = Arc::new(Network::new(explorer, faults, &self.data, cancel.clone()));
        {
            let mut state = network.lock();
            state.service.is_versioned = self.scenario.is_versioned;
            state.service.lacks_crc64 = self.scenario.lacks_crc64;
            state.service.is_write_once = self.scenario.is_write_once;
            state.trace = records.then(Arc::default);
        }
        let context = RunContext {
            scenario: self.scenario,
            network: &network,
            cancel: &cancel,
            folder: self.folder.path(),
            data: &self.data,
        };
        let results = (self.scenario.script)(&context);
        let finished = self.check(&context, &results, counts);
        simulated::set(None);
        self.clean();
        finished
    }

    fn check(
        &self,
        context: &RunContext<'_>,
        results: &[CallResult],
        counts: &mut Counts,
    ) -> FinishedRun {
        let mut state = context.network.lock();
        let after_cancel = state.canceled_at.map(|at| now().saturating_duration_since(at));
        let requests = state.requests;
        let at_return = AtReturn::of(&state);
        state.settle();
        if state.requests != requests {
            state.wrong.insert("a request is sent after the return");
        }
        if after_cancel.is_some_and(|time| time > limits::ABORT_TIMEOUT + ROUNDING)
            && !self.goes_on_after_cancel()
        {
            state
                .wrong
                .insert("the call returns later than the abort timeout after a cancellation");
        }
        counts.runs += 1;
        counts.requests += u64::from(requests);
        counts.most_requests = counts.most_requests.max(requests);
        let (choices, faults) = (state.explorer.choices(), state.explorer.faults());
        let group = counts.groups.entry(state.observed.finish()).or_default();
        *if is_made(&state) { &mut group.made } else { &mut group.not_made } += 1;
        for result in results {
            let word = match &result.outcome {
                Ok(_) => "OK".to_owned(),
                Err(error) => format!("{:?}, {:?}", error.kind(), error.object_exists()),
            };
            *counts.results.entry(word).or_default() += 1;
            let exists = result.outcome.as_ref().err().map(crate::Error::object_exists);
            if exists == Some(ObjectExists::Unknown) {
                counts.unknown += 1;
                let is_excused = state.is_put_duplicated || is_gone_at_attach(result);
                if !is_excused && group.unknown.as_ref().is_none_or(|(least, _)| faults < *least) {
                    group.unknown = Some((faults, choices.clone()));
                }
            }
            for what in violations(context, &state, &at_return, result) {
                let (count, shortest) =
                    counts.violations.entry(what).or_insert_with(|| (0, choices.clone()));
                *count += 1;
                if length(&choices) < length(shortest) {
                    shortest.clone_from(&choices);
                }
            }
        }
        let trace = state.trace.take();
        let trace =
            trace.map_or_else(Vec::new, |lines| std::mem::take(&mut *lines.lock().unwrap()));
        FinishedRun { explorer: state.explorer.clone(), trace }
    }

    /// Some scripts make another call after the one that was canceled.
    fn goes_on_after_cancel(&self) -> bool {
        self.scenario.name.starts_with("step by step")
            || self.scenario.name.starts_with("checkpoint")
    }

    fn clean(&self) {
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if !path.ends_with("source") {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
}

impl Counts {
    /// Unknown outcomes that were not needed: with fewer faults than were explored, the client
    /// observed what only one effect can cause.
    pub(crate) fn needless(&self, most_faults: u8) -> Vec<&Vec<u16>> {
        let groups = self.groups.values().filter(|group| group.made == 0 || group.not_made == 0);
        let unknown = groups.filter_map(|group| group.unknown.as_ref());
        unknown.filter(|(faults, _)| *faults < most_faults).map(|(_, choices)| choices).collect()
    }

    /// Groups of runs in which no client could know.
    pub(crate) fn groups_with_both_outcomes(&self) -> usize {
        self.groups.values().filter(|group| group.made > 0 && group.not_made > 0).count()
    }
}

/// The upload of another program is gone before this one has sent Complete. The other may have
/// completed it, which no fault does.
fn is_gone_at_attach(result: &CallResult) -> bool {
    result.known_upload.is_some()
        && result.outcome.as_ref().is_err_and(|error| {
            (error.operation(), error.oss_code()) == (Some("ListParts"), Some("NoSuchUpload"))
        })
}

fn length(choices: &[u16]) -> (usize, usize) {
    (choices.iter().filter(|choice| **choice > 0).count(), choices.len())
}

/// A response under way when the budget ends.
const ROUNDING: Duration = Duration::from_millis(10);
