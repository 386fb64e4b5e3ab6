//! Switches off one safeguard after the other, and checks that the simulation notices each.

use std::time::Instant;

use super::explorer::Explorer;
use super::fault::Moment::{After, Before, Late};
use super::fault::{Fault, Then};
use super::run::{Counts, ScenarioRunner};
use super::scenarios::{Scenario, scenarios};
use crate::runtime::Safeguard;

/// A safeguard, and the runs in which it prevents a violation.
struct SafeguardCase {
    safeguard: Safeguard,
    scenario: &'static str,
    /// What can happen to a request, besides what the scenario adds.
    faults: &'static [Fault],
    most_faults: u8,
    violation: &'static str,
}

const MADE: &str = "\"No\", and the object was made";
const MADE_LATER: &str = "\"No\", and the object is made later";
const NOT_MADE: &str = "OK, and no object was made";
const OTHER_BYTES: &str = "OK, and the object has other bytes";
const UNREPORTED: &str = "an upload is left unreported";

const DENIED: Fault = Fault::Refused(403, "AccessDenied", Before);

#[rustfmt::skip]
const CASES: [SafeguardCase; 16] = [
    case(Safeguard::EarlierAttempts, "one PutObject", &[Fault::Lost(After), DENIED], 2, MADE),
    case(Safeguard::EarlierCalls, "step by step, completed again", &[Fault::Canceled(Then::Late), DENIED], 2, MADE_LATER),
    case(Safeguard::RetriedRefusal, "one PutObject", &[Fault::RefusedFromNowOn(503, "ServiceUnavailable", After)], 1, MADE),
    case(Safeguard::OwnEffect, "two parts", &[Fault::Duplicated], 1, MADE),
    case(Safeguard::OwnDocument, "two parts", &[Fault::Gateway(404, Before)], 1, UNREPORTED),
    case(Safeguard::Fence, "two parts", &[Fault::Delayed], 1, MADE_LATER),
    case(Safeguard::RetriedAbort, "two parts", &[Fault::Canceled(Then::Late), Fault::Lost(Before)], 2, MADE),
    case(Safeguard::ObjectContent, "two parts", &[Fault::Replaced], 1, NOT_MADE),
    case(Safeguard::ObjectAttributes, "two parts", &[Fault::SameBytes, Fault::Lifecycle], 2, NOT_MADE),
    case(Safeguard::ObjectTime, "older identical object", &[Fault::Lifecycle], 1, NOT_MADE),
    case(Safeguard::SameBytes, "two parts", &[Fault::SourceChanges], 1, OTHER_BYTES),
    case(Safeguard::CompletionMark, "checkpoint, killed and restarted", &[Fault::Killed(Then::Late), DENIED], 2, MADE_LATER),
    case(Safeguard::SecondAbort, "two parts", &[Fault::Delayed, DENIED], 2, UNREPORTED),
    case(Safeguard::OrphanedUpload, "two parts", &[Fault::Lost(After)], 1, UNREPORTED),
    case(Safeguard::CopiedBytes, "delta, complete all, without CRC-64", &[], 0, OTHER_BYTES),
    case(Safeguard::ListedParts, "delta, complete all, without CRC-64", &[Fault::Lost(Late)], 1, OTHER_BYTES),
];

const fn case(
    safeguard: Safeguard,
    scenario: &'static str,
    faults: &'static [Fault],
    most_faults: u8,
    violation: &'static str,
) -> SafeguardCase {
    SafeguardCase { safeguard, scenario, faults, most_faults, violation }
}

impl SafeguardCase {
    /// Makes runs until one has the violation, and returns its choices.
    fn find_violation(&self) -> Option<Vec<u16>> {
        let scenarios = scenarios();
        let runner = self.runner(&scenarios);
        let mut counts = Counts::default();
        let mut explorer = Explorer::new(self.most_faults);
        loop {
            let mut after = runner.run(explorer, false, &mut counts).explorer;
            if let Some((_, choices)) = counts.violations.get(self.violation) {
                return Some(choices.clone());
            }
            if !after.advance() {
                return None;
            }
            explorer = after;
        }
    }

    fn has_violation(&self, choices: &[u16]) -> bool {
        let scenarios = scenarios();
        let mut counts = Counts::default();
        self.runner(&scenarios).run(Explorer::replay(choices), false, &mut counts);
        !counts.violations.is_empty()
    }

    fn names(&self, choices: &[u16]) -> String {
        let scenarios = scenarios();
        let runner = self.runner(&scenarios);
        let run = runner.run(Explorer::replay(choices), false, &mut Counts::default());
        run.explorer.names(&runner.faults)
    }

    fn runner<'a>(&self, scenarios: &'a [Scenario]) -> ScenarioRunner<'a> {
        let scenario = scenarios.iter().find(|scenario| scenario.name == self.scenario).unwrap();
        ScenarioRunner::new(scenario, &[&[Fault::None], self.faults].concat())
    }
}

#[test]
fn the_simulation_notices_each_safeguard_that_is_off() {
    for case in CASES {
        let SafeguardCase { safeguard, scenario, violation, .. } = case;
        let started = Instant::now();
        let choices = safeguard.without(|| case.find_violation());
        let choices = choices.unwrap_or_else(|| panic!("{safeguard:?} is off, and not missed"));
        assert!(!case.has_violation(&choices), "{safeguard:?} is on: {choices:?}");
        let names = case.names(&choices);
        println!("{safeguard:?}, {scenario}: {names}: {violation}; {:?}", started.elapsed());
    }
}
