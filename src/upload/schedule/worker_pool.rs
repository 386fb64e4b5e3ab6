//! Which threads of a client are idle, and how many more are needed.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::platform::deliver_orphaned_signals;
use crate::runtime::IgnorePoison;

/// Hands requests for a worker to idle threads.
#[derive(Debug, Default)]
pub(super) struct WorkerPool {
    state: Mutex<PoolState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct PoolState {
    /// Workers that are requested and that no thread has become yet.
    requests: usize,
    /// Threads that wait for a request, or will do so when they have started.
    idle: usize,
    /// Threads that run or are being started.
    threads: usize,
    started: usize,
    is_shut_down: bool,
}

impl WorkerPool {
    /// Requests workers. Returns how many threads have to be started for them, such that there are
    /// at most `most_threads`; they are counted as started.
    pub(super) fn request(&self, workers: usize, most_threads: usize) -> usize {
        let mut state = self.lock();
        state.requests += workers;
        let missing = state.requests.saturating_sub(state.idle);
        let missing = missing.min(most_threads.saturating_sub(state.threads));
        state.threads += missing;
        state.idle += missing;
        drop(state);
        self.changed.notify_all();
        missing
    }

    /// Takes back the requests for threads that could not be started. Returns how many threads
    /// there are.
    pub(super) fn cancel(&self, missing: usize) -> usize {
        let mut state = self.lock();
        state.requests = state.requests.saturating_sub(missing);
        state.threads = state.threads.saturating_sub(missing);
        state.idle = state.idle.saturating_sub(missing);
        state.threads
    }

    /// The number of the next thread, for its name.
    pub(super) fn next_index(&self) -> usize {
        let mut state = self.lock();
        state.started += 1;
        state.started - 1
    }

    /// Waits on an idle thread until it is requested as a worker. Returns false if the thread has to
    /// end: it has been idle for too long, or the pool is shut down.
    pub(super) fn wait_for_request(&self) -> bool {
        let idle_since = Instant::now();
        let mut state = self.lock();
        while state.requests == 0 {
            if state.is_shut_down || idle_since.elapsed() >= IDLE_MAX {
                state.idle -= 1;
                state.threads -= 1;
                return false;
            }
            drop(self.changed.wait_timeout(state, IDLE_POLL));
            deliver_orphaned_signals();
            state = self.lock();
        }
        state.requests -= 1;
        state.idle -= 1;
        true
    }

    /// Makes the thread of a worker that has no more work idle.
    pub(super) fn finish_request(&self) {
        self.lock().idle += 1;
    }

    /// Ends the idle threads, and each other one when it becomes idle.
    pub(super) fn shut_down(&self) {
        self.lock().is_shut_down = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().ignore_poison()
    }
}

/// How long a thread stays idle before it ends. The next upload starts another one.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// How often an idle thread looks for orphaned signals.
const IDLE_POLL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_threads_come_before_new_ones_and_the_most_is_not_exceeded() {
        let pool = WorkerPool::default();
        assert_eq!(pool.request(2, 4), 2);
        assert!(pool.wait_for_request() && pool.wait_for_request());
        pool.finish_request();
        assert_eq!(pool.request(2, 4), 1);
        assert_eq!(pool.request(9, 4), 1);
        let state = pool.lock();
        assert_eq!((state.threads, state.requests), (4, 11));
    }

    #[test]
    fn what_cannot_be_started_is_requested_again() {
        let pool = WorkerPool::default();
        assert_eq!(pool.request(3, 4), 3);
        assert_eq!(pool.cancel(2), 1);
        assert_eq!(pool.request(2, 4), 2);
    }

    #[test]
    fn a_thread_takes_open_requests_before_it_ends() {
        let pool = WorkerPool::default();
        pool.request(1, 1);
        pool.shut_down();
        assert!(pool.wait_for_request());
        pool.finish_request();
        assert!(!pool.wait_for_request());
        let state = pool.lock();
        assert_eq!((state.threads, state.idle), (0, 0));
    }

    #[test]
    fn a_thread_ends_at_once_when_the_pool_is_shut_down() {
        let pool = WorkerPool::default();
        pool.request(2, 2);
        assert!(pool.wait_for_request() && pool.wait_for_request());
        pool.finish_request();
        let shut_down_at = Instant::now();
        pool.shut_down();
        assert!(!pool.wait_for_request());
        assert!(shut_down_at.elapsed() < IDLE_MAX);
    }
}
