//! All sequences of choices with at most so many faults, one run for each; or random ones by seed.
//!
//! A run asks for a choice wherever the world may go one way or another; 0 is what happens without
//! a fault. The sequence of the answers is the whole of the run: it replays it.

#[derive(Debug, Clone)]
pub(super) struct Explorer {
    /// (chosen, options, faults spent before)
    trail: Vec<(u16, u16, u8)>,
    at: usize,
    spent: u8,
    budget: u8,
    random: Option<fastrand::Rng>,
}

impl Explorer {
    pub(super) fn new(budget: u8) -> Self {
        Self { trail: Vec::new(), at: 0, spent: 0, budget, random: None }
    }

    pub(super) fn replay(choices: &[u16]) -> Self {
        let trail = choices.iter().map(|chosen| (*chosen, u16::MAX, 0)).collect();
        Self { trail, ..Self::new(0) }
    }

    pub(super) fn random(seed: u64, budget: u8) -> Self {
        Self { random: Some(fastrand::Rng::with_seed(seed)), ..Self::new(budget) }
    }

    pub(super) fn choices(&self) -> Vec<u16> {
        let mut all: Vec<u16> = self.trail.iter().map(|(chosen, ..)| *chosen).collect();
        while all.last() == Some(&0) {
            all.pop();
        }
        all
    }

    /// One of `options`; every one but 0 is a fault.
    pub(super) fn fault(&mut self, options: u16) -> u16 {
        if self.at < self.trail.len() {
            let chosen = self.trail[self.at].0;
            self.at += 1;
            self.spent += u8::from(chosen > 0);
            return chosen;
        }
        let may = self.spent < self.budget;
        let chosen = match &mut self.random {
            Some(random) if may => {
                if random.u8(..) < 70 {
                    random.u16(0..options)
                } else {
                    0
                }
            }
            _ => 0,
        };
        self.trail.push((chosen, if may { options } else { 1 }, self.spent));
        self.at += 1;
        self.spent += u8::from(chosen > 0);
        chosen
    }

    /// Whether what may happen at any time happens now; no fault of its own.
    pub(super) fn order(&mut self) -> bool {
        if self.at < self.trail.len() {
            let chosen = self.trail[self.at].0;
            self.at += 1;
            return chosen > 0;
        }
        let chosen = self.random.as_mut().map_or(0, |random| random.u16(0..2));
        self.trail.push((chosen, 2, FREE));
        self.at += 1;
        chosen > 0
    }

    /// The next sequence, until there is none.
    pub(super) fn advance(&mut self) -> bool {
        while let Some((chosen, options, spent)) = self.trail.pop() {
            if chosen + 1 < options && (spent == FREE || spent < self.budget) {
                self.trail.push((chosen + 1, options, spent));
                self.at = 0;
                self.spent = 0;
                return true;
            }
        }
        false
    }
}

/// Marks a choice that costs nothing.
const FREE: u8 = u8::MAX;
