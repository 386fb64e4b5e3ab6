//! The threads of a client: a private rayon pool behind a first-in, first-out queue of tasks.
//!
//! An upload queues its task as often as it may have parts in flight. A worker takes the oldest,
//! runs one step of it and puts it back at the end, so that uploads share the threads evenly
//! however many parts they have. No worker waits for another, and nothing is spawned on rayon's
//! global pool.

use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::runtime::{Cancel, Deadline, ForkGuard, IgnorePoison, ThreadId, enter_library_thread};
use crate::upload::schedule::task_queue::{Task, TaskQueue};

/// The threads of a client. They are started when the first task is added, and joined on drop.
#[derive(Debug)]
pub(crate) struct Workers {
    threads: usize,
    process: ForkGuard,
    pool: OnceLock<RayonPool>,
    /// Held while the pool is started, so that concurrent first uploads start one.
    starting: Mutex<()>,
    queue: Arc<TaskQueue>,
}

#[derive(Debug)]
struct RayonPool {
    /// `None` only while it is dropped.
    rayon: Option<ThreadPool>,
    handles: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Workers {
    pub(crate) fn new(threads: usize) -> Self {
        let process = ForkGuard::current();
        Self {
            threads,
            process,
            pool: OnceLock::new(),
            starting: Mutex::new(()),
            queue: Arc::default(),
        }
    }

    /// Returns the number of threads, which is the maximum of steps at a time.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Lets workers run steps of the task, at most `count` of them at a time.
    ///
    /// # Errors
    ///
    /// `Memory`, when the threads cannot be started.
    pub(crate) fn add(&self, task: &Arc<dyn Task>, count: usize) -> Result<()> {
        #[cfg(test)]
        if crate::runtime::simulated::now().is_some() {
            self.run_simulated(task, count);
            return Ok(());
        }
        self.process.check()?;
        let pool = self.pool()?;
        let wanted = self.queue.add(task, count, self.threads);
        if let Some(rayon) = &pool.rayon {
            for _ in 0..wanted {
                let queue = Arc::clone(&self.queue);
                rayon.spawn(move || queue.work());
            }
        }
        Ok(())
    }

    /// Under simulated time the workers run inline, or as threads of the model checker.
    #[cfg(test)]
    fn run_simulated(&self, task: &Arc<dyn Task>, count: usize) {
        #[cfg(not(shuttle))]
        if self.queue.add(task, count, 1) > 0 {
            self.queue.work();
        }
        #[cfg(shuttle)]
        for _ in 0..self.queue.add(task, count, self.threads) {
            let queue = Arc::clone(&self.queue);
            shuttle::thread::spawn(move || queue.work());
        }
    }

    fn pool(&self) -> Result<&RayonPool> {
        if let Some(pool) = self.pool.get() {
            return Ok(pool);
        }
        let _guard = self.starting.lock().ignore_poison();
        if let Some(pool) = self.pool.get() {
            return Ok(pool);
        }
        let built = RayonPool::build(self.threads)?;
        Ok(self.pool.get_or_init(|| built))
    }
}

impl RayonPool {
    fn build(threads: usize) -> Result<Self> {
        let handles = Arc::new(Mutex::new(Vec::with_capacity(threads)));
        let started = Arc::clone(&handles);
        let rayon = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("{}-{index}", limits::THREAD_NAME_PREFIX))
            .stack_size(limits::WORKER_STACK_SIZE)
            .spawn_handler(move |thread| {
                let mut builder = std::thread::Builder::new();
                if let Some(name) = thread.name() {
                    builder = builder.name(name.to_owned());
                }
                if let Some(bytes) = thread.stack_size() {
                    builder = builder.stack_size(bytes);
                }
                let blocked = crate::runtime::SignalsBlocked::new();
                let handle = builder.spawn(|| {
                    enter_library_thread();
                    thread.run();
                })?;
                drop(blocked);
                started.lock().ignore_poison().push(handle);
                Ok(())
            })
            // A step never unwinds out of a job, and a panic in rayon itself must not abort.
            .panic_handler(|_| {})
            .build()
            .map_err(|cause| {
                let text = "the worker threads could not be started";
                Error::new(ErrorKind::Memory, text).with_cause(cause)
            })?;
        Ok(Self { rayon: Some(rayon), handles })
    }
}

impl Workers {
    /// Ends the threads and waits for them, except for those that may never end: a callback has
    /// ended the thread, or `is_in_callback` says that one runs on it.
    pub(crate) fn stop(&mut self, is_in_callback: impl Fn(ThreadId) -> bool) {
        let Some(mut pool) = self.pool.take() else { return };
        if !self.process.is_current() {
            // The threads are the parent's; joining them would never return.
            std::mem::forget(pool);
            return;
        }
        drop(pool.rayon.take());
        let handles = std::mem::take(&mut *pool.handles.lock().ignore_poison());
        for handle in handles {
            join(handle, |thread| self.queue.has_lost(thread) || is_in_callback(thread));
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop(|_| false);
    }
}

/// Waits for a thread, unless it is this one or may never end.
fn join(handle: JoinHandle<()>, may_never_end: impl Fn(ThreadId) -> bool) {
    let thread = ThreadId::of(&handle);
    // A client may be dropped by the last step of its own worker.
    if thread == ThreadId::current() {
        return;
    }
    while !handle.is_finished() {
        if may_never_end(thread) {
            return;
        }
        Cancel::never().wait(Deadline::after(JOIN_POLL));
    }
    let _ = handle.join();
}

/// How often a thread that is to end is checked.
const JOIN_POLL: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upload::schedule::task_queue::TaskStatus;
    use std::sync::mpsc;

    /// Counts down its steps, reports each one, and panics when told to.
    struct Countdown {
        name: char,
        left: Mutex<u32>,
        panics: bool,
        report: Mutex<mpsc::Sender<char>>,
    }

    impl Task for Countdown {
        fn step(&self) -> TaskStatus {
            assert!(!self.panics, "told to");
            let mut left = self.left.lock().unwrap();
            if *left == 0 {
                return TaskStatus::Done;
            }
            *left -= 1;
            self.report.lock().unwrap().send(self.name).unwrap();
            TaskStatus::Again
        }

        fn fail(&self, error: Error) {
            assert_eq!(error.kind(), ErrorKind::Internal);
            self.report.lock().unwrap().send('!').unwrap();
        }
    }

    fn countdown(name: char, steps: u32, report: &mpsc::Sender<char>) -> Arc<dyn Task> {
        let report = Mutex::new(report.clone());
        Arc::new(Countdown { name, left: Mutex::new(steps), panics: name == '!', report })
    }

    #[test]
    fn two_tasks_on_one_thread_take_turns() {
        let (sender, reports) = mpsc::channel();
        let workers = Workers::new(1);
        workers.add(&countdown('a', 50, &sender), 1).unwrap();
        workers.add(&countdown('b', 50, &sender), 1).unwrap();
        let order: String =
            (0..100).map(|_| reports.recv_timeout(Duration::from_secs(20)).unwrap()).collect();
        let after_b = order.trim_start_matches('a');
        assert!(after_b.starts_with("baba") || after_b.len() <= 50, "{order}");
    }

    #[test]
    fn a_panic_fails_its_task_and_not_the_pool() {
        let (sender, reports) = mpsc::channel();
        let workers = Workers::new(2);
        workers.add(&countdown('!', 1, &sender), 1).unwrap();
        assert_eq!(reports.recv_timeout(Duration::from_secs(20)).unwrap(), '!');
        workers.add(&countdown('a', 3, &sender), 2).unwrap();
        for _ in 0..3 {
            assert_eq!(reports.recv_timeout(Duration::from_secs(20)).unwrap(), 'a');
        }
    }

    #[test]
    fn threads_start_with_the_first_task_and_end_with_the_workers() {
        let (sender, reports) = mpsc::channel();
        let workers = Workers::new(3);
        assert!(workers.pool.get().is_none());
        workers.add(&countdown('a', 1, &sender), 1).unwrap();
        reports.recv_timeout(Duration::from_secs(20)).unwrap();
        let handles = Arc::clone(&workers.pool.get().unwrap().handles);
        assert_eq!(handles.lock().unwrap().len(), 3);
        drop(workers);
        assert!(handles.lock().unwrap().is_empty());
    }
}
