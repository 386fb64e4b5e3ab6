//! Another program, run without a shell and with limits: what it prints is read up to a length and a
//! time, and after that it is ended together with everything that it has started.

use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, ExitStatus, Stdio};
use std::time::Duration;

use zeroize::Zeroizing;

use super::{Cancel, Deadline, Interest, Wake};
use crate::error::{Error, ErrorKind, Result};

/// A program and its arguments.
#[derive(Clone)]
pub(crate) struct Subprocess {
    words: Vec<String>,
}

/// How a program ended, and what it printed.
pub(crate) struct SubprocessExit {
    pub(crate) status: ExitStatus,
    /// Wiped when it is dropped.
    pub(crate) output: Zeroizing<Vec<u8>>,
}

impl Subprocess {
    /// The first word is the program, and is looked for in `PATH` if it has no slash.
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self { words }
    }

    /// Runs the program to its end. It inherits the environment; its standard input is empty, and
    /// what it writes to standard error is lost.
    ///
    /// # Errors
    ///
    /// `Canceled`; `Timeout` when the deadline has passed; `Protocol` for more output than
    /// `output_max`; `File` for what the operating system says.
    pub(crate) fn run(
        &self,
        output_max: usize,
        cancel: &Cancel,
        deadline: Deadline,
    ) -> Result<SubprocessExit> {
        let mut running = Running { child: self.spawn()?, has_ended: false };
        let mut output = Zeroizing::new(vec![0; output_max.saturating_add(1)]);
        let stdout = running.child.stdout.take();
        let stdout = stdout.ok_or_else(|| Error::internal("the output of a child is piped"))?;
        let length = read(stdout, &mut output, cancel, deadline)?;
        if length > output_max {
            let text = format!("the command printed more than {output_max} bytes");
            return Err(Error::new(ErrorKind::Protocol, text));
        }
        output.truncate(length);
        Ok(SubprocessExit { status: running.wait(cancel, deadline)?, output })
    }

    fn spawn(&self) -> Result<Child> {
        let (program, arguments) =
            self.words.split_first().ok_or_else(|| Error::internal("a command has a word"))?;
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

/// A child that does not outlive this value; if it did not end by itself, neither does its group.
struct Running {
    child: Child,
    /// It was waited for, so its process ID may be reused by now.
    has_ended: bool,
}

impl Running {
    /// A program that has closed its output may still be at work, which no descriptor tells.
    fn wait(&mut self, cancel: &Cancel, deadline: Deadline) -> Result<ExitStatus> {
        loop {
            let status = self.child.try_wait().map_err(|cause| {
                Error::file("the exit status of the command could not be learned", &cause)
            })?;
            if let Some(status) = status {
                self.has_ended = true;
                return Ok(status);
            }
            if cancel.wait(Deadline::after(LOOK_AGAIN).earlier(deadline)) {
                return Err(Error::canceled());
            }
            if deadline.has_passed() {
                return Err(too_late());
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        if let Ok(group) = libc::pid_t::try_from(self.child.id()) {
            // SAFETY: kill takes no pointer; the group is that of our child, which is still ours.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
        // It was killed, so this wait is short.
        let _ = self.child.wait();
    }
}

/// Fills the buffer until the program closes its output; more than fits is left unread.
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
            Wake::TimedOut => return Err(too_late()),
            Wake::Ready => {}
        }
        match stdout.read(rest) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(Error::file("the output of the command", &cause)),
        }
    }
    Ok(length)
}

fn too_late() -> Error {
    Error::new(ErrorKind::Timeout, "the command took too long and was ended")
}

/// The threads of this library have all signals blocked, and a child would inherit that.
fn unblock_signals() -> std::io::Result<()> {
    let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset initialises the set that it is given.
    unsafe { libc::sigemptyset(none.as_mut_ptr()) };
    // SAFETY: the set was initialised above; NULL asks for no old one.
    let failed =
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut()) };
    if failed == 0 { Ok(()) } else { Err(std::io::Error::from_raw_os_error(failed)) }
}

/// How often a program without output is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::SignalsBlocked;
    use std::time::Instant;

    const LONG: Duration = Duration::from_secs(30);

    fn shell(script: &str) -> Subprocess {
        Subprocess::new(["sh", "-c", script].map(str::to_owned).to_vec())
    }

    fn run(script: &str, limit: Duration) -> Result<SubprocessExit> {
        shell(script).run(64, &Cancel::never(), Deadline::after(limit))
    }

    fn failure(script: &str, limit: Duration) -> Error {
        run(script, limit).err().unwrap()
    }

    /// True until the process with the number that a file holds is gone or a corpse.
    fn lives(file: &std::path::Path) -> bool {
        let number = std::fs::read_to_string(file).unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/status", number.trim()));
        status.is_ok_and(|status| !status.contains("State:\tZ"))
    }

    #[test]
    fn output_and_status_are_told_and_standard_error_is_not() {
        let end = run("echo out; echo err >&2; exit 3", LONG).unwrap();
        assert_eq!((end.output.as_slice(), end.status.code()), (&b"out\n"[..], Some(3)));
        assert!(run("cat", LONG).unwrap().output.is_empty(), "standard input is empty");
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        for (name, script) in [
            ("output open", "sleep 60 & echo $! > FILE.new; mv FILE.new FILE; wait"),
            ("output closed", "exec >&-; sleep 60 & echo $! > FILE.new; mv FILE.new FILE; wait"),
        ] {
            let script = script.replace("FILE", file.to_str().unwrap());
            let begun = Instant::now();
            // The file says when the program has come to the point; only then it is too late.
            let cancel = Cancel::new().unwrap();
            let error = std::thread::scope(|scope| {
                let thread = scope.spawn(|| shell(&script).run(64, &cancel, Deadline::NEVER).err());
                while !file.exists() {
                    assert!(begun.elapsed() < LONG, "{name}: the script does not run");
                    std::thread::yield_now();
                }
                cancel.trigger();
                thread.join().unwrap().unwrap()
            });
            assert_eq!(error.kind(), ErrorKind::Canceled, "{name}");
            while lives(&file) {
                assert!(begun.elapsed() < LONG, "{name}: the sleep goes on");
                std::thread::yield_now();
            }
            std::fs::remove_file(&file).unwrap();
        }
    }

    #[test]
    fn a_limit_of_time_holds_with_output_open_and_closed() {
        for script in ["sleep 60", "exec >&-; sleep 60", "yes >&2", "sleep 60 & echo {}"] {
            let error = failure(script, Duration::from_millis(100));
            assert_eq!(error.kind(), ErrorKind::Timeout, "{script}");
        }
    }

    #[test]
    fn too_much_output_is_an_error_and_not_read() {
        assert_eq!(failure("yes", LONG).kind(), ErrorKind::Protocol);
        let most = run("printf %064d 0", LONG).unwrap();
        assert_eq!(most.output.len(), 64);
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error_with_the_number_of_the_system() {
        let command = Subprocess::new(vec!["/there/is/no/such/program".to_owned()]);
        let error = command.run(64, &Cancel::never(), Deadline::NEVER).err().unwrap();
        assert_eq!((error.kind(), error.os_errno()), (ErrorKind::File, Some(libc::ENOENT)));
    }

    #[test]
    fn a_child_has_no_signal_blocked_whatever_thread_starts_it() {
        let _blocked = SignalsBlocked::new();
        // A shell would unblock them itself.
        let words = ["grep", "^SigBlk:", "/proc/self/status"].map(str::to_owned).to_vec();
        let end = Subprocess::new(words).run(64, &Cancel::never(), Deadline::NEVER).unwrap();
        let text = String::from_utf8(end.output.to_vec()).unwrap();
        let mask = text.trim_start_matches("SigBlk:").trim();
        assert_eq!(mask.trim_start_matches('0'), "", "{text}");
    }
}
