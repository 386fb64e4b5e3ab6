//! Signal handling: the first signal cancels the running call, the second ends the process.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ossmpu::Cancel;
#[cfg(unix)]
use signal_hook::consts::SIGHUP;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::ignored_signals::IgnoredSignals;

/// The cancel token that [`SIGNALS`] trigger. Ctrl-C is SIGINT on Windows too.
#[derive(Debug)]
pub struct Interrupt {
    cancel: Cancel,
    caught: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Installs the handlers, except for signals that are ignored.
    ///
    /// # Errors
    ///
    /// The error of the operating system.
    pub fn install() -> io::Result<Self> {
        let ignored = IgnoredSignals::at_startup();
        let mut signals = SIGNALS.to_vec();
        let is_kept_if_unknown = |signal| [SIGINT, SIGTERM].contains(&signal);
        signals.retain(|signal| !ignored.contains(*signal, !is_kept_if_unknown(*signal)));
        let caught = Arc::new(AtomicUsize::new(0));
        let is_second = Arc::new(AtomicBool::new(false));
        for signal in signals.iter().copied() {
            // Handlers run in the order of their registration: the first signal finds the flag
            // unset, then sets it; the second exits.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&is_second))?;
            flag::register(signal, Arc::clone(&is_second))?;
            flag::register_usize(
                signal,
                Arc::clone(&caught),
                usize::try_from(signal).unwrap_or(0),
            )?;
        }
        let cancel = Cancel::new()?;
        let (token, wait) = (cancel.clone(), waiter(signals, &caught)?);
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            wait();
            token.trigger();
        })?;
        Ok(Self { cancel, caught })
    }

    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// The signal that was received, if any.
    pub fn signal(&self) -> Option<u8> {
        let caught = self.caught.load(Ordering::SeqCst);
        u8::try_from(caught).ok().filter(|signal| *signal != 0)
    }
}

/// Returns what waits for the first signal.
#[cfg(unix)]
fn waiter(signals: Vec<i32>, _: &Arc<AtomicUsize>) -> io::Result<impl FnOnce() + Send + 'static> {
    let mut deliveries = signal_hook::iterator::Signals::new(signals)?;
    Ok(move || {
        deliveries.forever().next();
    })
}

/// Returns what waits for the first signal. The C runtime has no way to wait for one.
#[cfg(windows)]
fn waiter(_: Vec<i32>, caught: &Arc<AtomicUsize>) -> io::Result<impl FnOnce() + Send + 'static> {
    let caught = Arc::clone(caught);
    Ok(move || {
        while caught.load(Ordering::SeqCst) == 0 {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    })
}

#[cfg(unix)]
const SIGNALS: &[i32] = &[SIGINT, SIGTERM, SIGHUP];
#[cfg(windows)]
const SIGNALS: &[i32] = &[SIGINT, SIGTERM];
