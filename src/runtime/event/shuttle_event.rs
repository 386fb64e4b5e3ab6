//! The kernel's part in a model: events, and what `poll` makes of them, out of a lock and a
//! condition variable of the model checker. Time stands still, so a lost wake-up is a deadlock.

use std::io;
use std::os::fd::RawFd;

use shuttle::sync::{Condvar, Mutex};

use crate::runtime::Deadline;

#[derive(Debug)]
pub(crate) struct Event(usize);

#[derive(Default)]
struct Kernel {
    /// Whether each event is set.
    events: Mutex<Vec<bool>>,
    changed: Condvar,
}

shuttle::lazy_static! {
    static ref KERNEL: Kernel = Kernel::default();
}

impl Event {
    pub(crate) fn new() -> io::Result<Self> {
        let mut events = KERNEL.events.lock().unwrap();
        events.push(false);
        Ok(Self(events.len() - 1))
    }

    pub(crate) fn set(&self) {
        KERNEL.events.lock().unwrap()[self.0] = true;
        KERNEL.changed.notify_all();
    }

    pub(crate) fn clear(&self) {
        KERNEL.events.lock().unwrap()[self.0] = false;
    }

    pub(crate) fn descriptor(&self) -> RawFd {
        FIRST + self.0 as RawFd
    }
}

/// Waits until one of the events is set. Other descriptors are never ready.
pub(crate) fn poll(polled: &mut [libc::pollfd], deadline: Deadline) -> libc::c_int {
    assert_eq!(deadline, Deadline::NEVER, "there is no time in a model");
    let mut events = KERNEL.events.lock().unwrap();
    loop {
        let mut ready = 0;
        for slot in &mut *polled {
            let event = usize::try_from(slot.fd - FIRST).ok();
            let is_set = event.and_then(|index| events.get(index)).is_some_and(|set| *set);
            slot.revents = if is_set { slot.events } else { 0 };
            ready += libc::c_int::from(is_set);
        }
        if ready > 0 {
            return ready;
        }
        events = KERNEL.changed.wait(events).unwrap();
    }
}

/// Far from the descriptors that the process really has.
const FIRST: RawFd = 1 << 20;
