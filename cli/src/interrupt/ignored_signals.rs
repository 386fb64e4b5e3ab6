//! Signals that the parent process set to be ignored.

/// The signals that were ignored at startup, as a bit mask; `None` if they cannot be determined.
///
/// `nohup` ignores SIGHUP, and a shell without job control ignores SIGINT in the commands it
/// starts with `&`. Installing a handler would undo that.
#[derive(Debug, Clone, Copy)]
pub struct IgnoredSignals(Option<u64>);

impl IgnoredSignals {
    /// Reads the mask of this process from `/proc`, which only Linux has.
    pub fn at_startup() -> Self {
        Self(std::fs::read_to_string("/proc/self/status").ok().as_deref().and_then(parse_mask))
    }

    /// Returns whether `signal` is ignored, and `if_unknown` if that cannot be determined.
    pub fn contains(self, signal: i32, if_unknown: bool) -> bool {
        let Some(mask) = self.0 else { return if_unknown };
        u32::try_from(signal - 1).is_ok_and(|bit| mask.checked_shr(bit).unwrap_or(0) & 1 == 1)
    }
}

fn parse_mask(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bit_is_one_signal() {
        let mask = parse_mask("Name:\tx\nSigIgn:\t0000000000000003\nSigCgt:\t4\n");
        let ignored = IgnoredSignals(mask);
        assert!(ignored.contains(1, false) && ignored.contains(2, false));
        assert!(!ignored.contains(3, true) && !ignored.contains(0, true));
        assert!(IgnoredSignals(parse_mask("Name:\tx\n")).contains(1, true));
    }
}
