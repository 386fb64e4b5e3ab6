//! No task is left in the queue, in whatever order tasks are added and workers run out of work.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shuttle::{check_dfs, check_random, thread};

use super::{Task, TaskQueue, TaskStatus};
use crate::error::Error;

/// A task with a number of steps, of which at most `most_at_once` may run at once.
struct Steps {
    left: AtomicUsize,
    most_at_once: usize,
    running: AtomicUsize,
}

impl Task for Steps {
    fn step(&self) -> TaskStatus {
        assert!(self.running.fetch_add(1, Ordering::SeqCst) < self.most_at_once);
        thread::yield_now();
        self.running.fetch_sub(1, Ordering::SeqCst);
        let less = |left: usize| left.checked_sub(1);
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
            Ok(_) => TaskStatus::Again,
            Err(_) => TaskStatus::Done,
        }
    }

    fn fail(&self, error: Error) {
        panic!("{error}");
    }
}

/// Adds a task as `Workers` does, and waits for the workers that were started for it.
fn add(queue: &Arc<TaskQueue>, task: &Arc<Steps>, most_workers: usize) {
    let task: Arc<dyn Task> = Arc::clone(task) as Arc<dyn Task>;
    let count = queue.add(&task, 2, most_workers);
    assert!(count <= most_workers);
    let workers: Vec<_> = (0..count)
        .map(|_| {
            let queue = Arc::clone(queue);
            thread::spawn(move || queue.work())
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
}

/// Adds tasks from threads of their own; when all workers have ended, all must be done.
fn add_all(tasks: usize, steps: usize, most_workers: usize) {
    let queue = Arc::new(TaskQueue::default());
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            let running = AtomicUsize::new(0);
            Arc::new(Steps { left: AtomicUsize::new(steps), most_at_once: 2, running })
        })
        .collect();
    let (first, others) = tasks.split_first().unwrap();
    let threads: Vec<_> = others
        .iter()
        .map(|task| {
            let (queue, task) = (Arc::clone(&queue), Arc::clone(task));
            thread::spawn(move || add(&queue, &task, most_workers))
        })
        .collect();
    add(&queue, first, most_workers);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(tasks.iter().all(|task| task.left.load(Ordering::SeqCst) == 0), "a step is left");
    let state = queue.lock();
    assert_eq!((state.tasks.len(), state.workers), (0, 0));
}

#[test]
fn a_task_added_while_the_last_worker_runs_out_of_work_is_done() {
    check_dfs(|| add_all(2, 1, 1), None);
}

#[test]
fn every_task_is_done_however_many_threads_add_and_work() {
    check_random(|| add_all(3, 2, 2), SCHEDULES);
}

const SCHEDULES: usize = 20_000;
