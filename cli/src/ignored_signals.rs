//! Which signals this process was started to ignore.

/// Signals that were ignored when the program was started, as a bit mask.
///
/// `nohup` ignores SIGHUP and a shell without job control SIGINT for what it starts with `&`: a
/// program that catches them all the same undoes that.
#[derive(Debug, Clone, Copy)]
pub struct IgnoredSignals(Option<u64>);

impl IgnoredSignals {
    /// Asks the system, which only Linux has an answer for.
    pub fn now() -> Self {
        Self(std::fs::read_to_string("/proc/self/status").ok().as_deref().and_then(read))
    }

    /// True if it is to be left alone. Without an answer that is `unknown`.
    pub fn contains(self, signal: i32, unknown: bool) -> bool {
        let Some(mask) = self.0 else { return unknown };
        u32::try_from(signal - 1).is_ok_and(|bit| mask.checked_shr(bit).unwrap_or(0) & 1 == 1)
    }
}

fn read(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_stands_for_a_signal() {
        let mask = read("Name:\tx\nSigIgn:\t0000000000000003\nSigCgt:\t4\n");
        let ignored = IgnoredSignals(mask);
        assert!(ignored.contains(1, false) && ignored.contains(2, false));
        assert!(!ignored.contains(3, true) && !ignored.contains(0, true));
        assert!(IgnoredSignals(read("Name:\tx\n")).contains(1, true));
    }
}
