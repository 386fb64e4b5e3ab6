//! Runs a command without a shell, with a deadline and a limit on its output. A command that
//! exceeds either is killed together with its process group.

use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, ExitStatus, Stdio};
use std::time::Duration;

use zeroize::Zeroizing;

use super::{Cancel, Deadline, Interest, Wake};
use crate::error::{Error, ErrorKind, Result};

/// A command: a program and its arguments.
#[derive(Clone)]
pub(crate) struct Subprocess {
    argv: Vec<String>,
}

/// The exit status and output of a command.
pub(crate) struct SubprocessExit {
    pub(crate) status: ExitStatus,
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
        let mut process = ProcessGuard { child: self.spawn()?, is_reaped: false };
        let mut output = Zeroizing::new(vec![0; output_max.saturating_add(1)]);
        let stdout = process.child.stdout.take();
        let stdout = stdout.ok_or_else(|| Error::internal("the standard output is not piped"))?;
        let length = read(stdout, &mut output, cancel, deadline)?;
        if length > output_max {
            let text = format!("the command printed more than {output_max} bytes");
            return Err(Error::new(ErrorKind::Protocol, text));
        }
        output.truncate(length);
        Ok(SubprocessExit { status: process.wait(cancel, deadline)?, output })
    }

    fn spawn(&self) -> Result<Child> {
        let (program, arguments) =
            self.argv.split_first().ok_or_else(|| Error::internal("the command is empty"))?;
        let mut command = std::process::Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0);
        // SAFETY: between fork and exec the closure only makes calls that are async-signal-safe.
        unsafe { command.pre_exec(unblock_signals) };
        command.spawn().map_err(|cause| Error::file("the command could not be started", &cause))
    }
}

/// A running child process. Dropping it kills the process group.
struct ProcessGuard {
    child: Child,
    /// The child was waited for, so its process ID may have been reused.
    is_reaped: bool,
}

impl ProcessGuard {
    /// Polls for the exit, because a command may close its output before it exits.
    fn wait(&mut self, cancel: &Cancel, deadline: Deadline) -> Result<ExitStatus> {
        loop {
            let status = self
                .child
                .try_wait()
                .map_err(|cause| Error::file("cannot wait for the command", &cause))?;
            if let Some(status) = status {
                self.is_reaped = true;
                return Ok(status);
            }
            if cancel.wait(Deadline::after(EXIT_POLL).earlier(deadline)) {
                return Err(Error::canceled());
            }
            if deadline.has_passed() {
                return Err(timed_out());
            }
        }
    }
}

impl Drop for ProcessGuard {
    fn drop(&mut self) {
        if self.is_reaped {
            return;
        }
        if let Ok(group) = libc::pid_t::try_from(self.child.id()) {
            // SAFETY: kill takes no pointer; the child is not reaped, so its group ID is not
            // reused.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
        // The child was killed, so this wait is short.
        let _ = self.child.wait();
    }
}

/// Reads until the command closes its output or the buffer is full.
fn read(
    mut stdout: ChildStdout,
    buffer: &mut [u8],
    cancel: &Cancel,
    deadline: Deadline,
) -> Result<usize> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match cancel.wait_for(Some((stdout.as_raw_fd(), Interest::Read)), deadline) {
            Wake::Canceled => return Err(Error::canceled()),
            Wake::TimedOut => return Err(timed_out()),
            Wake::Ready => {}
        }
        match stdout.read(rest) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(Error::file("cannot read the output of the command", &cause)),
        }
    }
    Ok(length)
}

fn timed_out() -> Error {
    Error::new(ErrorKind::Timeout, "the command exceeded the deadline and was killed")
}

/// Unblocks all signals in the child, which inherits the mask of the library's threads.
fn unblock_signals() -> std::io::Result<()> {
    let mut empty = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset initializes the set.
    unsafe { libc::sigemptyset(empty.as_mut_ptr()) };
    // SAFETY: the set was initialized above; NULL means that the old mask is not returned.
    let failed =
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, empty.as_ptr(), std::ptr::null_mut()) };
    if failed == 0 { Ok(()) } else { Err(std::io::Error::from_raw_os_error(failed)) }
}

/// How often the exit of a command is polled.
const EXIT_POLL: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::SignalsBlocked;
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
    fn is_alive(file: &std::path::Path) -> bool {
        let pid = std::fs::read_to_string(file).unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/status", pid.trim()));
        status.is_ok_and(|status| !status.contains("State:\tZ"))
    }

    #[test]
    fn output_and_status_are_returned_and_standard_error_is_discarded() {
        let exit = run("echo out; echo err >&2; exit 3", LONG).unwrap();
        assert_eq!((exit.output.as_slice(), exit.status.code()), (&b"out\n"[..], Some(3)));
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
