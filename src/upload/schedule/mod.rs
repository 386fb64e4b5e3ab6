//! Decides which part is next and runs part attempts on the worker pool.

pub(super) mod part_scheduler;
pub(super) mod part_tracker;
pub(super) mod plan;
pub(super) mod task_queue;
pub(super) mod workers;
