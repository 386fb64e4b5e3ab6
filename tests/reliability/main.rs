//! Reliability runs: `kill -9`, cancel, reset and a soak under random faults, thousands of times.
//!
//! A program, not a list of tests: it prints statistics and fails on any violation. Its actions
//! depend on the seed that it prints; their timing depends on the machine.
//!
//! `--seed N` repeats a run, `--percent N` runs a share of it, `--only NAME` one of the four.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test program prints its results, and panics where it cannot go on"
)]

mod cancels;
mod env;
#[expect(dead_code, reason = "the matrix of faults uses the rest")]
#[path = "../faults/fault.rs"]
mod fault;
#[expect(dead_code, reason = "the other tests use the rest")]
#[path = "../suite/fixture.rs"]
mod fixture;
#[path = "../faults/framing.rs"]
mod framing;
mod kills;
#[path = "../faults/leftovers.rs"]
mod leftovers;
#[path = "../faults/proxy.rs"]
mod proxy;
mod resets;
mod soak;
mod stats;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use stats::Stats;

/// The number of events of each run at 100 percent.
const KILLS: u64 = 200;
const CANCELS: u64 = 1000;
const RESETS: u64 = 1000;
const UPLOADS: u64 = 2000;

/// Longer than any call can take.
const HANG_TIMEOUT: Duration = Duration::from_secs(60);

type Scenario = fn(seed: u64, times: u64) -> Stats;

fn main() -> ExitCode {
    let number = |name: &str, default: u64| {
        argument(name).map_or(default, |value| value.parse().expect("a number"))
    };
    let seed = number("--seed", fastrand::u64(..1_000_000_000));
    let percent = number("--percent", 100);
    let only = argument("--only");
    println!("seed {seed}, {percent} % of the full runs");
    let scenarios: [(&str, u64, Scenario); 4] = [
        ("kill -9", KILLS, kills::run),
        ("cancel", CANCELS, cancels::run),
        ("reset", RESETS, resets::run),
        ("soak", UPLOADS, soak::run),
    ];
    std::thread::spawn(watch);
    let mut passed = true;
    for (name, times, scenario) in scenarios {
        if only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        let started = Instant::now();
        let stats = scenario(seed, (times * percent / 100).max(1));
        stats.print(name, started.elapsed());
        passed &= stats.violations.is_empty();
    }
    println!("{}", if passed { "no violation" } else { "VIOLATIONS FOUND" });
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Exits if no call or process has ended for a long time, because a call hangs.
fn watch() {
    let mut before = stats::ended();
    loop {
        std::thread::sleep(HANG_TIMEOUT);
        let now = stats::ended();
        if now == before {
            println!("A CALL HANGS: nothing has ended in {HANG_TIMEOUT:?}");
            std::process::exit(2);
        }
        before = now;
    }
}

/// The value after the argument of this name.
fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip(1);
    arguments.find(|argument| argument == name)?;
    Some(arguments.next().expect("a value"))
}
