//! What was counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ossmpu::{Result, UploadResult};

#[derive(Debug, Default)]
pub struct Tally {
    pub bytes_sent: u64,
    pub faults: u64,
    pub retries: u64,
    /// Objects that were read back and found to be the source.
    pub verified: u64,
    /// Calls that failed, by kind.
    pub failed: BTreeMap<String, u64>,
    /// Uploads that are left, as the error or the log says.
    pub told: u64,
    /// Everything that is not as it should be.
    pub lost: Vec<String>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

impl Tally {
    /// A call that has ended, and how many uploads it has left.
    pub fn add(&mut self, outcome: &Result<UploadResult>, left: Result<usize, String>) {
        something_ended();
        match (outcome, left) {
            (_, Err(complaint)) => self.lost.push(complaint),
            (Ok(_), Ok(left)) => {
                self.verified += 1;
                self.told += left as u64;
            }
            (Err(error), Ok(left)) => {
                *self.failed.entry(format!("{:?}", error.kind())).or_default() += 1;
                self.told += left as u64;
            }
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.bytes_sent += other.bytes_sent;
        self.faults += other.faults;
        self.retries += other.retries;
        self.verified += other.verified;
        self.told += other.told;
        self.lost.extend(other.lost);
        self.notes.extend(other.notes);
        for (kind, count) in other.failed {
            *self.failed.entry(kind).or_default() += count;
        }
    }

    pub fn print(&self, name: &str, took: Duration) {
        println!("\n{name}, in {:.1} s", took.as_secs_f64());
        println!("  MiB sent          {:.1}", self.bytes_sent as f64 / (1024.0 * 1024.0));
        println!("  faults met        {}", self.faults);
        println!("  retries           {}", self.retries);
        println!("  objects verified  {}", self.verified);
        for (kind, count) in &self.failed {
            println!("  failed, {kind:<9} {count}");
        }
        println!("  uploads left, as told  {}", self.told);
        for note in &self.notes {
            println!("  {note}");
        }
        println!("  lost              {}", self.lost.len());
        for line in self.lost.iter().take(LINES_MAX) {
            println!("    {line}");
        }
    }
}

/// The calls and processes that have ended, for the watchdog.
static ENDED: AtomicU64 = AtomicU64::new(0);

pub fn something_ended() {
    ENDED.fetch_add(1, Ordering::Relaxed);
}

pub fn ended() -> u64 {
    ENDED.load(Ordering::Relaxed)
}

/// So many complaints tell enough.
const LINES_MAX: usize = 20;
