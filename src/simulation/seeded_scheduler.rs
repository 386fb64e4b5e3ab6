//! One schedule for each seed: random, or by priorities that change at random places (PCT).
//!
//! The schedulers of shuttle draw a schedule from the runs before it, so a seed alone does not
//! replay it. This one lets the clock run only when no other task can.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};

pub(crate) struct SeededScheduler {
    seeds: Range<u64>,
    /// The seed of the current run.
    current: Arc<AtomicU64>,
    random: fastrand::Rng,
    order: TaskOrder,
}

enum TaskOrder {
    /// Any task; the current one goes on with a probability of `stay` in 256.
    Random {
        stay: u8,
    },
    Priorities(Priorities),
}

#[derive(Default)]
struct Priorities {
    /// By the number of the task; the highest runs.
    of: Vec<i64>,
    /// The decisions at which the current task gets the lowest priority.
    changes: Vec<u32>,
    decisions: u32,
    lowest: i64,
}

impl SeededScheduler {
    pub(crate) fn new(seeds: Range<u64>, current: Arc<AtomicU64>) -> Self {
        let random = fastrand::Rng::with_seed(seeds.start);
        Self { seeds, current, random, order: TaskOrder::Random { stay: 0 } }
    }
}

impl Scheduler for SeededScheduler {
    fn new_execution(&mut self) -> Option<Schedule> {
        let seed = self.seeds.next()?;
        self.current.store(seed, Ordering::Relaxed);
        self.random = fastrand::Rng::with_seed(seed);
        let random = &mut self.random;
        self.order = match random.u8(..2) {
            0 => TaskOrder::Random { stay: [0, 128, 230][random.usize(..3)] },
            _ => {
                let decisions = [30, 300, 3000][random.usize(..3)];
                let changes = (0..random.u8(..4)).map(|_| random.u32(..decisions)).collect();
                TaskOrder::Priorities(Priorities { changes, ..Priorities::default() })
            }
        };
        Some(Schedule::new(seed))
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        _is_yielding: bool,
    ) -> Option<TaskId> {
        let ids = runnable.iter().map(|task| task.id());
        let others: Vec<TaskId> = ids.filter(|id| usize::from(*id) != CLOCK).collect();
        let [first, .., _] = *others else {
            return others.first().copied().or(Some(TaskId::from(CLOCK)));
        };
        match &mut self.order {
            TaskOrder::Random { stay } => match current.filter(|id| others.contains(id)) {
                Some(current) if self.random.u8(..) < *stay => Some(current),
                _ => Some(self.random.choice(others).unwrap_or(first)),
            },
            TaskOrder::Priorities(priorities) => {
                priorities.decide(&mut self.random, current);
                others.into_iter().max_by_key(|id| priorities.of(&mut self.random, *id))
            }
        }
    }

    fn next_u64(&mut self) -> u64 {
        self.random.u64(..)
    }
}

impl Priorities {
    fn decide(&mut self, random: &mut fastrand::Rng, current: Option<TaskId>) {
        self.decisions += 1;
        if let (Some(current), true) = (current, self.changes.contains(&self.decisions)) {
            self.of(random, current);
            self.lowest -= 1;
            self.of[usize::from(current)] = self.lowest;
        }
    }

    fn of(&mut self, random: &mut fastrand::Rng, task: TaskId) -> i64 {
        let task = usize::from(task);
        while self.of.len() <= task {
            self.of.push(i64::from(random.u32(1..)));
        }
        self.of[task]
    }
}

/// The first task that the main task spawns.
const CLOCK: usize = 1;
