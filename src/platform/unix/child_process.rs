//! A child process that is identified by a descriptor.
//!
//! The program may ignore SIGCHLD, or wait for any child. Then the child may be gone at any time and
//! its process ID may be that of another process, so the ID is never used for a signal.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, RawFd};
use std::process::ExitStatus;

use super::Descriptor;

/// A child in a process group of its own.
#[derive(Debug)]
pub(crate) struct ChildProcess {
    pid: libc::pid_t,
    /// `None` where the system has no descriptors of processes.
    pidfd: Option<Descriptor>,
}

/// The standard descriptors of a child.
struct StandardIo<'a> {
    input: &'a Descriptor,
    output: &'a Descriptor,
    error: &'a Descriptor,
}

/// Whether a child has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChildState {
    Running,
    Exited(ExitStatus),
    /// It has ended, and the program has taken its status.
    Reaped,
}

impl ChildProcess {
    /// Starts a program, which is searched in `PATH` if it contains no slash; returns its standard
    /// output. Standard input is empty, and standard error is discarded. It inherits the environment.
    /// No signal is blocked in it, and SIGCHLD and SIGPIPE are not ignored.
    pub(crate) fn spawn(argv: &[String]) -> io::Result<(Self, Descriptor)> {
        let argv: Vec<CString> =
            argv.iter().map(|word| CString::new(word.as_str())).collect::<Result<_, _>>()?;
        let null = Descriptor::open("/dev/null", File::options().read(true).write(true))?;
        let (reader, writer) = io::pipe()?;
        let (reader, writer) = (Descriptor::new(reader)?, Descriptor::new(writer)?);
        let standard = StandardIo { input: &null, output: &writer, error: &null };
        Ok((Self::spawn_with(&argv, &standard)?, reader))
    }

    fn spawn_with(argv: &[CString], standard: &StandardIo<'_>) -> io::Result<Self> {
        let program = argv.first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut pointers: Vec<_> = argv.iter().map(|word| word.as_ptr().cast_mut()).collect();
        pointers.push(std::ptr::null_mut());
        let actions = FileActions::new(standard)?;
        let attributes = Attributes::new()?;
        let mut pid = 0;
        // SAFETY: all pointers are valid until the call returns, and both lists end with NULL.
        check(unsafe {
            libc::posix_spawnp(
                &raw mut pid,
                program.as_ptr(),
                &raw const actions.0,
                &raw const attributes.0,
                pointers.as_ptr(),
                environ.cast_const(),
            )
        })?;
        Ok(Self { pid, pidfd: open_pidfd(pid) })
    }

    /// The descriptor that becomes readable when the child ends.
    pub(crate) fn descriptor(&self) -> Option<RawFd> {
        self.pidfd.as_ref().map(|pidfd| pidfd.as_raw_fd())
    }

    pub(crate) fn state(&self) -> ChildState {
        loop {
            match self.try_wait() {
                Ok(state) => return state,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return ChildState::Reaped,
            }
        }
    }

    /// Kills the process group of the child, or only the child on systems that cannot do that
    /// safely.
    pub(crate) fn kill(&self) {
        #[cfg(target_os = "linux")]
        if let Some(pidfd) = self.descriptor() {
            if !pidfd_kill(pidfd, PIDFD_SIGNAL_PROCESS_GROUP) {
                pidfd_kill(pidfd, 0);
            }
            return;
        }
        if self.state() == ChildState::Running {
            // SAFETY: kill takes no pointer; the child has not been reaped before this call.
            unsafe { libc::kill(-self.pid, libc::SIGKILL) };
        }
    }

    #[cfg(target_os = "linux")]
    fn try_wait(&self) -> io::Result<ChildState> {
        let Some(pidfd) = self.descriptor() else { return self.try_wait_by_id() };
        let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
        let id = libc::id_t::try_from(pidfd).unwrap_or_default();
        let flags = libc::WEXITED | libc::WNOHANG;
        // SAFETY: the call writes only `info`.
        if unsafe { libc::waitid(libc::P_PIDFD, id, info.as_mut_ptr(), flags) } < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: it is zeroed or was written by the call.
        let info = unsafe { info.assume_init() };
        // SAFETY: the call has set this field, or left it 0.
        if unsafe { info.si_pid() } == 0 {
            return Ok(ChildState::Running);
        }
        // SAFETY: the information is of a child that has ended.
        let status = unsafe { info.si_status() };
        let status = if info.si_code == libc::CLD_EXITED { status << 8 } else { status };
        Ok(ChildState::Exited(std::os::unix::process::ExitStatusExt::from_raw(status)))
    }

    #[cfg(not(target_os = "linux"))]
    fn try_wait(&self) -> io::Result<ChildState> {
        self.try_wait_by_id()
    }

    fn try_wait_by_id(&self) -> io::Result<ChildState> {
        let mut status = 0;
        // SAFETY: the call writes only `status`.
        match unsafe { libc::waitpid(self.pid, &raw mut status, libc::WNOHANG) } {
            0 => Ok(ChildState::Running),
            1.. => Ok(ChildState::Exited(std::os::unix::process::ExitStatusExt::from_raw(status))),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// Opens the descriptor of a child that has just been started.
#[cfg(target_os = "linux")]
fn open_pidfd(pid: libc::pid_t) -> Option<Descriptor> {
    use std::os::fd::{FromRawFd, OwnedFd};

    // SAFETY: the call takes two integers; what it returns is checked below.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = RawFd::try_from(fd).ok().filter(|fd| *fd >= 0)?;
    // SAFETY: the call above returned this open descriptor, and nothing else owns it.
    Descriptor::new(unsafe { OwnedFd::from_raw_fd(fd) }).ok()
}

#[cfg(not(target_os = "linux"))]
fn open_pidfd(_: libc::pid_t) -> Option<Descriptor> {
    None
}

#[cfg(target_os = "linux")]
fn pidfd_kill(pidfd: RawFd, flags: libc::c_uint) -> bool {
    let no_information = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: NULL stands for the information that `kill` would send.
    let result = unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, pidfd, libc::SIGKILL, no_information, flags)
    };
    result == 0
}

struct FileActions(libc::posix_spawn_file_actions_t);

impl FileActions {
    fn new(standard: &StandardIo<'_>) -> io::Result<Self> {
        let mut actions = MaybeUninit::uninit();
        // SAFETY: the call initializes the actions.
        check(unsafe { libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) })?;
        // SAFETY: the call succeeded, so it has initialized them.
        let mut actions = Self(unsafe { actions.assume_init() });
        for (target, source) in
            [standard.input, standard.output, standard.error].into_iter().enumerate()
        {
            let target = libc::c_int::try_from(target).unwrap_or_default();
            // SAFETY: the actions are initialized.
            check(unsafe {
                libc::posix_spawn_file_actions_adddup2(
                    &raw mut actions.0,
                    source.as_raw_fd(),
                    target,
                )
            })?;
        }
        Ok(actions)
    }
}

impl Drop for FileActions {
    fn drop(&mut self) {
        // SAFETY: the actions are initialized and not used afterwards.
        unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.0) };
    }
}

struct Attributes(libc::posix_spawnattr_t);

impl Attributes {
    fn new() -> io::Result<Self> {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: the call initializes the attributes.
        check(unsafe { libc::posix_spawnattr_init(attributes.as_mut_ptr()) })?;
        // SAFETY: the call succeeded, so it has initialized them.
        let mut attributes = Self(unsafe { attributes.assume_init() });
        let this = &raw mut attributes.0;
        let flags = libc::POSIX_SPAWN_SETPGROUP
            | libc::POSIX_SPAWN_SETSIGMASK
            | libc::POSIX_SPAWN_SETSIGDEF;
        let flags = libc::c_short::try_from(flags).unwrap_or_default();
        // SAFETY: the attributes are initialized.
        check(unsafe { libc::posix_spawnattr_setflags(this, flags) })?;
        // SAFETY: the attributes are initialized; 0 is a new group.
        check(unsafe { libc::posix_spawnattr_setpgroup(this, 0) })?;
        let none = signal_set(&[]);
        // SAFETY: the attributes and the set are initialized.
        check(unsafe { libc::posix_spawnattr_setsigmask(this, &raw const none) })?;
        let default = signal_set(&[libc::SIGCHLD, libc::SIGPIPE]);
        // SAFETY: the attributes and the set are initialized.
        check(unsafe { libc::posix_spawnattr_setsigdefault(this, &raw const default) })?;
        Ok(attributes)
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: the attributes are initialized and not used afterwards.
        unsafe { libc::posix_spawnattr_destroy(&raw mut self.0) };
    }
}

fn signal_set(signals: &[libc::c_int]) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initializes the set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    for signal in signals {
        // SAFETY: the set was initialized above.
        unsafe { libc::sigaddset(set.as_mut_ptr(), *signal) };
    }
    // SAFETY: the set was initialized above.
    unsafe { set.assume_init() }
}

fn check(errno: libc::c_int) -> io::Result<()> {
    if errno == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(errno)) }
}

unsafe extern "C" {
    /// The environment, which the child inherits.
    static environ: *mut *mut libc::c_char;
}

/// Linux 6.9.
#[cfg(target_os = "linux")]
const PIDFD_SIGNAL_PROCESS_GROUP: libc::c_uint = 1 << 2;
