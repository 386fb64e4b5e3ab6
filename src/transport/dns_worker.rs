//! Resolves host names on one thread, because `getaddrinfo` can neither be interrupted nor
//! polled.
//!
//! The thread starts with the first name, blocks all signals and ends with its owner. One that
//! hangs in `getaddrinfo` is left behind and ends when that returns.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

use crate::error::{Error, ErrorKind, Result};
use crate::runtime::{Event, ForkGuard, IgnorePoison, SignalsBlocked};

/// The thread and what it has to do.
#[derive(Debug)]
pub(super) struct DnsWorker {
    queue: Arc<JobQueue>,
    thread: Mutex<Option<JoinHandle<()>>>,
    process: ForkGuard,
    resolve_fn: ResolveFn,
}

/// The system's resolver, or that of a test.
pub(super) type ResolveFn = fn(&str) -> io::Result<Vec<IpAddr>>;

/// A name that is being resolved for one or more calls.
#[derive(Debug)]
pub(super) struct Job {
    host: String,
    answer: Mutex<Option<Result<Vec<IpAddr>>>>,
    done: Event,
}

#[derive(Debug, Default)]
struct JobQueue {
    state: Mutex<JobQueueState>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct JobQueueState {
    waiting: VecDeque<Arc<Job>>,
    /// What the thread is at.
    current: Option<Arc<Job>>,
    ended: bool,
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

    /// Starts to resolve a name, or joins the job that resolves it already.
    pub(super) fn begin(&self, host: &str) -> Result<Arc<Job>> {
        self.process.check()?;
        self.start_thread()?;
        let mut state = lock(&self.queue.state);
        if let Some(job) = state.current.iter().chain(&state.waiting).find(|job| job.host == host) {
            return Ok(Arc::clone(job));
        }
        if state.waiting.len() >= WAITING_MAX {
            return Err(Error::new(ErrorKind::Resolve, "too many host names are being looked up"));
        }
        let job = Arc::new(Job {
            host: host.to_owned(),
            answer: Mutex::new(None),
            done: Event::new().map_err(|cause| unusable(&cause))?,
        });
        state.waiting.push_back(Arc::clone(&job));
        drop(state);
        self.queue.news.notify_one();
        Ok(job)
    }

    fn start_thread(&self) -> Result<()> {
        let mut thread = lock(&self.thread);
        if thread.is_none() {
            let (queue, resolve_fn) = (Arc::clone(&self.queue), self.resolve_fn);
            let builder = std::thread::Builder::new().name("ossmpu-resolve".to_owned());
            // A thread inherits that from the one that starts it, so that no handler of the host
            // program ever runs on ours.
            let blocked = SignalsBlocked::new();
            let started = builder.stack_size(STACK).spawn(move || work(&queue, resolve_fn));
            drop(blocked);
            *thread = Some(started.map_err(|cause| unusable(&cause))?);
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
            // The thread lives in the parent only, and its locks may be held for ever.
            std::mem::forget(thread);
            return;
        }
        let mut state = lock(&self.queue.state);
        state.ended = true;
        let is_busy = state.current.is_some();
        drop(state);
        self.queue.news.notify_one();
        if !is_busy {
            // It waits for work or is about to, so it ends at once. A panic in it is past caring.
            let _ = thread.join();
        }
    }
}

impl Job {
    /// Readable when the response is there.
    pub(super) fn done(&self) -> &Event {
        &self.done
    }

    pub(super) fn answer(&self) -> Option<Result<Vec<IpAddr>>> {
        lock(&self.answer).clone()
    }
}

/// The system's addresses of a name, in its order of preference.
pub(super) fn system(host: &str) -> io::Result<Vec<IpAddr>> {
    Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
}

fn work(queue: &JobQueue, resolve_fn: ResolveFn) {
    let mut state = lock(&queue.state);
    while !state.ended {
        let Some(job) = state.waiting.pop_front() else {
            state = queue.news.wait(state).ignore_poison();
            continue;
        };
        state.current = Some(Arc::clone(&job));
        drop(state);
        let answer = resolve_fn(&job.host);
        state = lock(&queue.state);
        // Under the lock, so that no call joins a job that is done.
        state.current = None;
        *lock(&job.answer) = Some(answer.map_err(|cause| unknown(&cause)));
        job.done.set();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().ignore_poison()
}

fn unknown(cause: &io::Error) -> Error {
    Error::new(ErrorKind::Resolve, "the host name could not be looked up").with_io(cause)
}

fn unusable(cause: &io::Error) -> Error {
    Error::new(ErrorKind::Resolve, "host names cannot be looked up").with_io(cause)
}

/// Different names that may wait at once.
const WAITING_MAX: usize = 64;

/// `getaddrinfo` loads modules that need room.
const STACK: usize = 512 * 1024;
