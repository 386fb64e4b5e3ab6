//! How many of several things were done.

use crate::ending::Ending;

/// Counts what was done and what failed.
#[derive(Debug, Default)]
pub struct Tally {
    done: usize,
    failed: usize,
}

impl Tally {
    pub fn done(&mut self) {
        self.done += 1;
    }

    pub fn failed(&mut self) {
        self.failed += 1;
    }

    pub fn ending(&self) -> Ending {
        match (self.done, self.failed) {
            (_, 0) => Ending::Done,
            (0, _) => Ending::Failed,
            _ => Ending::PartlyFailed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_of_several_is_neither_all_nor_none() {
        let ending = |done, failed| Tally { done, failed }.ending();
        assert_eq!(ending(0, 0), Ending::Done);
        assert_eq!(ending(2, 0), Ending::Done);
        assert_eq!(ending(0, 2), Ending::Failed);
        assert_eq!(ending(1, 2), Ending::PartlyFailed);
    }
}
