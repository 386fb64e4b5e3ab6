//! Statistics of a run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ossmpu::{Result, UploadResult};

#[derive(Debug, Default)]
pub struct Stats {
    pub bytes_sent: u64,
    pub faults: u64,
    pub retries: u64,
    /// Objects that equal their source.
    pub verified: u64,
    /// Failed calls by error kind.
    pub failed: BTreeMap<String, u64>,
    /// Uploads left behind and reported by the error or the log.
    pub reported: u64,
    /// Violations of what the library guarantees.
    pub violations: Vec<String>,
    /// Further results to print.
    pub notes: Vec<String>,
}

impl Stats {
    /// Adds the outcome of a call and the number of uploads left behind, or a violation.
    pub fn add(&mut self, outcome: &Result<UploadResult>, left: Result<usize, String>) {
        count_end();
        match (outcome, left) {
            (_, Err(failure)) => self.violations.push(failure),
            (Ok(_), Ok(left)) => {
                self.verified += 1;
                self.reported += left as u64;
            }
            (Err(error), Ok(left)) => {
                *self.failed.entry(format!("{:?}", error.kind())).or_default() += 1;
                self.reported += left as u64;
            }
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.bytes_sent += other.bytes_sent;
        self.faults += other.faults;
        self.retries += other.retries;
        self.verified += other.verified;
        self.reported += other.reported;
        self.violations.extend(other.violations);
        self.notes.extend(other.notes);
        for (kind, count) in other.failed {
            *self.failed.entry(kind).or_default() += count;
        }
    }

    pub fn print(&self, name: &str, took: Duration) {
        println!("\n{name}, in {:.1} s", took.as_secs_f64());
        println!("  MiB sent          {:.1}", self.bytes_sent as f64 / (1024.0 * 1024.0));
        println!("  faults            {}", self.faults);
        println!("  retries           {}", self.retries);
        println!("  objects verified  {}", self.verified);
        for (kind, count) in &self.failed {
            println!("  failed, {kind:<9} {count}");
        }
        println!("  uploads left, reported {}", self.reported);
        for note in &self.notes {
            println!("  {note}");
        }
        println!("  violations        {}", self.violations.len());
        for line in self.violations.iter().take(LINES_MAX) {
            println!("    {line}");
        }
    }
}

/// The number of ended calls and processes, for the watchdog.
static ENDED: AtomicU64 = AtomicU64::new(0);

pub fn count_end() {
    ENDED.fetch_add(1, Ordering::Relaxed);
}

pub fn ended() -> u64 {
    ENDED.load(Ordering::Relaxed)
}

/// The maximum number of violations that are printed.
const LINES_MAX: usize = 20;
