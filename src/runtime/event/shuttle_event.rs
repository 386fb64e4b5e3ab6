//! The kernel's part in a model: events, time, and what `poll` makes of them, out of a lock and a
//! condition variable of the model checker. Time passes only when no other thread can run; then
//! it jumps to the next deadline. A lost wake-up of a wait without one is a deadlock.

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
    /// What the waits that run wait for at the most.
    deadlines: Vec<Instant>,
    is_over: bool,
}

shuttle::lazy_static! {
    static ref KERNEL: SimulatedKernel = SimulatedKernel::default();
}

/// Lets time pass. To be run by a thread that the scheduler lets run when no other can.
pub(crate) fn run_clock() {
    let mut state = KERNEL.state.lock().unwrap();
    while !state.is_over {
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
    KERNEL.state.lock().unwrap().is_over = true;
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
        FIRST + self.0 as RawFd
    }
}

/// Waits until one of the events is set or the deadline has passed. Other descriptors are never
/// ready.
pub(crate) fn poll(polled: &mut [libc::pollfd], deadline: Deadline) -> libc::c_int {
    let mut state = KERNEL.state.lock().unwrap();
    if let Some(at) = deadline.instant() {
        state.deadlines.push(at);
        KERNEL.changed.notify_all();
    }
    let ready = loop {
        let mut ready = 0;
        for slot in &mut *polled {
            let event = usize::try_from(slot.fd - FIRST).ok();
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
        if let Some(index) = state.deadlines.iter().position(|known| *known == at) {
            state.deadlines.swap_remove(index);
        }
    }
    ready
}

/// Far from the descriptors that the process really has.
const FIRST: RawFd = 1 << 20;
