//! The long counts: `kill -9`, cancel, reset and a soak under random faults, thousands of times.
//!
//! A program, not a list of tests: it prints what it did and what came of it, and fails if anything
//! was lost. What it does depends on the seed that it prints; when, on the machine.
//!
//! `--seed N` repeats a run, `--percent N` does a share of it, `--only NAME` one of the four.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program of the tests talks to its user, and fails where it cannot go on"
)]

mod cancels;
mod counts;
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

use std::process::ExitCode;
use std::time::{Duration, Instant};

use counts::Tally;

/// How many times each thing is done in a full run.
const KILLS: u64 = 200;
const CANCELS: u64 = 1000;
const RESETS: u64 = 1000;
const UPLOADS: u64 = 2000;

/// No call can take so long.
const HANGS: Duration = Duration::from_secs(60);

type Count = fn(seed: u64, times: u64) -> Tally;

fn main() -> ExitCode {
    let number = |name: &str, default: u64| {
        argument(name).map_or(default, |value| value.parse().expect("a number"))
    };
    let seed = number("--seed", fastrand::u64(..1_000_000_000));
    let percent = number("--percent", 100);
    let only = argument("--only");
    println!("seed {seed}, {percent} % of the full counts");
    let counts: [(&str, u64, Count); 4] = [
        ("kill -9", KILLS, kills::run),
        ("cancel", CANCELS, cancels::run),
        ("reset", RESETS, resets::run),
        ("soak", UPLOADS, soak::run),
    ];
    std::thread::spawn(watch);
    let mut is_sound = true;
    for (name, times, count) in counts {
        if only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        let begun = Instant::now();
        let tally = count(seed, (times * percent / 100).max(1));
        tally.print(name, begun.elapsed());
        is_sound &= tally.lost.is_empty();
    }
    println!("{}", if is_sound { "nothing was lost" } else { "SOMETHING WAS LOST" });
    if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Ends the program when nothing has ended for a long time: a call hangs.
fn watch() {
    let mut before = counts::ended();
    loop {
        std::thread::sleep(HANGS);
        let now = counts::ended();
        if now == before {
            println!("A CALL HANGS: nothing has ended in {HANGS:?}");
            std::process::exit(2);
        }
        before = now;
    }
}

/// The value behind an argument of that name.
fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip(1);
    arguments.find(|argument| argument == name)?;
    Some(arguments.next().expect("a value"))
}
