//! What the commands of one run share: the console, the signals, and how OSS is reached.

use ossmpu::{Cancel, Client, Config};

use crate::bar::{Bar, Screen};
use crate::connection::Connection;
use crate::console::Console;
use crate::ending::Ending;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::verbosity::Verbosity;

/// One run of the program.
pub struct Session<'a> {
    pub console: Console,
    pub connection: &'a Connection,
    verbosity: &'a Verbosity,
    screen: Screen,
    interrupt: Interrupt,
}

impl<'a> Session<'a> {
    /// # Errors
    ///
    /// `System`, when the signals cannot be caught.
    pub fn begin(
        connection: &'a Connection,
        verbosity: &'a Verbosity,
        console: Console,
    ) -> Result<Self, Failure> {
        let interrupt = Interrupt::listen()
            .map_err(|cause| Failure::System("signals cannot be caught".to_owned(), cause))?;
        let screen = Screen::new(verbosity.wants_bar());
        Ok(Self { console, connection, verbosity, screen, interrupt })
    }

    /// # Errors
    ///
    /// The library's, when the configuration is of no use.
    pub fn client(&self) -> Result<Client, Failure> {
        self.client_with(|_| Ok(()))
    }

    /// A client that a command has settings for.
    ///
    /// # Errors
    ///
    /// As for [`Session::client`].
    pub fn client_with(
        &self,
        change: impl FnOnce(&mut Config) -> Result<(), Failure>,
    ) -> Result<Client, Failure> {
        let mut config = self.connection.config()?;
        let (console, verbosity, screen) =
            (self.console, self.verbosity.clone(), self.screen.clone());
        config.set_log(verbosity.log_level(), move |level, line| {
            if verbosity.shows(level) {
                screen.without_bar(|| console.log(line));
            }
        });
        change(&mut config)?;
        Ok(Client::new(&config)?)
    }

    /// A progress bar, which shows itself only where one is wanted.
    pub fn bar(&self, label: &str) -> Bar {
        self.screen.bar(label)
    }

    /// Is triggered by the first Ctrl-C.
    pub fn cancel(&self) -> &Cancel {
        self.interrupt.cancel()
    }

    /// What an ending is when a signal may have been the reason for it.
    pub fn judge(&self, ending: Ending) -> Ending {
        match self.interrupt.signal() {
            Some(signal) if ending != Ending::Done => Ending::Interrupted(signal),
            _ => ending,
        }
    }
}
