//! Events, time and `poll` for the model checker, implemented with its lock and condition variable.
//!
//! Time advances to the next deadline when no other thread can run. A lost wake-up of a wait
//! without a deadline is a deadlock.

use std::io;
use std::sync::{Arc, LockResult, PoisonError};
use std::time::{Duration, Instant};

use shuttle::sync::{Condvar as ShuttleCondvar, Mutex, MutexGuard};

use crate::platform::{Polled, RawDescriptor};
use crate::runtime::{Deadline, IgnorePoison, now, simulated};

#[derive(Debug)]
pub(crate) struct Event(usize);

/// A condition variable whose waits end when their time has passed on the clock of the model.
#[derive(Debug, Default)]
pub(crate) struct Condvar(Arc<ShuttleCondvar>);

#[derive(Default)]
struct SimulatedKernel {
    state: Mutex<KernelState>,
    /// Notified when an event is set or time has passed.
    changed: ShuttleCondvar,
    /// Notified when a wait that ends at a time begins, and at the end.
    clock: ShuttleCondvar,
}

#[derive(Default)]
struct KernelState {
    /// Whether each event is set.
    events: Vec<bool>,
    /// The waits that end at a time.
    timed: Vec<TimedWait>,
    waits: u64,
    is_stopped: bool,
}

struct TimedWait {
    id: u64,
    until: Instant,
    /// To be notified then; `None` if it waits for a change of the kernel.
    condvar: Option<Arc<ShuttleCondvar>>,
}

shuttle::lazy_static! {
    static ref KERNEL: SimulatedKernel = SimulatedKernel::default();
}

/// Advances the time. Runs on a thread that the scheduler runs only when no other thread can run.
pub(crate) fn run_clock() {
    let mut state = KERNEL.state.lock().ignore_poison();
    while !state.is_stopped {
        if let Some(next) = state.timed.iter().map(|wait| wait.until).min() {
            simulated::set(simulated::now().max(Some(next)));
            let due = state.timed.iter().filter(|wait| wait.until <= now());
            let condvars: Vec<_> = due.filter_map(|wait| wait.condvar.clone()).collect();
            drop(state);
            KERNEL.changed.notify_all();
            condvars.iter().for_each(|condvar| condvar.notify_all());
            shuttle::thread::yield_now();
            state = KERNEL.state.lock().ignore_poison();
        } else {
            state = KERNEL.clock.wait(state).ignore_poison();
        }
    }
}

pub(crate) fn stop_clock() {
    KERNEL.state.lock().ignore_poison().is_stopped = true;
    KERNEL.clock.notify_all();
}

impl Event {
    pub(crate) fn new() -> io::Result<Self> {
        let mut state = KERNEL.state.lock().ignore_poison();
        state.events.push(false);
        Ok(Self(state.events.len() - 1))
    }

    pub(crate) fn set(&self) {
        KERNEL.state.lock().ignore_poison().events[self.0] = true;
        KERNEL.changed.notify_all();
    }

    pub(crate) fn clear(&self) {
        KERNEL.state.lock().ignore_poison().events[self.0] = false;
    }

    pub(crate) fn descriptor(&self) -> RawDescriptor {
        FIRST_DESCRIPTOR + self.0 as RawDescriptor
    }
}

impl KernelState {
    /// Notes a wait that ends at a time; the clock does not pass it.
    fn begin_wait(&mut self, until: Instant, condvar: Option<Arc<ShuttleCondvar>>) -> u64 {
        self.waits += 1;
        self.timed.push(TimedWait { id: self.waits, until, condvar });
        KERNEL.clock.notify_all();
        self.waits
    }

    fn end_wait(&mut self, id: u64) {
        self.timed.retain(|wait| wait.id != id);
    }
}

impl Condvar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    /// Waits for a notification, but no longer than `time`. Like the condition variable of std, it
    /// returns without a reason at times.
    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        time: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, ())> {
        let until = now().checked_add(time);
        let id = until.map(|until| {
            let mut state = KERNEL.state.lock().ignore_poison();
            state.begin_wait(until, Some(Arc::clone(&self.0)))
        });
        let waited = self.0.wait(guard);
        if let Some(id) = id {
            KERNEL.state.lock().ignore_poison().end_wait(id);
        }
        match waited {
            Ok(guard) => Ok((guard, ())),
            Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), ()))),
        }
    }
}

/// Waits until one of the events is set or the deadline has passed. Other descriptors are never
/// ready.
pub(super) fn poll_until(polled: &mut [Polled], deadline: Deadline) -> io::Result<usize> {
    let mut state = KERNEL.state.lock().ignore_poison();
    let mut timed = None;
    let ready = loop {
        let mut ready = 0;
        for slot in &mut *polled {
            let event = usize::try_from(slot.fd() - FIRST_DESCRIPTOR).ok();
            let is_set = event.and_then(|index| state.events.get(index)).is_some_and(|set| *set);
            slot.set_ready(is_set);
            ready += usize::from(is_set);
        }
        if ready > 0 || deadline.has_passed() {
            break ready;
        }
        if let (None, Some(until)) = (timed, deadline.instant()) {
            timed = Some(state.begin_wait(until, None));
        }
        state = KERNEL.changed.wait(state).ignore_poison();
    };
    if let Some(id) = timed {
        state.end_wait(id);
    }
    Ok(ready)
}

/// Above all real descriptors of the process.
const FIRST_DESCRIPTOR: RawDescriptor = 1 << 20;
