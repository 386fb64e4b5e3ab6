//! Signals that no thread of the program can receive any more.
//!
//! The threads of the library block all signals. If the main thread has left by `pthread_exit`, and
//! the other threads of the program have ended too, a signal that would end the process stays
//! pending for ever. A thread of the library therefore looks for such signals while it waits, and
//! lets them through. No handler of the program runs then, and the program cannot change a
//! disposition or wait for a signal meanwhile, because none of its threads is left.

use std::fs::File;
use std::io::Read;
use std::mem::MaybeUninit;

use crate::platform::Descriptor;
use crate::platform::library_thread::library_threads;

/// Lets a pending signal end the process if no thread of the program is left to receive it.
pub(crate) fn deliver_orphaned_signals() {
    let Some(pending) = pending() else { return };
    let is_deadly = |signal: &libc::c_int| is_in(&pending, *signal) && ends_process(*signal);
    let mut deadly = (1..=libc::SIGRTMAX()).filter(is_deadly).peekable();
    if deadly.peek().is_some() && is_program_gone() {
        deadly.for_each(unblock);
    }
}

/// The pending signals of the process that this thread blocks.
fn pending() -> Option<libc::sigset_t> {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the call writes only the set.
    let failed = unsafe { libc::sigpending(set.as_mut_ptr()) };
    // SAFETY: the call succeeded, so it has written the set.
    (failed == 0).then(|| unsafe { set.assume_init() })
}

fn is_in(set: &libc::sigset_t, signal: libc::c_int) -> bool {
    // SAFETY: the set is initialized.
    unsafe { libc::sigismember(set, signal) == 1 }
}

/// True if the signal has the default disposition, and that ends the process.
fn ends_process(signal: libc::c_int) -> bool {
    if DEFAULT_IS_HARMLESS.contains(&signal) {
        return false;
    }
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: NULL means that the disposition is not changed; the call writes only `action`.
    let failed = unsafe { libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) };
    // SAFETY: the call succeeded, so it has written the action.
    failed == 0 && unsafe { action.assume_init() }.sa_sigaction == libc::SIG_DFL
}

/// True if the main thread has ended, and all other threads are those of the library.
fn is_program_gone() -> bool {
    let mut stat = String::new();
    Descriptor::open("/proc/self/stat", File::options().read(true))
        .and_then(|file| (&*file).read_to_string(&mut stat))
        .is_ok_and(|_| is_only_library_left(&stat, library_threads()))
}

/// The text is that of `/proc/self/stat`, which is about the main thread.
fn is_only_library_left(stat: &str, library_threads: usize) -> bool {
    // The name before the state is in parentheses, and may contain spaces and parentheses.
    let Some((_, rest)) = stat.rsplit_once(')') else { return false };
    let mut fields = rest.split_ascii_whitespace();
    let main_has_ended = fields.next() == Some("Z");
    let threads = fields.nth(THREADS_AFTER_STATE).and_then(|count| count.parse().ok());
    // The main thread is counted as long as the process exists.
    main_has_ended && threads == Some(library_threads + 1)
}

fn unblock(signal: libc::c_int) {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset initializes the set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: the set was initialized above.
    unsafe { libc::sigaddset(set.as_mut_ptr(), signal) };
    // SAFETY: the set was initialized above; NULL means that the old mask is not returned.
    unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, set.as_ptr(), std::ptr::null_mut()) };
}

/// Their default is to be ignored, or to stop or continue the process.
const DEFAULT_IS_HARMLESS: [libc::c_int; 7] = [
    libc::SIGCHLD,
    libc::SIGCONT,
    libc::SIGURG,
    libc::SIGWINCH,
    libc::SIGTSTP,
    libc::SIGTTIN,
    libc::SIGTTOU,
];

/// Of the field `num_threads`, counted from the one after the state.
const THREADS_AFTER_STATE: usize = 16;

#[cfg(test)]
mod tests {
    use super::is_only_library_left;

    #[test]
    fn the_program_is_gone_if_only_an_ended_main_thread_and_those_of_the_library_are_left() {
        let stat = |state: char, threads: u32| {
            format!("7 (a) b) {state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 {threads} 0 99 1")
        };
        assert!(is_only_library_left(&stat('Z', 4), 3));
        assert!(!is_only_library_left(&stat('Z', 5), 3), "a thread of the program is left");
        assert!(!is_only_library_left(&stat('S', 4), 3), "the main thread is left");
        assert!(!is_only_library_left("", 0));
        let own = std::fs::read_to_string("/proc/self/stat").unwrap();
        assert!(!is_only_library_left(&own, 0));
    }

    #[test]
    fn nothing_happens_while_the_program_has_threads() {
        super::deliver_orphaned_signals();
    }
}
