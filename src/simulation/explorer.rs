//! Every list of choices with at most a number of faults, one run for each; or random lists by
//! seed.
//!
//! A run draws a choice wherever more than one thing can happen; 0 is what happens without
//! a fault. The list of choices is the whole run: it replays it.

use super::fault::Fault;

#[derive(Debug, Clone)]
pub(crate) struct Explorer {
    trail: Vec<Choice>,
    at: usize,
    faults: u8,
    most_faults: u8,
    random: Option<fastrand::Rng>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Choice {
    chosen: u16,
    options: u16,
    /// Faults before this choice; `None` if the choice is about the order of events and costs none.
    faults_before: Option<u8>,
}

impl Explorer {
    /// Begins with the run in which nothing goes wrong.
    pub(crate) fn new(most_faults: u8) -> Self {
        Self { trail: Vec::new(), at: 0, faults: 0, most_faults, random: None }
    }

    pub(crate) fn replay(choices: &[u16]) -> Self {
        let choice = |chosen: &u16| Choice { chosen: *chosen, options: 0, faults_before: None };
        Self { trail: choices.iter().map(choice).collect(), ..Self::new(u8::MAX) }
    }

    pub(crate) fn random(seed: u64, most_faults: u8) -> Self {
        Self { random: Some(fastrand::Rng::with_seed(seed)), ..Self::new(most_faults) }
    }

    /// What was chosen, without the zeros at its end.
    pub(crate) fn choices(&self) -> Vec<u16> {
        let mut all: Vec<u16> = self.trail.iter().map(|choice| choice.chosen).collect();
        while all.last() == Some(&0) {
            all.pop();
        }
        all
    }

    /// The choices of a run by name, which stays valid when faults are added.
    pub(crate) fn names(&self, faults: &[Fault]) -> String {
        let kinds = self.trail.iter().map(|choice| choice.faults_before.is_some());
        let name = |(chosen, is_fault): (u16, bool)| match (chosen, is_fault) {
            (0, true) => NO_FAULT.to_owned(),
            (chosen, true) => faults[usize::from(chosen)].name(),
            (0, false) => "later".to_owned(),
            (_, false) => NOW.to_owned(),
        };
        let names: Vec<String> = self.choices().into_iter().zip(kinds).map(name).collect();
        names.join(" ")
    }

    /// Parses what [`Self::names`] returns.
    pub(crate) fn parse(names: &str, faults: &[Fault]) -> Vec<u16> {
        let number = |name: &str| match name {
            NO_FAULT | "later" => 0,
            NOW => 1,
            name => {
                let at = faults.iter().position(|fault| fault.name() == name);
                u16::try_from(at.unwrap_or_else(|| panic!("no fault {name}"))).unwrap()
            }
        };
        names.split_whitespace().map(number).collect()
    }

    /// How many faults the run has met.
    pub(crate) fn faults(&self) -> u8 {
        self.faults
    }

    /// One of `options`; every one but 0 is a fault.
    pub(crate) fn fault(&mut self, options: u16) -> u16 {
        let may_fail = self.faults < self.most_faults;
        let options = if may_fail { options } else { 1 };
        let faults_before = Some(self.faults);
        let chosen = self.choose(options, faults_before, |random| {
            if random.u8(..) < 70 { random.u16(0..options) } else { 0 }
        });
        self.faults += u8::from(chosen > 0);
        chosen
    }

    /// Whether an event that is due at any time happens now. Costs no fault.
    pub(crate) fn happens_now(&mut self) -> bool {
        self.choose(2, None, |random| random.u16(0..2)) > 0
    }

    fn choose(
        &mut self,
        options: u16,
        faults_before: Option<u8>,
        pick: impl FnOnce(&mut fastrand::Rng) -> u16,
    ) -> u16 {
        let known = self.trail.get(self.at).map(|choice| choice.chosen);
        let known = known.map(|chosen| chosen.min(options.saturating_sub(1)));
        let chosen = known.unwrap_or_else(|| self.random.as_mut().map_or(0, pick));
        let choice = Choice { chosen, options, faults_before };
        match self.trail.get_mut(self.at) {
            Some(known) => *known = choice,
            None => self.trail.push(choice),
        }
        self.at += 1;
        chosen
    }

    /// Goes to the next list of choices; false after the last one.
    pub(crate) fn advance(&mut self) -> bool {
        while let Some(last) = self.trail.pop() {
            let has_fault_left = last.faults_before.is_none_or(|faults| faults < self.most_faults);
            if last.chosen + 1 < last.options && has_fault_left {
                self.trail.push(Choice { chosen: last.chosen + 1, ..last });
                self.at = 0;
                self.faults = 0;
                return true;
            }
        }
        false
    }
}

const NO_FAULT: &str = "-";
const NOW: &str = "now";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A run that meets three faults of three kinds each, and an order after the first.
    fn run(explorer: &mut Explorer) -> Vec<u16> {
        let mut seen = vec![explorer.fault(3)];
        seen.push(u16::from(explorer.happens_now()));
        seen.extend([explorer.fault(3), explorer.fault(3)]);
        seen
    }

    fn all(most_faults: u8) -> Vec<Vec<u16>> {
        let mut explorer = Explorer::new(most_faults);
        let mut runs = vec![run(&mut explorer)];
        while explorer.advance() {
            runs.push(run(&mut explorer));
        }
        runs
    }

    #[test]
    fn a_known_tree_is_enumerated_completely_and_without_duplicates() {
        // Of 3 places with 2 faults each: 1 run without, 6 with one, 12 with two, 8 with three.
        for (faults, expected) in [(0, 1), (1, 7), (2, 19), (3, 27)] {
            let runs = all(faults);
            let different: BTreeSet<&Vec<u16>> = runs.iter().collect();
            assert_eq!((runs.len(), different.len()), (2 * expected, 2 * expected), "{faults}");
            let most = runs.iter().map(|r| [r[0], r[2], r[3]].iter().filter(|c| **c > 0).count());
            assert_eq!(most.max(), Some(usize::from(faults)));
        }
    }

    #[test]
    fn a_list_of_choices_replays_its_run() {
        let mut explorer = Explorer::random(7, 2);
        let first = run(&mut explorer);
        assert_eq!(run(&mut Explorer::replay(&explorer.choices())), first);
        assert_eq!(run(&mut Explorer::random(7, 2)), first);
    }
}
