//! Runs the fault matrix, several cases at a time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use oss_emulator::Emulator;

use crate::cases::{Case, all};
use crate::fixture::BUCKET;
use crate::run::run;

/// A case spends most of its time waiting.
const CONCURRENT_CASES: usize = 16;

#[test]
fn each_fault_ends_in_success_or_the_right_error_and_leftovers_are_reported() {
    let filter = std::env::var("FAULTS").unwrap_or_default();
    let cases: Vec<Case> = all().into_iter().filter(|case| case.name().contains(&filter)).collect();
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..CONCURRENT_CASES {
            scope.spawn(|| {
                let emulator = emulator();
                while let Some((index, case)) = next_case(&cases, &next) {
                    if let Err(failure) = run(case, index, &emulator) {
                        let line = format!("{}: {failure}", case.name());
                        failures.lock().unwrap().push(line);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{} of {} cases:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

fn next_case<'a>(cases: &'a [Case], next: &AtomicUsize) -> Option<(usize, &'a Case)> {
    let index = next.fetch_add(1, Ordering::SeqCst);
    cases.get(index).map(|case| (index, case))
}

fn emulator() -> Emulator {
    Emulator::builder()
        .bucket(BUCKET)
        .region("cn-hangzhou")
        .access_key("test-id", "test-secret")
        .start()
        .unwrap()
}
