//! Time, CPU time and memory of this process, printed as one line of JSON.

use std::time::Instant;

/// Runs from its making until the report.
#[derive(Debug)]
pub struct Meter {
    begun: Instant,
    user_before: f64,
    system_before: f64,
}

impl Meter {
    /// Starts to measure.
    pub fn start() -> Self {
        let (user_before, system_before) = cpu_seconds();
        Self { begun: Instant::now(), user_before, system_before }
    }

    /// Prints what it took to send so many bytes in so many objects or parts.
    pub fn report(&self, bytes: u64, items: u64) {
        let seconds = self.begun.elapsed().as_secs_f64();
        let (user, system) = cpu_seconds();
        println!(
            "{{\"seconds\": {seconds:.6}, \"cpu_user\": {:.6}, \"cpu_sys\": {:.6}, \
             \"max_rss_kib\": {}, \"bytes\": {bytes}, \"items\": {items}}}",
            user - self.user_before,
            system - self.system_before,
            peak_rss_kib()
        );
    }
}

/// User and system time of all threads so far.
fn cpu_seconds() -> (f64, f64) {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a rusage of our own, which the call fills.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
    // SAFETY: all zero bytes are a valid rusage too, so it is initialised whatever the call said.
    let usage = unsafe { usage.assume_init() };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    (seconds(usage.ru_utime), seconds(usage.ru_stime))
}

/// The most memory that was resident at once.
///
/// Not `ru_maxrss`: exec carries the parent's peak over into that one.
fn peak_rss_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
