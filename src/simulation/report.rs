//! Explores a scenario and reports what was found.

use super::explorer::Explorer;
use super::fault::Fault;
use super::run::{Counts, ScenarioRunner};
use super::scenarios::Scenario;

/// Explores all runs with at most `most_faults` faults.
pub(crate) fn explore(scenario: &Scenario, faults: &[Fault], most_faults: u8) -> Report {
    let runner = ScenarioRunner::new(scenario, faults);
    let counts = run_all(&runner, most_faults);
    Report::new(&runner, &counts, Some(most_faults))
}

/// As [`explore`], with too few kinds of faults to say that an unknown outcome was needless: the run
/// that looks the same and ends otherwise may be missing.
pub(crate) fn explore_basic(scenario: &Scenario, faults: &[Fault], most_faults: u8) -> Report {
    let runner = ScenarioRunner::new(scenario, faults);
    let counts = run_all(&runner, most_faults);
    Report::new(&runner, &counts, None)
}

fn run_all(runner: &ScenarioRunner<'_>, most_faults: u8) -> Counts {
    let mut counts = Counts::default();
    let mut explorer = Explorer::new(most_faults);
    loop {
        let mut after = runner.run(explorer, false, &mut counts).explorer;
        if !after.advance() {
            return counts;
        }
        explorer = after;
    }
}

/// Makes random runs.
pub(crate) fn sample(scenario: &Scenario, faults: &[Fault], seeds: std::ops::Range<u64>) -> Report {
    let runner = ScenarioRunner::new(scenario, faults);
    let mut counts = Counts::default();
    for seed in seeds {
        runner.run(Explorer::random(seed, RANDOM_FAULTS), false, &mut counts);
    }
    Report::new(&runner, &counts, None)
}

/// Makes one run.
pub(crate) fn replay(scenario: &Scenario, faults: &[Fault], choices: &[u16]) -> Report {
    let runner = ScenarioRunner::new(scenario, faults);
    let mut counts = Counts::default();
    runner.run(Explorer::replay(choices), false, &mut counts);
    Report::new(&runner, &counts, None)
}

/// Returns the trace of one list of choices.
pub(crate) fn trace(scenario: &Scenario, faults: &[Fault], choices: &[u16]) -> Vec<String> {
    let runner = ScenarioRunner::new(scenario, faults);
    runner.run(Explorer::replay(choices), true, &mut Counts::default()).trace
}

/// What exploring a scenario has shown.
pub(crate) struct Report {
    pub(crate) summary: String,
    /// A trace for each violation and each needless unknown outcome.
    pub(crate) findings: Vec<String>,
}

impl Report {
    fn new(runner: &ScenarioRunner<'_>, counts: &Counts, most_faults: Option<u8>) -> Self {
        let name = runner.scenario.name;
        let needless = most_faults.map_or(Vec::new(), |most| counts.needless(most));
        let summary = format!(
            "{name}: {} runs, {} requests (at most {} in a run), {} unknown, {} of them \
             needless, {} groups, {} with both outcomes",
            counts.runs,
            counts.requests,
            counts.most_requests,
            counts.unknown,
            needless.len(),
            counts.groups.len(),
            counts.groups_with_both_outcomes(),
        );
        let finding = |what: &str, times: u64, choices: &[u16]| {
            let finished = runner.run(Explorer::replay(choices), true, &mut Counts::default());
            let replay = finished.explorer.names(&runner.faults);
            format!(
                "{what} ({times} times); replay: SIMULATE='{name}: {replay}' make simulate\n{}\n",
                finished.trace.join("\n")
            )
        };
        let wrong = counts.violations.iter();
        let mut findings: Vec<String> =
            wrong.map(|(what, (times, choices))| finding(what, *times, choices)).collect();
        let least = needless.iter().min_by_key(|choices| choices.len());
        findings.extend(least.map(|choices| finding("unknown, needlessly", 1, choices)));
        Self { summary, findings }
    }
}

const RANDOM_FAULTS: u8 = 8;
