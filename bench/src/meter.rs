//! Measures time, CPU time and memory of this process and prints them as one line of JSON.

use std::time::Instant;

/// Measures from its creation until the report.
#[derive(Debug)]
pub struct Meter {
    started: Instant,
    user_before: f64,
    system_before: f64,
}

impl Meter {
    pub fn start() -> Self {
        let (user_before, system_before) = cpu_seconds();
        Self { started: Instant::now(), user_before, system_before }
    }

    /// Prints the measurement, for `bytes` bytes sent in `items` objects or parts.
    pub fn report(&self, bytes: u64, items: u64) {
        let seconds = self.started.elapsed().as_secs_f64();
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

/// User and system time of all threads.
fn cpu_seconds() -> (f64, f64) {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is valid for writes of one rusage.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
    // SAFETY: an all-zero rusage is valid, so it is initialized even if the call failed.
    let usage = unsafe { usage.assume_init() };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    (seconds(usage.ru_utime), seconds(usage.ru_stime))
}

/// Peak resident memory.
///
/// Not `ru_maxrss`, which after exec includes the peak of the parent.
fn peak_rss_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
