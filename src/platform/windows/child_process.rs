//! A child process in a job object, which ends with the processes that it has started.

use std::fs::File;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::os::windows::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::ptr;

use windows_sys::Win32::Foundation::{INVALID_HANDLE_VALUE, WAIT_OBJECT_0};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{
    CREATE_NO_WINDOW, CREATE_SUSPENDED, GetExitCodeProcess, OpenThread, ResumeThread,
    THREAD_SUSPEND_RESUME, WaitForSingleObject,
};

use super::{Descriptor, RawDescriptor};

#[derive(Debug)]
pub(crate) struct ChildProcess {
    child: Child,
    job: OwnedHandle,
}

/// Whether a child has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChildState {
    Running,
    Exited(ExitStatus),
    /// Its status cannot be read.
    Reaped,
}

impl ChildProcess {
    /// Starts a program, which is searched in `PATH` if it contains no separator; returns its standard
    /// output. Standard input is empty, and standard error is discarded. It inherits the environment.
    pub(crate) fn spawn(argv: &[String]) -> io::Result<(Self, Descriptor)> {
        let (program, arguments) = argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let (reader, writer) = io::pipe()?;
        let job = new_job()?;
        // It runs when it is in the job, so that none of its children is outside.
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(Stdio::null())
            .creation_flags(CREATE_SUSPENDED | CREATE_NO_WINDOW)
            .spawn()?;
        let mut process = Self { child, job };
        if let Err(cause) = process.start() {
            let _ = process.child.kill();
            return Err(cause);
        }
        Ok((process, Descriptor::new(File::from(OwnedHandle::from(reader)))?))
    }

    /// Processes cannot be polled together with sockets.
    pub(crate) fn descriptor(&self) -> Option<RawDescriptor> {
        None
    }

    pub(crate) fn state(&self) -> ChildState {
        let handle = self.child.as_raw_handle();
        // SAFETY: the child owns the handle.
        if unsafe { WaitForSingleObject(handle, 0) } != WAIT_OBJECT_0 {
            return ChildState::Running;
        }
        let mut code = 0;
        // SAFETY: the child owns the handle, and the call writes only the code.
        match unsafe { GetExitCodeProcess(handle, &raw mut code) } {
            0 => ChildState::Reaped,
            _ => ChildState::Exited(ExitStatus::from_raw(code)),
        }
    }

    /// Kills all processes of the job.
    pub(crate) fn kill(&self) {
        // SAFETY: this owns the job.
        unsafe { TerminateJobObject(self.job.as_raw_handle(), 1) };
    }

    fn start(&self) -> io::Result<()> {
        let (job, child) = (self.job.as_raw_handle(), self.child.as_raw_handle());
        // SAFETY: both handles are open.
        if unsafe { AssignProcessToJobObject(job, child) } == 0 {
            return Err(io::Error::last_os_error());
        }
        resume_threads(self.child.id())
    }
}

fn new_job() -> io::Result<OwnedHandle> {
    // SAFETY: NULL stands for the default attributes, and for no name.
    let job = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
    if job.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call above returned this open handle, and nothing else owns it.
    Ok(unsafe { OwnedHandle::from_raw_handle(job) })
}

/// Resumes the threads of a process that was started suspended: the first is its only one.
fn resume_threads(process: u32) -> io::Result<()> {
    // SAFETY: the call takes two integers; what it returns is checked below.
    let snapshot = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) };
    if snapshot == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call above returned this open handle, and nothing else owns it.
    let snapshot = unsafe { OwnedHandle::from_raw_handle(snapshot) };
    let mut entry =
        THREADENTRY32 { dwSize: size_of::<THREADENTRY32>() as u32, ..THREADENTRY32::default() };
    // SAFETY: the snapshot is open, and the entry has the size that it says.
    let mut found = unsafe { Thread32First(snapshot.as_raw_handle(), &raw mut entry) };
    while found != 0 {
        if entry.th32OwnerProcessID == process {
            return resume_thread(entry.th32ThreadID);
        }
        // SAFETY: as above.
        found = unsafe { Thread32Next(snapshot.as_raw_handle(), &raw mut entry) };
    }
    Err(io::ErrorKind::NotFound.into())
}

fn resume_thread(id: u32) -> io::Result<()> {
    // SAFETY: the call takes three integers; what it returns is checked below.
    let thread = unsafe { OpenThread(THREAD_SUSPEND_RESUME, 0, id) };
    if thread.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call above returned this open handle, and nothing else owns it.
    let thread = unsafe { OwnedHandle::from_raw_handle(thread) };
    // SAFETY: the handle is open.
    match unsafe { ResumeThread(thread.as_raw_handle()) } {
        u32::MAX => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::time::{Duration, Instant};

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    fn spawn(argv: &[&str]) -> (ChildProcess, Descriptor) {
        let argv: Vec<String> = argv.iter().map(|&word| word.to_owned()).collect();
        ChildProcess::spawn(&argv).unwrap()
    }

    fn wait(child: &ChildProcess) -> ChildState {
        let started = Instant::now();
        while child.state() == ChildState::Running {
            assert!(started.elapsed() < LONG, "the child does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        child.state()
    }

    #[test]
    fn the_output_and_the_status_of_a_command_are_returned() {
        let (child, stdout) = spawn(&["cmd", "/c", "echo a b& exit 3"]);
        let mut output = String::new();
        (&*stdout).read_to_string(&mut output).unwrap();
        assert_eq!(output, "a b\r\n");
        assert_eq!(wait(&child), ChildState::Exited(ExitStatus::from_raw(3)));
        let missing = ["no-such-program".to_owned()];
        assert_eq!(ChildProcess::spawn(&missing).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    /// The child of the test below: an argument, which no test has in its name, tells it to hang.
    #[test]
    fn a_child_hangs() {
        if std::env::args().any(|argument| argument == HANGS) {
            std::thread::sleep(LONG);
        }
    }

    const HANGS: &str = "it hangs";

    #[test]
    fn a_command_is_killed_with_its_children() {
        let program = std::env::current_exe().unwrap();
        let name = "platform::windows::child_process::tests::a_child_hangs";
        let program = program.to_str().unwrap();
        let (child, stdout) =
            spawn(&["cmd", "/c", program, "--exact", name, "--skip", HANGS, "--nocapture"]);
        // It runs when it prints the number of its tests.
        assert!((&*stdout).read(&mut [0; 64]).unwrap() > 0);
        child.kill();
        assert_eq!(wait(&child), ChildState::Exited(ExitStatus::from_raw(1)));
        // Its child has the other end of the pipe until it ends.
        let started = Instant::now();
        (&*stdout).read_to_end(&mut Vec::new()).unwrap();
        assert!(started.elapsed() < LONG / 2, "the child of the command goes on");
    }
}
