//! Runs every threaded scenario with random schedules. `make simulate` sets how many.

use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::threaded_run::{ThreadedCounts, run_seeds, trace_of_seed};
use super::threaded_scenarios::{ThreadedScenario, threaded_scenarios};

fn number(name: &str, default: u64) -> u64 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn no_schedule_of_several_workers_ends_in_a_wrong_outcome() {
    if env::var("SIMULATE_SEED").is_ok() {
        return;
    }
    let mut scenarios = threaded_scenarios();
    if let Ok(name) = env::var("SCENARIO") {
        scenarios.retain(|threaded| threaded.scenario.name == name);
        assert!(!scenarios.is_empty(), "{name:?} is no scenario with several workers");
    }
    let runs = number("SCHEDULES", 1100).div_ceil(scenarios.len() as u64);
    let first = number("FIRST_SEED", 0);
    let findings = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(threaded) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let begun = Instant::now();
                    let counts = run_seeds(threaded, first..first + runs);
                    print(threaded, &counts, begun);
                    findings.lock().unwrap().extend(described(threaded, &counts));
                }
            });
        }
    });
    let findings = findings.into_inner().unwrap();
    assert!(findings.is_empty(), "{} findings:\n\n{}", findings.len(), findings.join("\n"));
}

fn print(threaded: &ThreadedScenario, counts: &ThreadedCounts, begun: Instant) {
    println!(
        "{}: {} runs, {} requests (at most {} in a run), {} copies of parts, {:.1} s, {:?}",
        threaded.scenario.name,
        counts.runs,
        counts.requests,
        counts.most_requests,
        counts.hedges,
        begun.elapsed().as_secs_f64(),
        counts.results,
    );
}

/// The trace of the first run of each violation.
fn described(threaded: &ThreadedScenario, counts: &ThreadedCounts) -> Vec<String> {
    let name = threaded.scenario.name;
    let traces = counts.violations.iter().map(|(what, (times, seed))| {
        let trace = trace_of_seed(threaded, *seed).join("\n");
        let replay = format!("SIMULATE_SEED=\"{name}: {seed}\" make simulate");
        format!("{what} ({times} times); replay: {replay}\n{trace}\n")
    });
    traces.collect()
}

/// `SIMULATE_SEED="stream: 17" make simulate` prints the trace of a run.
#[test]
fn replay() {
    let Ok(text) = env::var("SIMULATE_SEED") else { return };
    let (name, seed) = text.split_once(':').expect("NAME: SEED");
    let all = threaded_scenarios();
    let threaded = all.iter().find(|threaded| threaded.scenario.name == name);
    let trace = trace_of_seed(threaded.expect("a scenario's name"), seed.trim().parse().unwrap());
    println!("{}", trace.join("\n"));
}

#[test]
fn two_runs_of_one_seed_are_equal() {
    for threaded in threaded_scenarios() {
        let first = run_seeds(&threaded, 0..10);
        assert_eq!(run_seeds(&threaded, 0..10), first, "{}", threaded.scenario.name);
        for seed in [3, 4] {
            let trace = trace_of_seed(&threaded, seed);
            assert!(trace.len() > 2, "{trace:?}");
            // Other runs before it do not change it.
            assert_eq!(trace_of_seed(&threaded, seed), trace, "{}", threaded.scenario.name);
        }
    }
}
