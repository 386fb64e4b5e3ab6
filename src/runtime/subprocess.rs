//! Runs a command without a shell, with a deadline and a limit on its output. A command that
//! exceeds either is killed together with its process group.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{Cancel, Deadline, ReadinessWait, Wake};
use crate::error::{Error, ErrorKind, Result};
use crate::platform::{ChildProcess, ChildState, Descriptor, poll_descriptor, read_available};

/// A command: a program and its arguments.
#[derive(Clone)]
pub(crate) struct Subprocess {
    argv: Vec<String>,
}

/// The exit status and output of a command.
pub(crate) struct SubprocessExit {
    /// `None` if the program has taken it: it ignores SIGCHLD, or waits for any child.
    pub(crate) status: Option<ExitStatus>,
    /// Standard output, wiped on drop.
    pub(crate) output: Zeroizing<Vec<u8>>,
}

impl Subprocess {
    /// The first element is the program, which is searched in `PATH` if it contains no slash.
    pub(crate) fn new(argv: Vec<String>) -> Self {
        Self { argv }
    }

    /// Runs the command and waits for it. It inherits the environment; standard input is empty, and
    /// standard error is discarded.
    ///
    /// # Errors
    ///
    /// `Canceled`; `Timeout` when the deadline passes; `Protocol` for more than `output_max` bytes
    /// of output; `File` for errors of the operating system.
    pub(crate) fn run(
        &self,
        output_max: usize,
        cancel: &Cancel,
        deadline: Deadline,
    ) -> Result<SubprocessExit> {
        let (child, stdout) = ChildProcess::spawn(&self.argv)
            .map_err(|cause| Error::file("the command could not be started", &cause))?;
        let mut process = ProcessGuard { child, has_ended: false };
        let mut output = Zeroizing::new(vec![0; output_max.saturating_add(1)]);
        let length = read(&stdout, &mut output, cancel, deadline)?;
        if length > output_max {
            let text = format!("the command printed more than {output_max} bytes");
            return Err(Error::new(ErrorKind::Protocol, text));
        }
        output.truncate(length);
        Ok(SubprocessExit { status: process.wait(cancel, deadline)?, output })
    }
}

/// A running child process. Dropping it kills the process group.
struct ProcessGuard {
    child: ChildProcess,
    has_ended: bool,
}

impl ProcessGuard {
    /// Waits for the exit, because a command may close its output before it exits.
    fn wait(&mut self, cancel: &Cancel, deadline: Deadline) -> Result<Option<ExitStatus>> {
        let mut waits = ReadinessWait::default();
        loop {
            let status = match self.child.state() {
                ChildState::Running => None,
                ChildState::Exited(status) => Some(Some(status)),
                ChildState::Reaped => Some(None),
            };
            if let Some(status) = status {
                self.has_ended = true;
                return Ok(status);
            }
            match self.wait_for_end(&mut waits, cancel, deadline) {
                Wake::Canceled => return Err(Error::canceled()),
                Wake::Failed(errno) => return Err(Error::wait_failed(errno)),
                _ if deadline.has_passed() => return Err(timed_out()),
                Wake::Ready | Wake::TimedOut => {}
            }
        }
    }

    fn wait_for_end(&self, waits: &mut ReadinessWait, cancel: &Cancel, deadline: Deadline) -> Wake {
        waits.wait(self.child.descriptor(), cancel, deadline)
    }
}

impl Drop for ProcessGuard {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        self.child.kill();
        // The child was killed, so this wait is short; else it stays a zombie of the program.
        let deadline = Deadline::after(KILL_TIMEOUT);
        let mut waits = ReadinessWait::default();
        while self.child.state() == ChildState::Running && !deadline.has_passed() {
            if let Wake::Failed(_) = self.wait_for_end(&mut waits, &Cancel::never(), deadline) {
                return;
            }
        }
    }
}

/// Reads until the command closes its output or the buffer is full.
fn read(
    stdout: &Descriptor,
    buffer: &mut [u8],
    cancel: &Cancel,
    deadline: Deadline,
) -> Result<usize> {
    let mut length = 0;
    let mut waits = ReadinessWait::default();
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match waits.wait(poll_descriptor(stdout), cancel, deadline) {
            Wake::Canceled => return Err(Error::canceled()),
            Wake::Failed(errno) => return Err(Error::wait_failed(errno)),
            Wake::TimedOut if deadline.has_passed() => return Err(timed_out()),
            Wake::TimedOut | Wake::Ready => {}
        }
        match read_available(stdout, rest) {
            Ok(0) => break,
            Ok(count) => {
                length += count;
                waits = ReadinessWait::default();
            }
            Err(cause) if is_to_be_retried(&cause) => {}
            Err(cause) => return Err(Error::file("cannot read the output of the command", &cause)),
        }
    }
    Ok(length)
}

fn is_to_be_retried(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock)
}

fn timed_out() -> Error {
    Error::new(ErrorKind::Timeout, "the command exceeded the deadline and was killed")
}

/// How long the end of a command is awaited that was killed.
const KILL_TIMEOUT: Duration = Duration::from_secs(1);

// The commands are those of a shell of POSIX systems.
#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::platform::SignalsBlocked;
    use std::path::Path;
    use std::time::Instant;

    const LONG: Duration = Duration::from_secs(30);

    fn shell(script: &str) -> Subprocess {
        Subprocess::new(["sh", "-c", script].map(str::to_owned).to_vec())
    }

    fn run(script: &str, timeout: Duration) -> Result<SubprocessExit> {
        shell(script).run(64, &Cancel::never(), Deadline::after(timeout))
    }

    fn failure(script: &str, timeout: Duration) -> Error {
        run(script, timeout).err().unwrap()
    }

    /// True while the process whose ID is in the file exists and is not a zombie.
    fn is_alive(file: &Path) -> bool {
        let pid = std::fs::read_to_string(file).unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/status", pid.trim()));
        status.is_ok_and(|status| !status.contains("State:\tZ"))
    }

    #[test]
    fn output_and_status_are_returned_and_standard_error_is_discarded() {
        let exit = run("echo out; echo err >&2; exit 3", LONG).unwrap();
        assert_eq!((exit.output.as_slice(), exit.status.unwrap().code()), (&b"out\n"[..], Some(3)));
        assert!(run("cat", LONG).unwrap().output.is_empty(), "standard input is empty");
    }

    #[test]
    fn a_hanging_command_is_killed_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        for (name, script) in [
            ("output open", "sleep 60 & echo $! > FILE.new; mv FILE.new FILE; wait"),
            ("output closed", "exec >&-; sleep 60 & echo $! > FILE.new; mv FILE.new FILE; wait"),
        ] {
            let script = script.replace("FILE", file.to_str().unwrap());
            let started = Instant::now();
            // The command creates the file when its child is running.
            let cancel = Cancel::new().unwrap();
            let error = std::thread::scope(|scope| {
                let thread = scope.spawn(|| shell(&script).run(64, &cancel, Deadline::NEVER).err());
                while !file.exists() {
                    assert!(started.elapsed() < LONG, "{name}: the script does not start");
                    std::thread::yield_now();
                }
                cancel.trigger();
                thread.join().unwrap().unwrap()
            });
            assert_eq!(error.kind(), ErrorKind::Canceled, "{name}");
            while is_alive(&file) {
                assert!(started.elapsed() < LONG, "{name}: the child is still running");
                std::thread::yield_now();
            }
            std::fs::remove_file(&file).unwrap();
        }
    }

    #[test]
    fn the_deadline_applies_with_output_open_and_closed() {
        for script in ["sleep 60", "exec >&-; sleep 60", "yes >&2", "sleep 60 & echo {}"] {
            let error = failure(script, Duration::from_millis(100));
            assert_eq!(error.kind(), ErrorKind::Timeout, "{script}");
        }
    }

    #[test]
    fn too_much_output_is_an_error() {
        assert_eq!(failure("yes", LONG).kind(), ErrorKind::Protocol);
        let most = run("printf %064d 0", LONG).unwrap();
        assert_eq!(most.output.len(), 64);
    }

    #[test]
    fn a_missing_program_is_a_file_error_with_errno() {
        let command = Subprocess::new(vec!["/there/is/no/such/program".to_owned()]);
        let error = command.run(64, &Cancel::never(), Deadline::NEVER).err().unwrap();
        assert_eq!((error.kind(), error.os_errno()), (ErrorKind::File, Some(libc::ENOENT)));
    }

    #[test]
    fn a_command_started_with_blocked_signals_has_none_blocked() {
        let _blocked = SignalsBlocked::new();
        // A shell might change the signal mask itself.
        let argv = ["grep", "^SigBlk:", "/proc/self/status"].map(str::to_owned).to_vec();
        let exit = Subprocess::new(argv).run(64, &Cancel::never(), Deadline::NEVER).unwrap();
        let text = String::from_utf8(exit.output.to_vec()).unwrap();
        let mask = text.trim_start_matches("SigBlk:").trim();
        assert_eq!(mask.trim_start_matches('0'), "", "{text}");
    }
}
