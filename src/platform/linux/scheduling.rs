//! The CPUs, the scheduling class and the priority of a thread.

/// What the threads of the library run with. The system may refuse a change, which only makes a
/// thread slower, so errors are ignored.
#[derive(Debug, Clone)]
pub(crate) struct Scheduling {
    /// The CPUs of the main thread, which are those of the process: `taskset` sets them.
    cpus: Option<CpuMask>,
    nice: libc::c_int,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct CpuMask(Vec<u64>);

impl Scheduling {
    /// The scheduling of the main thread.
    pub(crate) fn of_process() -> Self {
        let process = std::process::id();
        let cpus = libc::pid_t::try_from(process).ok().and_then(CpuMask::of);
        // SAFETY: getpriority takes no pointer; the process exists.
        let nice = unsafe { libc::getpriority(libc::PRIO_PROCESS, process) };
        Self { cpus, nice }
    }

    /// Applies it to this thread, where it differs.
    pub(crate) fn apply(&self) {
        // The system calls, because the functions of musl always fail.
        // SAFETY: sched_getscheduler takes no pointer; 0 is this thread.
        let class = unsafe { libc::syscall(libc::SYS_sched_getscheduler, THIS_THREAD) };
        if class != libc::c_long::from(libc::SCHED_OTHER) {
            // `struct sched_param` of the kernel has only this.
            let priority: libc::c_int = 0;
            // SAFETY: the parameter is on this stack.
            unsafe {
                libc::syscall(
                    libc::SYS_sched_setscheduler,
                    THIS_THREAD,
                    libc::SCHED_OTHER,
                    &raw const priority,
                )
            };
        }
        // SAFETY: getpriority takes no pointer; 0 is this thread.
        if unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) } != self.nice {
            // SAFETY: setpriority takes no pointer.
            unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, self.nice) };
        }
        if let Some(cpus) = &self.cpus
            && CpuMask::of(THIS_THREAD).as_ref() != Some(cpus)
        {
            cpus.apply();
        }
    }
}

impl CpuMask {
    /// The mask of a thread, which is a main thread if the ID is that of a process.
    fn of(thread: libc::pid_t) -> Option<Self> {
        let mut words = vec![0u64; MASK_WORDS];
        let size = size_of_val(words.as_slice());
        // SAFETY: the kernel writes at most `size` bytes to the buffer.
        let failed = unsafe { libc::sched_getaffinity(thread, size, words.as_mut_ptr().cast()) };
        (failed == 0).then_some(Self(words))
    }

    fn apply(&self) {
        let size = size_of_val(self.0.as_slice());
        // SAFETY: the buffer has `size` bytes.
        unsafe { libc::sched_setaffinity(THIS_THREAD, size, self.0.as_ptr().cast()) };
    }
}

const THIS_THREAD: libc::pid_t = 0;

/// 8192 CPUs, the most that Linux supports.
const MASK_WORDS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_gets_the_cpus_of_the_process_and_the_normal_class() {
        std::thread::spawn(|| {
            let process = Scheduling::of_process();
            let all = process.cpus.clone().unwrap();
            let mut one = vec![0; MASK_WORDS];
            let word = all.0.iter().position(|word| *word != 0).unwrap();
            one[word] = 1 << all.0[word].trailing_zeros();
            CpuMask(one.clone()).apply();
            let idle = libc::sched_param { sched_priority: 0 };
            // SAFETY: the parameters are on this stack.
            unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const idle) };
            assert_eq!(CpuMask::of(0).unwrap().0, one);
            process.apply();
            assert_eq!(CpuMask::of(0), Some(all));
            // SAFETY: takes no pointer.
            assert_eq!(unsafe { libc::sched_getscheduler(0) }, libc::SCHED_OTHER);
        })
        .join()
        .unwrap();
    }
}
