//! Ctrl-C: the first ends the work and cleans up, the second ends the program.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ossmpu::Cancel;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::ignored_signals::IgnoredSignals;

/// The token that SIGINT, SIGTERM and SIGHUP trigger, and which of them did.
#[derive(Debug)]
pub struct Interrupt {
    cancel: Cancel,
    caught: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Catches the signals from now on, apart from those that are ignored.
    ///
    /// # Errors
    ///
    /// The operating system's.
    pub fn listen() -> io::Result<Self> {
        let ignored = IgnoredSignals::now();
        let mut wanted = vec![SIGINT, SIGTERM, SIGHUP];
        wanted.retain(|signal| !ignored.contains(*signal, *signal == SIGHUP));
        let caught = Arc::new(AtomicUsize::new(0));
        let again = Arc::new(AtomicBool::new(false));
        for signal in wanted.iter().copied() {
            // The order is that of the calls: the first signal finds the flag unset, and sets it.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&again))?;
            flag::register(signal, Arc::clone(&again))?;
            flag::register_usize(
                signal,
                Arc::clone(&caught),
                usize::try_from(signal).unwrap_or(0),
            )?;
        }
        let cancel = Cancel::new()?;
        let mut signals = Signals::new(wanted)?;
        let token = cancel.clone();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            if signals.forever().next().is_some() {
                token.trigger();
            }
        })?;
        Ok(Self { cancel, caught })
    }

    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// The signal that came, if one did.
    pub fn signal(&self) -> Option<u8> {
        let caught = self.caught.load(Ordering::SeqCst);
        u8::try_from(caught).ok().filter(|signal| *signal != 0)
    }
}
