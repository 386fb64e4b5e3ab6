//! Calls that only Linux has.

#[cfg(not(shuttle))]
mod event;
mod orphaned_signals;
mod page_cache;
mod private_table;
mod process_id;
mod scheduling;
mod socket_calls;
mod timerfd;
mod unsent_bytes;

#[cfg(not(shuttle))]
pub(crate) use event::Event;
pub(crate) use orphaned_signals::deliver_orphaned_signals;
pub(crate) use page_cache::{remove_from_cache, uncached_ranges};
pub(super) use private_table::leave_shared_table;
pub(crate) use process_id::process_id;
pub(super) use scheduling::Scheduling;
pub(crate) use socket_calls::{choose_port_on_connect, reset_connection};
pub(super) use timerfd::{LONGEST_POLL, OsTimer};
pub(crate) use unsent_bytes::unsent_bytes;
