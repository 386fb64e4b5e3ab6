//! Resolves host names on threads, because `getaddrinfo` can neither be interrupted nor polled.
//!
//! A thread starts with a host name for which no other is free, and ends when there is no other
//! one. When the [`DnsWorker`] is dropped it may be inside `getaddrinfo`, and ends when that returns.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::error::{Error, ErrorKind, Result};
use crate::platform::{ForkGuard, spawn_library_thread};
use crate::runtime::{Event, IgnorePoison};

/// The queue of the threads.
#[derive(Debug)]
pub(super) struct DnsWorker {
    queue: Arc<Mutex<JobQueue>>,
    process: ForkGuard,
    resolve_fn: ResolveFn,
}

/// The resolver of the system or of a test.
pub(super) type ResolveFn = fn(&str) -> io::Result<Vec<IpAddr>>;

/// A host name that is resolved for one or more calls.
#[derive(Debug)]
pub(super) struct Job {
    host: String,
    result: Mutex<Option<Result<Vec<IpAddr>>>>,
    done: Event,
}

#[derive(Debug, Default)]
struct JobQueue {
    waiting: VecDeque<Arc<Job>>,
    /// The jobs that threads are executing.
    current: Vec<Arc<Job>>,
    /// Those without a current job will take a waiting one.
    threads: usize,
}

impl DnsWorker {
    pub(super) fn new(resolve_fn: ResolveFn) -> Self {
        Self { queue: Arc::default(), process: ForkGuard::current(), resolve_fn }
    }

    /// Queues a host name, or joins a pending job for the same name.
    pub(super) fn submit(&self, host: &str) -> Result<Arc<Job>> {
        self.process.check()?;
        let mut queue = lock(&self.queue);
        if let Some(job) = queue.current.iter().chain(&queue.waiting).find(|job| job.host == host) {
            return Ok(Arc::clone(job));
        }
        if queue.waiting.len() >= QUEUE_MAX {
            return Err(Error::new(ErrorKind::Resolve, "too many host names are being resolved"));
        }
        let job = Arc::new(Job {
            host: host.to_owned(),
            result: Mutex::new(None),
            done: Event::new().map_err(|cause| worker_error(&cause))?,
        });
        let free_threads = queue.threads - queue.current.len();
        if queue.waiting.len() >= free_threads && queue.threads < THREADS_MAX {
            match self.start_thread() {
                Ok(()) => queue.threads += 1,
                Err(cause) if queue.threads == 0 => return Err(worker_error(&cause)),
                Err(_) => {}
            }
        }
        queue.waiting.push_back(Arc::clone(&job));
        Ok(job)
    }

    /// The thread waits for the lock of the queue, which the caller holds.
    fn start_thread(&self) -> io::Result<()> {
        let (queue, resolve_fn) = (Arc::clone(&self.queue), self.resolve_fn);
        let run = move || run_worker(&queue, resolve_fn);
        spawn_library_thread("ossmpu-resolve".to_owned(), STACK_SIZE, run).map(drop)
    }
}

/// Jobs that have not begun are not needed: each call that waits for one has a client.
impl Drop for DnsWorker {
    fn drop(&mut self) {
        // In a forked child, a thread of the parent may have held the lock.
        if self.process.is_current() {
            lock(&self.queue).waiting.clear();
        }
    }
}

impl Job {
    /// Set when the result is available.
    pub(super) fn done(&self) -> &Event {
        &self.done
    }

    pub(super) fn result(&self) -> Option<Result<Vec<IpAddr>>> {
        lock(&self.result).clone()
    }
}

fn run_worker(queue: &Mutex<JobQueue>, resolve_fn: ResolveFn) {
    let mut state = lock(queue);
    while let Some(job) = state.waiting.pop_front() {
        // No call waits for it any more.
        if Arc::strong_count(&job) == 1 {
            continue;
        }
        state.current.push(Arc::clone(&job));
        drop(state);
        let result = resolve_fn(&job.host);
        state = lock(queue);
        // The lock is held, so that no call joins the finished job.
        state.current.retain(|current| !Arc::ptr_eq(current, &job));
        *lock(&job.result) = Some(result.map_err(|cause| resolve_error(&cause)));
        job.done.set();
    }
    state.threads -= 1;
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().ignore_poison()
}

fn resolve_error(cause: &io::Error) -> Error {
    Error::new(ErrorKind::Resolve, "cannot resolve the host name")
        .with_io(cause)
        .with_cause_in_text()
}

fn worker_error(cause: &io::Error) -> Error {
    Error::new(ErrorKind::Resolve, "cannot start the DNS worker")
        .with_io(cause)
        .with_cause_in_text()
}

/// The maximum number of queued host names.
const QUEUE_MAX: usize = 64;

/// The maximum number of threads. A name whose servers do not respond occupies one for long.
const THREADS_MAX: usize = 4;

/// `getaddrinfo` loads NSS modules, which need stack space.
const STACK_SIZE: usize = 512 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_call_waits_for_any_more_is_not_resolved() {
        let job = |host: &str| {
            let (host, result) = (host.to_owned(), Mutex::new(None));
            Arc::new(Job { host, result, done: Event::new().unwrap() })
        };
        let wanted = job("wanted.test");
        let waiting = VecDeque::from([job("abandoned.test"), Arc::clone(&wanted)]);
        let queue = Mutex::new(JobQueue { waiting, current: Vec::new(), threads: 1 });
        run_worker(&queue, |host| {
            assert_eq!(host, "wanted.test");
            Ok(Vec::new())
        });
        assert!(wanted.result().unwrap().unwrap().is_empty());
        assert_eq!(lock(&queue).threads, 0);
    }
}
