//! Sends log lines to the `log` facade and to the callback of a client.

use std::fmt;
use std::sync::{Arc, Mutex};

use crate::runtime::IgnorePoison;

/// The severity of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something was unexpected, and the library continued.
    Warn,
    /// The steps of an upload.
    Info,
    /// Each request and response with its headers. Secrets and signatures are always redacted.
    Debug,
}

pub(crate) type LogSink = Box<dyn Fn(LogLevel, &str) + Send + Sync>;

/// The logger of a client.
#[derive(Clone, Default)]
pub(crate) struct Logger(Option<Arc<LogCallback>>);

struct LogCallback {
    level: LogLevel,
    /// Locked during a call, so that calls do not overlap.
    sink: Mutex<LogSink>,
}

impl Logger {
    pub(crate) fn new(level: LogLevel, sink: LogSink) -> Self {
        Self(Some(Arc::new(LogCallback { level, sink: Mutex::new(sink) })))
    }

    /// Logs a line, which is formatted only if the level is enabled.
    pub(crate) fn log(&self, level: LogLevel, line: impl FnOnce() -> String) {
        let callback = self.0.as_ref().filter(|callback| level <= callback.level);
        let facade = log::log_enabled!(target: TARGET, level.facade());
        if callback.is_none() && !facade {
            return;
        }
        let line = line();
        if facade {
            log::log!(target: TARGET, level.facade(), "{line}");
        }
        if let Some(callback) = callback {
            let sink = callback.sink.lock().ignore_poison();
            sink(level, &line);
        }
    }

    pub(crate) fn warn(&self, line: impl FnOnce() -> String) {
        self.log(LogLevel::Warn, line);
    }

    pub(crate) fn info(&self, line: impl FnOnce() -> String) {
        self.log(LogLevel::Info, line);
    }

    pub(crate) fn debug(&self, line: impl FnOnce() -> String) {
        self.log(LogLevel::Debug, line);
    }
}

impl fmt::Debug for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Logger").field(&self.0.as_ref().map(|callback| callback.level)).finish()
    }
}

impl LogLevel {
    fn facade(self) -> log::Level {
        match self {
            Self::Error => log::Level::Error,
            Self::Warn => log::Level::Warn,
            Self::Info => log::Level::Info,
            Self::Debug => log::Level::Debug,
        }
    }
}

const TARGET: &str = "ossmpu";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_gets_its_level_and_more_severe_ones() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let logger = Logger::new(
            LogLevel::Info,
            Box::new(move |level, line| sink.lock().unwrap().push((level, line.to_owned()))),
        );
        logger.debug(|| unreachable!("this level is disabled"));
        logger.info(|| "one".to_owned());
        logger.warn(|| "two".to_owned());
        let expected = [(LogLevel::Info, "one".to_owned()), (LogLevel::Warn, "two".to_owned())];
        assert_eq!(*lines.lock().unwrap(), expected);
    }
}
