//! Starts the threads of the library, which take over nothing from the thread that starts them.
//!
//! All signals are blocked, so that no signal handler of the program runs there
//! ([`deliver_orphaned_signals`](super::deliver_orphaned_signals) has the exception), and
//! `pthread_cancel` in a callback has no effect. They run on the CPUs and with the priority of the
//! process, in the normal scheduling class: the first call of a client may be made by a real-time
//! thread that is bound to one core.

use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};

use super::kernel::Scheduling;
use super::{SignalsBlocked, disable_cancellation};

/// Starts a thread. The stack size is explicit, because std would read it from the environment.
pub(crate) fn spawn_library_thread(
    name: String,
    stack_size: usize,
    run: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let scheduling = Scheduling::of_process();
    let counted = Counted::new();
    let _blocked = SignalsBlocked::new();
    Builder::new().name(name).stack_size(stack_size).spawn(move || {
        let _counted = counted;
        scheduling.apply();
        IS_LIBRARY_THREAD.set(true);
        disable_cancellation();
        run();
    })
}

pub(crate) fn is_library_thread() -> bool {
    IS_LIBRARY_THREAD.get()
}

/// The number of threads of this library in the process.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux asks for it"))]
pub(super) fn library_threads() -> usize {
    count_in_process(THREADS.load(Ordering::SeqCst)) as usize
}

/// Counts a thread from before it starts until it ends.
struct Counted;

impl Counted {
    fn new() -> Self {
        let more = |packed| Some(pack(count_in_process(packed) + 1));
        let _ = THREADS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let fewer = |packed| Some(pack(count_in_process(packed).saturating_sub(1)));
        let _ = THREADS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer);
    }
}

/// The count of this process. A forked child has none of the threads of its parent.
fn count_in_process(packed: u64) -> u32 {
    let (process, count) = ((packed >> 32) as u32, packed as u32);
    if process == std::process::id() { count } else { 0 }
}

fn pack(count: u32) -> u64 {
    u64::from(std::process::id()) << 32 | u64::from(count)
}

thread_local! {
    // Without a destructor, so that it can be used as long as the thread exists.
    static IS_LIBRARY_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// The process ID and the count.
static THREADS: AtomicU64 = AtomicU64::new(0);
