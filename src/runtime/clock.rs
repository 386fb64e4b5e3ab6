//! The wall clock, which tests can control.

use std::time::{Duration, SystemTime};

use super::{Cancel, Deadline};

/// The source of wall-clock time, and the sleep of a back-off.
#[derive(Debug, Clone, Default)]
pub(crate) enum Clock {
    #[default]
    System,
    /// Advances only by `sleep`, which returns immediately.
    #[cfg(test)]
    Manual(std::sync::Arc<std::sync::Mutex<SystemTime>>),
}

impl Clock {
    pub(crate) fn now(&self) -> SystemTime {
        match self {
            Self::System => SystemTime::now(),
            #[cfg(test)]
            Self::Manual(time) => *time.lock().unwrap(),
        }
    }

    /// Sleeps for `time`; returns false if the token was triggered first.
    pub(crate) fn sleep(&self, time: Duration, cancel: &Cancel) -> bool {
        match self {
            Self::System => !cancel.wait(Deadline::after(time)),
            #[cfg(test)]
            Self::Manual(now) => {
                *now.lock().unwrap() += time;
                !cancel.is_triggered()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_clock_advances_without_sleeping() {
        let clock = Clock::Manual(std::sync::Arc::new(SystemTime::UNIX_EPOCH.into()));
        assert!(clock.sleep(Duration::from_secs(3600), &Cancel::new().unwrap()));
        assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(3600));
    }
}
