//! What stands for the calls that only Linux has: slower or less precise, with the same result.

use crate::platform::RawDescriptor;

/// The threads of the library take over what the system lets them take over.
#[derive(Debug, Clone)]
pub(crate) struct Scheduling;

impl Scheduling {
    pub(crate) fn of_process() -> Self {
        Self
    }

    pub(crate) fn apply(&self) {}
}

pub(crate) fn process_id() -> u32 {
    std::process::id()
}

/// The thread keeps the descriptor table of the process.
#[cfg(unix)]
pub(crate) fn leave_shared_table() {}

pub(crate) fn deliver_orphaned_signals() {}

/// Each connection with a local address has a port of its own.
pub(crate) fn choose_port_on_connect(_: RawDescriptor) {}

/// Closing the last descriptor resets the connection.
pub(crate) fn reset_connection(_: RawDescriptor) {}

/// The system does not report them.
pub(crate) fn unsent_bytes(_: RawDescriptor) -> Option<u64> {
    None
}
