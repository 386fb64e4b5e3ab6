//! Signals of POSIX systems.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ossmpu::Cancel;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use super::ignored_signals::IgnoredSignals;

/// The cancel token that SIGINT, SIGTERM and SIGHUP trigger.
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
        let mut signals = vec![SIGINT, SIGTERM, SIGHUP];
        signals.retain(|signal| !ignored.contains(*signal, *signal == SIGHUP));
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
        let mut deliveries = Signals::new(signals)?;
        let token = cancel.clone();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            if deliveries.forever().next().is_some() {
                token.trigger();
            }
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
