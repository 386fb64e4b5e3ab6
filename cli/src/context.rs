//! State shared by the commands of one run: console, signals and client options.

use ossmpu::{Cancel, Client, Config};

use crate::client_options::ClientOptions;
use crate::console::Console;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::progress_bar::{ProgressDisplay, UploadBar};
use crate::verbosity::Verbosity;

pub struct Context<'a> {
    pub console: Console,
    pub client_options: &'a ClientOptions,
    verbosity: &'a Verbosity,
    progress: ProgressDisplay,
    interrupt: Interrupt,
}

impl<'a> Context<'a> {
    /// Installs the signal handlers.
    ///
    /// # Errors
    ///
    /// `System`, when they cannot be installed.
    pub fn new(
        client_options: &'a ClientOptions,
        verbosity: &'a Verbosity,
        console: Console,
    ) -> Result<Self, Failure> {
        let interrupt = Interrupt::install()
            .map_err(|cause| Failure::System("cannot install signal handlers".to_owned(), cause))?;
        let progress = ProgressDisplay::new(verbosity.shows_progress());
        Ok(Self { console, client_options, verbosity, progress, interrupt })
    }

    /// # Errors
    ///
    /// `Library`, when the configuration is invalid.
    pub fn client(&self) -> Result<Client, Failure> {
        self.client_with(|_| Ok(()))
    }

    /// A client with settings of the command.
    ///
    /// # Errors
    ///
    /// As for [`Context::client`].
    pub fn client_with(
        &self,
        configure: impl FnOnce(&mut Config) -> Result<(), Failure>,
    ) -> Result<Client, Failure> {
        let mut config = self.client_options.config()?;
        let (console, verbosity, progress) =
            (self.console, self.verbosity.clone(), self.progress.clone());
        config.set_log(verbosity.log_level(), move |level, line| {
            if verbosity.shows(level) {
                progress.suspend(|| console.print_log(line));
            }
        });
        configure(&mut config)?;
        Ok(Client::new(&config)?)
    }

    /// A progress bar; hidden unless stderr is a terminal and progress is shown.
    pub fn upload_bar(&self, label: &str) -> UploadBar {
        self.progress.add_bar(label)
    }

    /// The token that the first signal triggers.
    pub fn cancel(&self) -> &Cancel {
        self.interrupt.cancel()
    }

    /// Replaces a failure by the signal that was received, if any, unless all objects are stored.
    pub fn final_status(&self, status: ExitStatus) -> ExitStatus {
        match (self.interrupt.signal(), status) {
            (None, _) | (_, ExitStatus::Success | ExitStatus::CallbackFailed) => status,
            (Some(signal), _) => ExitStatus::Interrupted(signal),
        }
    }
}
