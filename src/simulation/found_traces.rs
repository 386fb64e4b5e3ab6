//! Runs in which a safeguard was missing once; they run before everything else.

use super::explorer::Explorer;
use super::fault::{FAULTS, Fault, REPLACED, SOURCE_CHANGES};
use super::report::{Report, replay};
use super::scenarios::{Scenario, scenarios};
use crate::runtime::Safeguard;

/// A line of `found_traces.txt`: `Safeguard, scenario: choices by name`.
pub(crate) struct FoundTrace {
    safeguard: &'static str,
    pub(crate) scenario: &'static str,
    names: &'static str,
}

impl FoundTrace {
    fn parse(line: &'static str) -> Self {
        let (safeguard, rest) = line.split_once(", ").expect("the name of a safeguard");
        let (scenario, names) = rest.split_once(": ").expect("the name of a scenario");
        Self { safeguard, scenario, names }
    }

    pub(crate) fn replay(&self, scenario: &Scenario) -> Report {
        let faults = [&FAULTS[..], &REPLACED, &SOURCE_CHANGES].concat();
        let known: Vec<Fault> = [&faults[..], &scenario.faults].concat();
        replay(scenario, &faults, &Explorer::parse(self.names, &known))
    }

    fn has_violation(&self) -> bool {
        let all = scenarios();
        let scenario = all.iter().find(|scenario| scenario.name == self.scenario).unwrap();
        !self.replay(scenario).findings.is_empty()
    }
}

pub(crate) fn found_traces() -> Vec<FoundTrace> {
    include_str!("found_traces.txt").lines().map(FoundTrace::parse).collect()
}

#[test]
fn each_found_trace_needs_its_safeguard() {
    let traces = found_traces();
    for safeguard in Safeguard::ALL {
        let name = format!("{safeguard:?}");
        let mut of_safeguard = traces.iter().filter(|found| found.safeguard == name).peekable();
        assert!(of_safeguard.peek().is_some(), "{name} has no found trace");
        for found in of_safeguard {
            assert!(!found.has_violation(), "{}: {}", found.scenario, found.names);
            let is_missed = safeguard.without(|| found.has_violation());
            assert!(is_missed, "{name} is off, and not missed by {}", found.names);
        }
    }
}
