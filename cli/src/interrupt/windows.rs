//! Ctrl-C and Ctrl-Break of the console.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ossmpu::Cancel;

/// The cancel token that Ctrl-C triggers.
#[derive(Debug)]
pub struct Interrupt {
    cancel: Cancel,
    is_canceled: Arc<AtomicBool>,
}

impl Interrupt {
    /// Installs the handler.
    ///
    /// # Errors
    ///
    /// The error of the operating system.
    pub fn install() -> io::Result<Self> {
        let cancel = Cancel::new()?;
        let is_canceled = Arc::new(AtomicBool::new(false));
        let (token, is_second) = (cancel.clone(), Arc::clone(&is_canceled));
        let handler = move || {
            if is_second.swap(true, Ordering::SeqCst) {
                std::process::exit(128 + i32::from(SIGINT));
            }
            token.trigger();
        };
        ctrlc::set_handler(handler).map_err(|error| match error {
            ctrlc::Error::System(error) => error,
            other => io::Error::other(other),
        })?;
        Ok(Self { cancel, is_canceled })
    }

    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// SIGINT if Ctrl-C was pressed: the exit status is the same on all systems.
    pub fn signal(&self) -> Option<u8> {
        self.is_canceled.load(Ordering::SeqCst).then_some(SIGINT)
    }
}

const SIGINT: u8 = 2;
