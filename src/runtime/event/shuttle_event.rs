//! Events, time and `poll` for the model checker, implemented with its lock and condition variable.
//!
//! Time advances to the next deadline when no other thread can run. A lost wake-up of a wait
//! without a deadline is a deadlock.

use std::io;
use std::os::fd::RawFd;
use std::time::Instant;

use shuttle::sync::{Condvar, Mutex};

use crate::runtime::{Deadline, simulated};

#[derive(Debug)]
pub(crate) struct Event(usize);

#[derive(Default)]
struct SimulatedKernel {
    state: Mutex<KernelState>,
    changed: Condvar,
}

#[derive(Default)]
struct KernelState {
    /// Whether each event is set.
    events: Vec<bool>,
    /// The deadlines of the current waits.
    deadlines: Vec<Instant>,
    is_stopped: bool,
}

shuttle::lazy_static! {
    static ref KERNEL: SimulatedKernel = SimulatedKernel::default();
}

/// Advances the time. Runs on a thread that the scheduler runs only when no other thread can run.
pub(crate) fn run_clock() {
    let mut state = KERNEL.state.lock().unwrap();
    while !state.is_stopped {
        if let Some(next) = state.deadlines.iter().min().copied() {
            simulated::set(simulated::now().max(Some(next)));
            KERNEL.changed.notify_all();
            drop(state);
            shuttle::thread::yield_now();
            state = KERNEL.state.lock().unwrap();
        } else {
            state = KERNEL.changed.wait(state).unwrap();
        }
    }
}

pub(crate) fn stop_clock() {
    KERNEL.state.lock().unwrap().is_stopped = true;
    KERNEL.changed.notify_all();
}

impl Event {
    pub(crate) fn new() -> io::Result<Self> {
        let mut state = KERNEL.state.lock().unwrap();
        state.events.push(false);
        Ok(Self(state.events.len() - 1))
    }

    pub(crate) fn set(&self) {
        KERNEL.state.lock().unwrap().events[self.0] = true;
        KERNEL.changed.notify_all();
    }

    pub(crate) fn clear(&self) {
        KERNEL.state.lock().unwrap().events[self.0] = false;
    }

    pub(crate) fn descriptor(&self) -> RawFd {
        FIRST_DESCRIPTOR + self.0 as RawFd
    }
}

/// Waits until an event is set or the deadline passes. Other descriptors are never ready.
pub(crate) fn poll(polled: &mut [libc::pollfd], deadline: Deadline) -> libc::c_int {
    let mut state = KERNEL.state.lock().unwrap();
    if let Some(at) = deadline.instant() {
        state.deadlines.push(at);
        KERNEL.changed.notify_all();
    }
    let ready = loop {
        let mut ready = 0;
        for slot in &mut *polled {
            let event = usize::try_from(slot.fd - FIRST_DESCRIPTOR).ok();
            let is_set = event.and_then(|index| state.events.get(index)).is_some_and(|set| *set);
            slot.revents = if is_set { slot.events } else { 0 };
            ready += libc::c_int::from(is_set);
        }
        if ready > 0 || deadline.has_passed() {
            break ready;
        }
        state = KERNEL.changed.wait(state).unwrap();
    };
    if let Some(at) = deadline.instant() {
        if let Some(index) = state.deadlines.iter().position(|other| *other == at) {
            state.deadlines.swap_remove(index);
        }
    }
    ready
}

/// Above all real descriptors of the process.
const FIRST_DESCRIPTOR: RawFd = 1 << 20;
