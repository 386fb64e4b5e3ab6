//! The first-in, first-out queue of the tasks that workers run step by step.
//!
//! Plain state, no threads: `workers` runs as many workers as [`TaskQueue::add`] returns, or fewer.
//! Each entry has a worker that will take it.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::platform::{ThreadId, contain_foreign_unwind};
use crate::runtime::{IgnorePoison, Mutex, MutexGuard};

/// Work in steps, several of which may run at once.
pub(crate) trait Task: Send + Sync {
    /// Runs one step on a worker.
    fn step(&self) -> TaskStatus;

    /// Ends the task with this error after a step has panicked, which is a bug.
    fn fail(&self, error: Error);
}

/// What happens to the queue entry of a task after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskStatus {
    /// It goes back to the end of the queue.
    Again,
    /// It is removed.
    Done,
}

#[derive(Default)]
pub(crate) struct TaskQueue(Mutex<TaskQueueState>);

#[derive(Default)]
struct TaskQueueState {
    tasks: VecDeque<Arc<dyn Task>>,
    /// Workers that are running or about to start.
    workers: usize,
    lost: Vec<ThreadId>,
}

impl TaskQueue {
    /// Queues the task `count` times. Returns how many more workers have to call
    /// [`TaskQueue::work`]; there are never more than `most_workers` in all.
    pub(crate) fn add(&self, task: &Arc<dyn Task>, count: usize, most_workers: usize) -> usize {
        let mut state = self.lock();
        state.tasks.extend(std::iter::repeat_n(task, count).map(Arc::clone));
        let wanted = count.min(most_workers.saturating_sub(state.workers));
        state.workers += wanted;
        wanted
    }

    /// Takes back workers that [`TaskQueue::add`] has counted and that cannot be started.
    pub(crate) fn remove_workers(&self, count: usize) {
        let mut state = self.lock();
        state.workers = state.workers.saturating_sub(count);
    }

    /// Removes the entries of a task that no worker will take.
    pub(crate) fn remove(&self, task: &Arc<dyn Task>) {
        self.lock().tasks.retain(|queued| !Arc::ptr_eq(queued, task));
    }

    /// Runs steps until the queue is empty.
    pub(crate) fn work(&self) {
        while let Some(task) = self.take() {
            let step = || contain_foreign_unwind(|| task.step(), || self.lose_worker(&*task));
            let next = catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|_| {
                task.fail(Error::internal("a worker panicked; please report this bug"));
                TaskStatus::Done
            });
            if next == TaskStatus::Again {
                self.lock().tasks.push_back(task);
            }
        }
    }

    /// Ends the task of a worker that does not return from a step: a callback has ended its thread.
    /// Without another worker, also ends the queued tasks, which none would take.
    pub(super) fn lose_worker(&self, task: &dyn Task) {
        let mut state = self.lock();
        state.workers = state.workers.saturating_sub(1);
        state.lost.push(ThreadId::current());
        let is_last = state.workers == 0;
        let queued = if is_last { std::mem::take(&mut state.tasks) } else { VecDeque::new() };
        drop(state);
        for task in std::iter::once(task).chain(queued.iter().map(|task| &**task)) {
            task.fail(Error::new(ErrorKind::Callback, "a callback ended its thread"));
        }
    }

    /// How many workers callbacks have ended.
    pub(crate) fn lost_workers(&self) -> usize {
        self.lock().lost.len()
    }

    /// True for a worker that a callback has ended. Its thread waits forever.
    pub(crate) fn has_lost(&self, thread: ThreadId) -> bool {
        self.lock().lost.contains(&thread)
    }

    /// Takes the oldest task. If there is none, the worker is no longer counted.
    fn take(&self) -> Option<Arc<dyn Task>> {
        let mut state = self.lock();
        let task = state.tasks.pop_front();
        if task.is_none() {
            state.workers = state.workers.saturating_sub(1);
        }
        task
    }

    fn lock(&self) -> MutexGuard<'_, TaskQueueState> {
        self.0.lock().ignore_poison()
    }
}

impl fmt::Debug for TaskQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        write!(f, "TaskQueue({} waiting, {} workers)", state.tasks.len(), state.workers)
    }
}

#[cfg(shuttle)]
mod shuttle_tests;
