//! The threads of a client, behind a first-in, first-out queue of tasks.
//!
//! An upload queues its task as often as it may have parts in flight. A worker takes the oldest,
//! runs one step of it and puts it back at the end, so that uploads share the threads evenly
//! however many parts they have. No worker waits for another, so a client works with fewer threads
//! than it asks for.

use std::io;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::worker_pool::WorkerPool;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::platform::{ForkGuard, ThreadId, spawn_library_thread};
use crate::runtime::{Cancel, Deadline, IgnorePoison};
use crate::upload::schedule::task_queue::{Task, TaskQueue};

/// The threads of a client. They are started when tasks are added, end when they have been idle for
/// a while, and are joined on drop.
#[derive(Debug)]
pub(crate) struct Workers {
    threads: usize,
    process: ForkGuard,
    queue: Arc<TaskQueue>,
    pool: Arc<WorkerPool>,
    /// Of the threads that were started and may have ended. Held while tasks are added, so that the
    /// queue has no task that no thread will take.
    handles: Mutex<Vec<JoinHandle<()>>>,
}

impl Workers {
    pub(crate) fn new(threads: usize) -> Self {
        Self {
            threads,
            process: ForkGuard::current(),
            queue: Arc::default(),
            pool: Arc::default(),
            handles: Mutex::default(),
        }
    }

    /// Returns the number of threads, which is the maximum of steps at a time.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Lets workers run steps of the task, at most `count` of them at a time, and fewer if not all
    /// threads can be started.
    ///
    /// # Errors
    ///
    /// `Memory`, when there is no thread and none can be started.
    pub(crate) fn add(&self, task: &Arc<dyn Task>, count: usize) -> Result<()> {
        #[cfg(test)]
        if crate::runtime::simulated::now().is_some() {
            self.run_simulated(task, count);
            return Ok(());
        }
        self.process.check()?;
        let mut handles = self.handles.lock().ignore_poison();
        handles.retain(|handle| !handle.is_finished());
        let wanted = self.queue.add(task, count, self.threads);
        // A thread that a callback has ended is replaced.
        let most_threads = self.threads + self.queue.lost_workers();
        for missing in (1..=self.pool.request(wanted, most_threads)).rev() {
            match self.start_thread() {
                Ok(handle) => handles.push(handle),
                Err(cause) => return self.continue_with_fewer_threads(missing, task, &cause),
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

    fn start_thread(&self) -> io::Result<JoinHandle<()>> {
        let name = format!("{}-{}", limits::THREAD_NAME_PREFIX, self.pool.next_index());
        let (queue, pool) = (Arc::clone(&self.queue), Arc::clone(&self.pool));
        spawn_library_thread(name, limits::WORKER_STACK_SIZE, move || {
            while pool.wait_for_request() {
                queue.work();
                pool.finish_request();
            }
        })
    }

    /// Leaves the task to the threads that there are; takes it back if there is none.
    fn continue_with_fewer_threads(
        &self,
        missing: usize,
        task: &Arc<dyn Task>,
        cause: &io::Error,
    ) -> Result<()> {
        self.queue.remove_workers(missing);
        if self.pool.cancel(missing) > self.queue.lost_workers() {
            return Ok(());
        }
        self.queue.remove(task);
        let text = "no worker thread can be started";
        Err(Error::new(ErrorKind::Memory, text).with_io(cause).with_cause_in_text())
    }

    /// Ends the threads and waits for them, except for those that may never end: a callback has
    /// ended the thread, or `is_in_callback` says that one runs on it.
    pub(crate) fn stop(&mut self, is_in_callback: impl Fn(ThreadId) -> bool) {
        let handles = std::mem::take(self.handles.get_mut().ignore_poison());
        if !self.process.is_current() {
            // The threads are the parent's; joining them would never return.
            std::mem::forget(handles);
            return;
        }
        self.pool.shut_down();
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
    use crate::platform::errno;
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

    /// A task whose callback ends the thread.
    struct Ended;

    impl Task for Ended {
        fn step(&self) -> TaskStatus {
            TaskStatus::Done
        }

        fn fail(&self, error: Error) {
            assert_eq!(error.kind(), ErrorKind::Callback);
        }
    }

    /// A task whose step does not return, because a callback has ended the thread.
    struct Stuck {
        queue: Arc<TaskQueue>,
        report: Mutex<mpsc::Sender<char>>,
    }

    impl Task for Stuck {
        fn step(&self) -> TaskStatus {
            self.queue.lose_worker(self);
            loop {
                std::thread::park();
            }
        }

        fn fail(&self, _error: Error) {
            self.report.lock().unwrap().send('x').unwrap();
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
        assert!(after_b.starts_with("baba") || after_b.len() <= 51, "{order}");
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
        assert_eq!(workers.threads(), 3);
        assert_eq!(workers.handles.lock().unwrap().len(), 0);
        workers.add(&countdown('a', 1, &sender), 2).unwrap();
        reports.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_eq!(workers.handles.lock().unwrap().len(), 2);
        for _ in 0..3 {
            workers.add(&countdown('a', 1, &sender), 4).unwrap();
            reports.recv_timeout(Duration::from_secs(20)).unwrap();
        }
        assert_eq!(workers.handles.lock().unwrap().len(), 3);
        let pool = Arc::downgrade(&workers.pool);
        drop(workers);
        assert!(pool.upgrade().is_none(), "a thread has not ended");
    }

    #[test]
    fn a_task_is_done_by_the_threads_that_there_are() {
        let (sender, reports) = mpsc::channel();
        let workers = Workers::new(4);
        let done = |count: u32| {
            (0..count).all(|_| reports.recv_timeout(Duration::from_secs(20)).unwrap() == 'a')
        };
        workers.add(&countdown('a', 5, &sender), 1).unwrap();
        assert!(done(5));
        // As if three of four could not be started.
        let task = countdown('a', 9, &sender);
        let handles = workers.handles.lock().unwrap();
        // The thread may still look for the next step.
        let wanted = workers.queue.add(&task, 4, 4);
        let missing = workers.pool.request(wanted, 4);
        let cause = io::Error::from_raw_os_error(errno::ENOMEM);
        workers.continue_with_fewer_threads(missing, &task, &cause).unwrap();
        drop(handles);
        assert!(done(9));
    }

    #[test]
    fn a_task_without_any_thread_is_an_error_and_is_not_kept() {
        let (sender, reports) = mpsc::channel();
        let workers = Workers::new(2);
        let task = countdown('a', 1, &sender);
        assert_eq!(workers.queue.add(&task, 2, 2), 2);
        let missing = workers.pool.request(2, 2);
        let cause = io::Error::from_raw_os_error(errno::ENOMEM);
        let error = workers.continue_with_fewer_threads(missing, &task, &cause).unwrap_err();
        assert_eq!((error.kind(), error.os_errno()), (ErrorKind::Memory, Some(errno::ENOMEM)));
        assert_eq!(Arc::strong_count(&task), 1);
        workers.add(&countdown('b', 1, &sender), 1).unwrap();
        assert_eq!(reports.recv_timeout(Duration::from_secs(20)).unwrap(), 'b');
    }

    #[test]
    fn a_task_is_not_left_to_threads_that_callbacks_have_ended() {
        let workers = Workers::new(1);
        let ended: Arc<dyn Task> = Arc::new(Ended);
        assert_eq!(workers.queue.add(&ended, 1, 1), 1);
        assert_eq!(workers.pool.request(1, 1), 1);
        assert!(workers.pool.wait_for_request());
        workers.queue.lose_worker(&*ended);
        workers.queue.remove(&ended);
        let task = countdown('a', 1, &mpsc::channel().0);
        assert_eq!(workers.queue.add(&task, 1, 1), 1);
        let missing = workers.pool.request(1, 2);
        assert_eq!(missing, 1);
        let cause = io::Error::from_raw_os_error(errno::ENOMEM);
        let error = workers.continue_with_fewer_threads(missing, &task, &cause).unwrap_err();
        assert_eq!((error.kind(), Arc::strong_count(&task)), (ErrorKind::Memory, 1));
    }

    #[test]
    fn tasks_are_not_left_in_the_queue_of_a_last_worker_that_a_callback_has_ended() {
        let workers = Workers::new(2);
        let ended: Arc<dyn Task> = Arc::new(Ended);
        let queued: Arc<dyn Task> = Arc::new(Ended);
        assert_eq!(workers.queue.add(&ended, 2, 2), 2);
        assert_eq!(workers.queue.add(&queued, 1, 2), 0);
        workers.queue.lose_worker(&*ended);
        assert_eq!(Arc::strong_count(&queued), 2, "the other worker will take it");
        workers.queue.lose_worker(&*ended);
        assert_eq!(Arc::strong_count(&queued), 1);
    }

    #[test]
    fn a_thread_that_a_callback_has_ended_is_replaced_and_not_waited_for() {
        let (sender, reports) = mpsc::channel();
        let workers = Workers::new(1);
        let next = || reports.recv_timeout(Duration::from_secs(20)).unwrap();
        let (queue, report) = (Arc::clone(&workers.queue), Mutex::new(sender.clone()));
        let stuck: Arc<dyn Task> = Arc::new(Stuck { queue, report });
        workers.add(&stuck, 1).unwrap();
        assert_eq!(next(), 'x');
        workers.add(&countdown('a', 1, &sender), 1).unwrap();
        assert_eq!(next(), 'a');
        std::thread::spawn(move || {
            drop(workers);
            sender.send('d').unwrap();
        });
        assert_eq!(next(), 'd');
    }

    #[test]
    fn an_idle_thread_runs_the_next_task() {
        let (sender, reports) = mpsc::channel();
        let workers = Workers::new(1);
        for _ in 0..100 {
            workers.add(&countdown('a', 1, &sender), 1).unwrap();
            reports.recv_timeout(Duration::from_secs(20)).unwrap();
        }
        let handles = workers.handles.lock().unwrap();
        let names: Vec<_> = handles.iter().map(|handle| handle.thread().name()).collect();
        assert_eq!(names, [Some("ossmpu-0")]);
    }
}
