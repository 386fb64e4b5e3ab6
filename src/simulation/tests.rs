//! Explores every scenario. `make simulate` sets how far.

use std::env;

use super::explorer::Explorer;
use super::fault::{BASIC_FAULTS, FAULTS, Fault, REPRESENTATIVES};
use super::found_traces::found_traces;
use super::report::{Report, explore, explore_basic, sample, trace};
use super::run::{Counts, ScenarioRunner};
use super::scenarios::{Scenario, scenarios};

/// How far `make simulate` explores; `make test` the least.
fn number(name: &str, default: u64) -> u64 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Runs the found traces and then a check of all scenarios, or of `SCENARIO`, on all cores, and
/// prints what was found.
fn check_all(check: impl Fn(&Scenario) -> Report + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let mut all = scenarios();
    if let Ok(name) = env::var("SCENARIO") {
        all.retain(|scenario| scenario.name == name);
        assert!(!all.is_empty(), "{name:?} is no scenario with one worker");
    }
    let reports = std::sync::Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(scenario) =
                    all.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
                {
                    let report = replay_found(scenario).unwrap_or_else(|| check(scenario));
                    reports.lock().unwrap().push(report);
                }
            });
        }
    });
    let reports = reports.into_inner().unwrap();
    assert_eq!(reports.len(), all.len(), "a scenario has panicked");
    for report in &reports {
        println!("{}", report.summary);
    }
    let findings: Vec<String> = reports.into_iter().flat_map(|report| report.findings).collect();
    assert!(findings.is_empty(), "{} findings:\n\n{}", findings.len(), findings.join("\n"));
}

/// The report of the found traces of a scenario, if one ends in a wrong answer again.
fn replay_found(scenario: &Scenario) -> Option<Report> {
    let traces = found_traces().into_iter().filter(|found| found.scenario == scenario.name);
    traces.map(|found| found.replay(scenario)).find(|report| !report.findings.is_empty())
}

#[test]
fn without_a_fault_every_upload_succeeds_that_can() {
    let results = scenarios().into_iter().map(|scenario| {
        let mut counts = Counts::default();
        ScenarioRunner::new(&scenario, &FAULTS).run(Explorer::replay(&[]), false, &mut counts);
        (scenario.name, counts.results.into_keys().collect::<Vec<_>>())
    });
    let failed: Vec<_> = results.filter(|(_, results)| results[..] != ["OK"]).collect();
    let not_verified = ("verification required, without CRC-64", vec!["Integrity, Yes".to_owned()]);
    assert_eq!(failed, [not_verified]);
}

#[test]
fn no_order_of_a_few_faults_ends_in_a_wrong_answer() {
    if env::var("SIMULATE").is_ok() {
        return;
    }
    let most_faults = |scenario: &Scenario| {
        let all = number("FAULTS", 1);
        // Their MD5s take most of the time of all.
        let most = if scenario.options.is_delta() { number("DELTA_FAULTS", all) } else { all };
        u8::try_from(most).unwrap()
    };
    check_all(|scenario| explore(scenario, &FAULTS, most_faults(scenario)));
}

#[test]
fn no_order_of_representative_faults_ends_in_a_wrong_answer() {
    if env::var("SIMULATE").is_ok() {
        return;
    }
    let most_faults = u8::try_from(number("REPRESENTATIVE_FAULTS", 2)).unwrap();
    check_all(|scenario| explore(scenario, &REPRESENTATIVES, most_faults));
}

#[test]
fn no_order_of_basic_faults_ends_in_a_wrong_answer() {
    if env::var("SIMULATE").is_ok() {
        return;
    }
    let most_faults = u8::try_from(number("BASIC_FAULTS", 0)).unwrap();
    check_all(|scenario| explore_basic(scenario, &BASIC_FAULTS, most_faults));
}

#[test]
fn no_random_order_of_faults_ends_in_a_wrong_answer() {
    if env::var("SIMULATE").is_ok() {
        return;
    }
    let runs = number("RUNS", 20);
    check_all(|scenario| sample(scenario, &FAULTS, 0..runs));
}

/// `SIMULATE='two parts: - - - Delayed' make simulate` prints the trace of a run.
#[test]
fn replay() {
    let Ok(text) = env::var("SIMULATE") else { return };
    let (name, choices) = text.split_once(':').expect("NAME: CHOICES");
    let all = scenarios();
    let scenario = all.iter().find(|scenario| scenario.name == name).expect("a scenario's name");
    let choices = Explorer::parse(choices, &[&FAULTS[..], &scenario.faults].concat());
    println!("{}", trace(scenario, &FAULTS, &choices).join("\n"));
}

#[test]
fn the_names_of_choices_replay_their_run() {
    let all = scenarios();
    let runner = ScenarioRunner::new(&all[0], &FAULTS);
    let delayed = FAULTS.iter().position(|fault| *fault == Fault::Delayed).unwrap();
    let choices = [0, 0, 0, u16::try_from(delayed).unwrap(), 1];
    let run = runner.run(Explorer::replay(&choices), false, &mut Counts::default());
    let names = run.explorer.names(&runner.faults);
    assert_eq!(names, "- - - Delayed now");
    assert_eq!(Explorer::parse(&names, &runner.faults), choices);
    for fault in REPRESENTATIVES.iter().chain(&BASIC_FAULTS) {
        assert!(FAULTS.contains(fault), "{fault:?} cannot be replayed by name");
    }
}

#[test]
fn two_runs_of_one_list_of_choices_are_equal() {
    for scenario in scenarios() {
        let choices = [0, 4, 0, 31, 1, 2];
        let first = trace(&scenario, &FAULTS, &choices);
        assert!(!first.is_empty());
        assert_eq!(trace(&scenario, &FAULTS, &choices), first, "{}", scenario.name);
    }
}
