//! Sends log lines to the `log` facade and to the callback of a client.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::error::one_line;
use crate::platform::{ForkGuard, ThreadId, is_library_thread};
use crate::runtime::{Deadline, IgnorePoison};

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

/// Logs nothing.
pub(super) static SILENT: Logger = Logger(None);

/// The callback and the lines that it has not received yet.
///
/// One thread at a time delivers lines, without a lock; the others only queue them. Workers never
/// deliver, because a call waits for the parts that they send.
struct LogCallback {
    level: LogLevel,
    sink: LogSink,
    queue: Mutex<LogQueue>,
}

#[derive(Default)]
struct LogQueue {
    lines: VecDeque<(LogLevel, String)>,
    /// Lines that had no room since the last one that had.
    dropped: u64,
    /// The thread that delivers lines.
    deliverer: Option<ThreadId>,
}

/// Lets another thread deliver when it is dropped, also by unwinding.
struct LogDelivery<'a>(&'a LogCallback);

impl Logger {
    pub(crate) fn new(level: LogLevel, sink: LogSink) -> Self {
        Self(Some(Arc::new(LogCallback { level, sink, queue: Mutex::default() })))
    }

    /// Logs a line, which is formatted only if the level is enabled. Its text may contain a key or a
    /// response of the server.
    pub(crate) fn log(&self, level: LogLevel, line: impl FnOnce() -> String) {
        let callback = self.0.as_ref().filter(|callback| level <= callback.level);
        let facade = log::log_enabled!(target: TARGET, level.facade());
        if callback.is_none() && !facade {
            return;
        }
        let line = one_line(&line());
        if facade {
            log::log!(target: TARGET, level.facade(), "{line}");
        }
        if let Some(callback) = callback {
            callback.lock().push(callback.level, level, line);
            if !is_library_thread() {
                callback.deliver();
            }
        }
    }

    /// Delivers the lines of the workers, unless another thread is doing so.
    pub(crate) fn deliver(&self) {
        if let Some(callback) = &self.0 {
            callback.deliver();
        }
    }

    /// When a thread that waits for workers has to deliver their lines.
    pub(crate) fn next_delivery(&self) -> Deadline {
        self.0.as_ref().map_or(Deadline::NEVER, |_| Deadline::after(DELIVERY_INTERVAL))
    }

    /// True if this thread runs the callback.
    pub(crate) fn is_delivering(&self) -> bool {
        let current = Some(ThreadId::current());
        self.0.as_ref().is_some_and(|callback| callback.lock().deliverer == current)
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

impl LogCallback {
    /// Delivers the queued lines, at most as many as the queue holds, so that the lines of others
    /// do not keep this thread forever.
    fn deliver(&self) {
        let Some(delivery) = self.begin_delivery() else { return };
        let process = ForkGuard::current();
        for _ in 0..QUEUE_MAX {
            let Some((level, line)) = self.lock().pop_or_end_delivery(self.level) else {
                return std::mem::forget(delivery);
            };
            (self.sink)(level, &line);
            if !process.is_current() {
                // In a forked child, a thread that does not exist there may hold the lock.
                return std::mem::forget(delivery);
            }
        }
    }

    fn begin_delivery(&self) -> Option<LogDelivery<'_>> {
        let mut queue = self.lock();
        if queue.deliverer.is_some() || queue.lines.is_empty() {
            return None;
        }
        queue.deliverer = Some(ThreadId::current());
        Some(LogDelivery(self))
    }

    fn lock(&self) -> MutexGuard<'_, LogQueue> {
        self.queue.lock().ignore_poison()
    }
}

impl LogQueue {
    fn push(&mut self, enabled: LogLevel, level: LogLevel, line: String) {
        if self.lines.len() >= QUEUE_MAX {
            self.dropped += 1;
            return;
        }
        let notice = self.take_notice(enabled);
        self.lines.extend(notice);
        self.lines.push_back((level, line));
    }

    /// Takes the next line. If there is none, a thread that adds one from now on delivers it.
    fn pop_or_end_delivery(&mut self, enabled: LogLevel) -> Option<(LogLevel, String)> {
        let next = self.lines.pop_front().or_else(|| self.take_notice(enabled));
        if next.is_none() {
            self.deliverer = None;
        }
        next
    }

    /// The line that says how many lines were dropped.
    fn take_notice(&mut self, enabled: LogLevel) -> Option<(LogLevel, String)> {
        let dropped = std::mem::take(&mut self.dropped);
        let text = || format!("{dropped} log lines were dropped: the log callback was too slow");
        (dropped > 0).then(|| (enabled.min(LogLevel::Warn), text()))
    }
}

impl Drop for LogDelivery<'_> {
    fn drop(&mut self) {
        self.0.lock().deliverer = None;
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

/// The maximum number of queued lines.
const QUEUE_MAX: usize = 1000;

/// How often a thread that waits for workers delivers their lines.
const DELIVERY_INTERVAL: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::spawn_library_thread;

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

    #[test]
    fn a_key_cannot_forge_a_line() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let push = move |_, line: &str| sink.lock().unwrap().push(line.to_owned());
        let logger = Logger::new(LogLevel::Info, Box::new(push));
        logger.info(|| format!("initiated {}", "x\nERROR forged\u{1b}[2K"));
        assert_eq!(*lines.lock().unwrap(), ["initiated x ERROR forged [2K"]);
    }

    #[test]
    fn a_callback_that_does_not_return_delays_only_its_own_thread() {
        use std::sync::mpsc;
        let (entered, in_callback) = mpsc::channel();
        let (let_go, gate) = mpsc::channel::<()>();
        let gate = Mutex::new(gate);
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let logger = Logger::new(
            LogLevel::Error,
            Box::new(move |_, line| {
                if line == "first" {
                    entered.send(()).unwrap();
                    gate.lock().unwrap().recv().unwrap();
                }
                sink.lock().unwrap().push(line.to_owned());
            }),
        );
        let error = |logger: &Logger, line: String| logger.log(LogLevel::Error, || line);
        std::thread::scope(|scope| {
            let stuck = scope.spawn(|| {
                error(&logger, "first".to_owned());
                logger.is_delivering()
            });
            in_callback.recv().unwrap();
            for number in 0..QUEUE_MAX + 7 {
                error(&logger, number.to_string());
            }
            assert!(!logger.is_delivering() && lines.lock().unwrap().is_empty());
            let_go.send(()).unwrap();
            assert!(!stuck.join().unwrap());
        });
        logger.deliver();
        error(&logger, "last".to_owned());
        let lines = lines.lock().unwrap();
        assert_eq!(lines.len(), QUEUE_MAX + 3);
        assert_eq!((lines[0].as_str(), lines[1].as_str()), ("first", "0"));
        assert!(lines[QUEUE_MAX + 1].starts_with("7 log lines were dropped"));
        assert_eq!(lines[QUEUE_MAX + 2], "last");
    }

    #[test]
    fn a_worker_queues_its_lines_for_a_caller() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let push = move |_, line: &str| sink.lock().unwrap().push(line.to_owned());
        let logger = Logger::new(LogLevel::Info, Box::new(push));
        let of_worker = logger.clone();
        let run = move || of_worker.info(|| "of a worker".to_owned());
        spawn_library_thread("test".to_owned(), 1 << 20, run).unwrap().join().unwrap();
        assert!(lines.lock().unwrap().is_empty());
        logger.deliver();
        assert_eq!(*lines.lock().unwrap(), ["of a worker"]);
    }
}
