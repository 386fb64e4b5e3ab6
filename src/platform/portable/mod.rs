//! What takes the place of the calls that only Linux has.

mod page_cache;
mod polled_timer;
mod unavailable;

pub(crate) use page_cache::{remove_from_cache, uncached_ranges};
pub(super) use polled_timer::{LONGEST_POLL, OsTimer};
pub(super) use unavailable::Scheduling;
#[cfg(unix)]
pub(super) use unavailable::leave_shared_table;
pub(crate) use unavailable::{
    choose_port_on_connect, deliver_orphaned_signals, process_id, reset_connection, unsent_bytes,
};
