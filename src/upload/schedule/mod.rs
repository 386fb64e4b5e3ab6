//! Decides which part is next and runs the parts on the worker pool.

pub(super) mod part_scheduler;
pub(super) mod part_tracker;
pub(super) mod plan;
pub(super) mod task_queue;
mod worker_pool;
pub(super) mod workers;
