//! Runs of a threaded scenario, one for each seed, and what they have shown.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shuttle::{Config, FailurePersistence, MaxSteps, Runner, thread};

use super::START;
use super::explorer::Explorer;
use super::fault::{FAULTS, Fault, KILLS};
use super::invariants::{AtReturn, violations};
use super::network::{Network, NetworkState};
use super::scenarios::{CallResult, RunContext, Scenario};
use super::seeded_scheduler::SeededScheduler;
use super::source_bytes::SourceBytes;
use super::threaded_scenarios::{SLOWEST_READ, ThreadedScenario};
use crate::runtime::{Cancel, Deadline, now, run_clock, simulated, stop_clock};
use crate::{ErrorKind, Progress, limits};

/// What the runs of one scenario have shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ThreadedCounts {
    pub(crate) runs: u64,
    pub(crate) requests: u64,
    pub(crate) most_requests: u32,
    pub(crate) hedges: u64,
    /// Runs by the kind of their outcome.
    pub(crate) results: BTreeMap<String, u64>,
    /// Each violation, how often, and the first seed that leads to it.
    pub(crate) violations: BTreeMap<String, (u64, u64)>,
}

/// A scenario with what all of its runs share.
struct ThreadedRuns {
    scenario: Scenario,
    part_size: usize,
    faults: Vec<Fault>,
    data: SourceBytes,
    folder: tempfile::TempDir,
    seed: Arc<AtomicU64>,
    trace: Option<Trace>,
    counts: Mutex<ThreadedCounts>,
}

type Trace = Arc<Mutex<Vec<String>>>;

/// What a run has broken that the network cannot see.
type Wrong = Arc<Mutex<BTreeSet<&'static str>>>;

/// Makes one run for each seed.
pub(crate) fn run_seeds(threaded: &ThreadedScenario, seeds: Range<u64>) -> ThreadedCounts {
    run(threaded, seeds, None)
}

/// The trace of one run, and what is wrong with it.
pub(crate) fn trace_of_seed(threaded: &ThreadedScenario, seed: u64) -> Vec<String> {
    let trace = Trace::default();
    let counts = run(threaded, seed..seed + 1, Some(Arc::clone(&trace)));
    let mut lines = std::mem::take(&mut *trace.lock().unwrap());
    lines.extend(counts.violations.into_keys().map(|what| format!("violation: {what}")));
    lines
}

fn run(threaded: &ThreadedScenario, seeds: Range<u64>, trace: Option<Trace>) -> ThreadedCounts {
    let setting = Arc::new(ThreadedRuns::new(threaded, trace));
    let mut left = seeds;
    let mut failures = 0;
    while !left.is_empty() && failures < MOST_FAILURES {
        let scheduler = SeededScheduler::new(left.clone(), Arc::clone(&setting.seed));
        let runner = Runner::new(scheduler, config());
        let of_run = Arc::clone(&setting);
        let Err(panic) = catch_unwind(AssertUnwindSafe(|| runner.run(move || of_run.run()))) else {
            break;
        };
        let seed = setting.seed.load(Ordering::Relaxed);
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let what = format!("the run ends with a panic: {}", text.unwrap_or_default());
        setting.counts.lock().unwrap().violations.entry(what).or_insert((0, seed)).0 += 1;
        left.start = seed + 1;
        failures += 1;
    }
    simulated::set(None);
    std::mem::take(&mut *setting.counts.lock().unwrap())
}

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = STACK_SIZE;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::FailAfter(MOST_STEPS);
    config
}

impl ThreadedRuns {
    fn new(threaded: &ThreadedScenario, trace: Option<Trace>) -> Self {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let folder = tempfile::Builder::new().tempdir_in(place).unwrap();
        let scenario = threaded.scenario.clone();
        let data = SourceBytes::new(scenario.size);
        std::fs::write(folder.path().join("source"), &*data).unwrap();
        let mut faults = [&FAULTS, &*scenario.faults].concat();
        if scenario.faults.contains(&KILLS[0]) {
            // An object that a killed process made and another writer has replaced is not of the
            // call that resumes.
            faults.retain(|fault| !matches!(fault, Fault::OtherWriter | Fault::SameBytes));
        }
        Self {
            faults,
            scenario,
            part_size: threaded.part_size,
            data,
            folder,
            seed: Arc::default(),
            trace,
            counts: Mutex::default(),
        }
    }

    /// One run, as the main task of the model checker.
    fn run(&self) {
        let seed = self.seed.load(Ordering::Relaxed);
        simulated::set(Some(*START));
        fastrand::seed(seed);
        let clock = thread::spawn(run_clock);
        let mut random = fastrand::Rng::with_seed(seed);
        let cancel = Cancel::never().child().unwrap();
        let network = Arc::new(self.network(&mut random, &cancel));
        let wrong = Wrong::default();
        let mut scenario = self.scenario.clone();
        vary(&mut scenario, &mut random, &wrong);
        let canceler = (random.u8(..8) == 0).then(|| {
            let time = Duration::from_millis(random.u64(..200) * [1, 10, 100][random.usize(..3)]);
            let (network, cancel) = (Arc::clone(&network), cancel.clone());
            thread::spawn(move || cancel_after(time, &network, &cancel))
        });
        let context = RunContext {
            scenario: &scenario,
            network: &network,
            cancel: &cancel,
            folder: self.folder.path(),
            data: &self.data,
        };
        let results = (scenario.script)(&context);
        self.check(&context, &results, &wrong);
        if let Some(canceler) = canceler {
            canceler.join().unwrap();
        }
        stop_clock();
        clock.join().unwrap();
        self.clean();
    }

    fn network(&self, random: &mut fastrand::Rng, cancel: &Cancel) -> Network {
        let most_faults = [0, 1, 1, 2, 2, 3, 4, 8][random.usize(..8)];
        let explorer = Explorer::random(random.u64(..), most_faults);
        let network = Network::new(explorer, self.faults.clone(), &self.data, cancel.clone());
        let mut state = network.lock();
        state.trace.clone_from(&self.trace);
        state.service.is_versioned = self.scenario.is_versioned;
        state.service.lacks_crc64 = self.scenario.lacks_crc64;
        state.service.is_write_once = self.scenario.is_write_once;
        state.concurrency.random = fastrand::Rng::with_seed(random.u64(..));
        state.concurrency.most_parts = self.scenario.threads;
        state.concurrency.plan(&self.data, self.part_size);
        drop(state);
        network
    }

    fn check(&self, context: &RunContext<'_>, results: &[CallResult], wrong: &Wrong) {
        let returned = now();
        let mut state = context.network.lock();
        if !state.concurrency.is_idle() {
            state.wrong.insert("a request is under way after the return");
        }
        check_times(context, &mut state, returned);
        let requests = state.requests;
        let at_return = AtReturn::of(&state);
        drop(state);
        Cancel::never().wait(Deadline::after(AFTERWARDS));
        let mut state = context.network.lock();
        if state.requests != requests {
            state.wrong.insert("a request is sent after the return");
        }
        state.settle();
        let mut counts = self.counts.lock().unwrap();
        counts.runs += 1;
        counts.requests += u64::from(requests);
        counts.most_requests = counts.most_requests.max(requests);
        counts.hedges += state.concurrency.copies();
        let mut found: BTreeSet<&str> = std::mem::take(&mut *wrong.lock().unwrap());
        for result in results {
            let word = match &result.outcome {
                Ok(_) => "OK".to_owned(),
                Err(error) => format!("{:?}, {:?}", error.kind(), error.object_exists()),
            };
            *counts.results.entry(word).or_default() += 1;
            let kind = result.outcome.as_ref().err().map(crate::Error::kind);
            if kind == Some(ErrorKind::Internal) && self.scenario.name != "source that panics" {
                found.insert("the error is internal");
            }
            found.extend(violations(context, &state, &at_return, result));
        }
        for what in found {
            let seed = self.seed.load(Ordering::Relaxed);
            counts.violations.entry(what.to_owned()).or_insert((0, seed)).0 += 1;
        }
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

/// Draws the options that each run has of its own.
fn vary(scenario: &mut Scenario, random: &mut fastrand::Rng, wrong: &Wrong) {
    let options = &mut scenario.options;
    options.set_hedging(random.u8(..4) > 0);
    if random.u8(..8) == 0 {
        options.set_timeout(Some(Duration::from_millis(random.u64(1..100) * 100)));
    }
    if random.u8(..8) == 0 {
        options.set_keep_parts(true);
    }
    // Each call has a progress of its own.
    if random.u8(..4) == 0 && !has_several_calls(scenario.name) {
        let cancels_at = (random.u8(..4) == 0).then(|| random.u64(..10));
        let last = Mutex::new((0, Progress::default()));
        let wrong = Arc::clone(wrong);
        scenario.options.set_progress(move |progress: &Progress| {
            let mut last = last.lock().unwrap();
            let (calls, before) = &mut *last;
            if falls(before, progress) {
                wrong.lock().unwrap().insert("the progress falls");
            }
            (*calls, *before) = (*calls + 1, *progress);
            if cancels_at.is_some_and(|at| *calls > at) {
                return ControlFlow::Break(1);
            }
            ControlFlow::Continue(())
        });
    }
}

/// True if several calls are made, one after the other.
fn has_several_calls(name: &str) -> bool {
    ["step by step", "attach", "checkpoint", "upload ID"]
        .iter()
        .any(|start| name.starts_with(start))
}

fn falls(before: &Progress, after: &Progress) -> bool {
    before.parts_done > after.parts_done
        || before.bytes_done > after.bytes_done
        || before.bytes_sent > after.bytes_sent
        || after.parts_total.is_some_and(|total| after.parts_done > total)
        || after.bytes_total.is_some_and(|total| after.bytes_done > total)
}

fn cancel_after(time: Duration, network: &Network, cancel: &Cancel) {
    Cancel::never().wait(Deadline::after(time));
    let mut state = network.lock();
    state.canceled_at.get_or_insert(now());
    state.record(|| "the program cancels".to_owned());
    drop(state);
    cancel.trigger();
}

/// After a cancellation or the timeout of the call there is the abort timeout, and no more.
fn check_times(context: &RunContext<'_>, state: &mut NetworkState, returned: std::time::Instant) {
    let goes_on = has_several_calls(context.scenario.name);
    let late = |from, most| returned.saturating_duration_since(from) > most + SLOWEST_READ;
    if !goes_on && state.canceled_at.is_some_and(|at| late(at, limits::ABORT_TIMEOUT)) {
        state.wrong.insert("the call returns later than the abort timeout after a cancellation");
    }
    let timeout = context.scenario.options.timeout;
    if !goes_on && timeout.is_some_and(|timeout| late(*START + timeout, limits::ABORT_TIMEOUT)) {
        state.wrong.insert("the call returns later than the abort timeout after its timeout");
    }
    if returned.saturating_duration_since(*START) > LONGEST_CALL {
        state.wrong.insert("the call takes too long");
    }
}

const STACK_SIZE: usize = 512 * 1024;
/// More are a loop without an end.
const MOST_STEPS: usize = 500_000;
/// Runs that panic or block for ever, until no more are made.
const MOST_FAILURES: u32 = 3;
/// Longer than any wait of a worker.
const AFTERWARDS: Duration = Duration::from_secs(600);
const LONGEST_CALL: Duration = Duration::from_secs(3600);
