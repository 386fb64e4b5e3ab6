//! Resolves host names on a thread, because `getaddrinfo` can neither be interrupted nor polled.
//!
//! The thread starts with the first host name, blocks all signals and ends when the [`DnsWorker`]
//! is dropped. A thread that is inside `getaddrinfo` then is detached, and ends when that returns.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

use crate::error::{Error, ErrorKind, Result};
use crate::runtime::{Event, ForkGuard, IgnorePoison, SignalsBlocked, enter_library_thread};

/// The thread and its queue.
#[derive(Debug)]
pub(super) struct DnsWorker {
    queue: Arc<JobQueue>,
    thread: Mutex<Option<JoinHandle<()>>>,
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
    state: Mutex<JobQueueState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct JobQueueState {
    waiting: VecDeque<Arc<Job>>,
    /// The job that the thread is executing.
    current: Option<Arc<Job>>,
    is_shut_down: bool,
}

impl DnsWorker {
    pub(super) fn new(resolve_fn: ResolveFn) -> Self {
        Self {
            queue: Arc::default(),
            thread: Mutex::new(None),
            process: ForkGuard::current(),
            resolve_fn,
        }
    }

    /// Queues a host name, or joins a pending job for the same name.
    pub(super) fn submit(&self, host: &str) -> Result<Arc<Job>> {
        self.process.check()?;
        self.ensure_started()?;
        let mut state = lock(&self.queue.state);
        if let Some(job) = state.current.iter().chain(&state.waiting).find(|job| job.host == host) {
            return Ok(Arc::clone(job));
        }
        if state.waiting.len() >= QUEUE_MAX {
            return Err(Error::new(ErrorKind::Resolve, "too many host names are being resolved"));
        }
        let job = Arc::new(Job {
            host: host.to_owned(),
            result: Mutex::new(None),
            done: Event::new().map_err(|cause| worker_error(&cause))?,
        });
        state.waiting.push_back(Arc::clone(&job));
        drop(state);
        self.queue.changed.notify_one();
        Ok(job)
    }

    fn ensure_started(&self) -> Result<()> {
        let mut thread = lock(&self.thread);
        if thread.is_none() {
            let (queue, resolve_fn) = (Arc::clone(&self.queue), self.resolve_fn);
            let builder = std::thread::Builder::new().name("ossmpu-resolve".to_owned());
            // The thread inherits the signal mask, so that no signal handler of the program runs on
            // it.
            let blocked = SignalsBlocked::new();
            let spawned =
                builder.stack_size(STACK_SIZE).spawn(move || {
                enter_library_thread();
                run_worker(&queue, resolve_fn);
            });
            drop(blocked);
            *thread = Some(spawned.map_err(|cause| worker_error(&cause))?);
        }
        Ok(())
    }
}

impl Drop for DnsWorker {
    fn drop(&mut self) {
        let thread = self.thread.get_mut().ignore_poison().take();
        let Some(thread) = thread else {
            return;
        };
        if !self.process.is_current() {
            // The thread exists only in the parent, and may have held the locks during the fork.
            std::mem::forget(thread);
            return;
        }
        let mut state = lock(&self.queue.state);
        state.is_shut_down = true;
        let is_busy = state.current.is_some();
        drop(state);
        self.queue.changed.notify_one();
        if !is_busy {
            // The thread is idle and ends immediately. A panic on it no longer matters.
            let _ = thread.join();
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

/// Resolves a host name with the system's resolver and keeps its order of addresses.
pub(super) fn resolve_with_system(host: &str) -> io::Result<Vec<IpAddr>> {
    Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
}

fn run_worker(queue: &JobQueue, resolve_fn: ResolveFn) {
    let mut state = lock(&queue.state);
    while !state.is_shut_down {
        let Some(job) = state.waiting.pop_front() else {
            state = queue.changed.wait(state).ignore_poison();
            continue;
        };
        state.current = Some(Arc::clone(&job));
        drop(state);
        let result = resolve_fn(&job.host);
        state = lock(&queue.state);
        // The lock is held, so that no call joins the finished job.
        state.current = None;
        *lock(&job.result) = Some(result.map_err(|cause| resolve_error(&cause)));
        job.done.set();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().ignore_poison()
}

fn resolve_error(cause: &io::Error) -> Error {
    Error::new(ErrorKind::Resolve, "cannot resolve the host name").with_io(cause)
}

fn worker_error(cause: &io::Error) -> Error {
    Error::new(ErrorKind::Resolve, "cannot start the DNS worker").with_io(cause)
}

/// The maximum number of queued host names.
const QUEUE_MAX: usize = 64;

/// `getaddrinfo` loads NSS modules, which need stack space.
const STACK_SIZE: usize = 512 * 1024;
