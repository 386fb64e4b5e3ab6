//! Runs every threaded scenario with random schedules. `make simulate` sets how many.

use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::threaded_run::{ThreadedCounts, run_seeds, story_of_seed};
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
        counts.endings,
    );
}

/// The story of the first run of each violation.
fn described(threaded: &ThreadedScenario, counts: &ThreadedCounts) -> Vec<String> {
    let name = threaded.scenario.name;
    let stories = counts.violations.iter().map(|(what, (times, seed))| {
        let story = story_of_seed(threaded, *seed).join("\n");
        let replay = format!("SIMULATE_SEED=\"{name}: {seed}\" make simulate");
        format!("{what} ({times} times); replay: {replay}\n{story}\n")
    });
    stories.collect()
}

/// `SIMULATE_SEED="stream: 17" make simulate` tells the story of a run.
#[test]
fn replay() {
    let Ok(text) = env::var("SIMULATE_SEED") else { return };
    let (name, seed) = text.split_once(':').expect("NAME: SEED");
    let all = threaded_scenarios();
    let threaded = all.iter().find(|threaded| threaded.scenario.name == name);
    let story = story_of_seed(threaded.expect("a scenario's name"), seed.trim().parse().unwrap());
    println!("{}", story.join("\n"));
}

#[test]
fn two_runs_of_one_seed_are_equal() {
    for threaded in threaded_scenarios() {
        let first = run_seeds(&threaded, 0..10);
        assert_eq!(run_seeds(&threaded, 0..10), first, "{}", threaded.scenario.name);
        for seed in [3, 4] {
            let story = story_of_seed(&threaded, seed);
            assert!(story.len() > 4, "{story:?}");
            // Other runs before it do not change it.
            assert_eq!(story_of_seed(&threaded, seed), story, "{}", threaded.scenario.name);
        }
    }
}
