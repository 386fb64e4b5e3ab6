//! Runs code of others that opens descriptors, such that they are never 0, 1 or 2 of the program.

use super::descriptor::has_standard_gap;
use crate::platform::kernel::leave_shared_table;
use crate::platform::spawn_library_thread;

/// Runs a function that leaves no descriptor open. If the program has closed one of the first three
/// descriptors, it runs on a thread with a descriptor table of its own.
pub(crate) fn with_private_descriptors<T: Send + 'static>(
    run: impl Fn() -> T + Clone + Send + 'static,
) -> T {
    if has_standard_gap() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let run = run.clone();
        let started = spawn_library_thread(THREAD_NAME.to_owned(), STACK_SIZE, move || {
            leave_shared_table();
            // The caller waits.
            let _ = sender.send(run());
        });
        if started.is_ok()
            && let Ok(value) = receiver.recv()
        {
            return value;
        }
    }
    run()
}

const THREAD_NAME: &str = "ossmpu-open";

/// `getaddrinfo` loads NSS modules, which need stack space.
const STACK_SIZE: usize = 512 * 1024;
