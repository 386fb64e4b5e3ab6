//! The whole matrix, several cases at a time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use oss_emulator::Emulator;

use crate::cases::{Case, all};
use crate::fixture::BUCKET;
use crate::run::run;

/// Most of the time of a case is waiting.
const AT_ONCE: usize = 16;

#[test]
fn each_fault_ends_in_success_or_in_the_right_error_and_leaves_nothing_untold() {
    let filter = std::env::var("FAULTS").unwrap_or_default();
    let cases: Vec<Case> = all().into_iter().filter(|case| case.name().contains(&filter)).collect();
    let (next, complaints) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let emulator = emulator();
                while let Some((index, case)) = take(&cases, &next) {
                    if let Err(complaint) = run(case, index, &emulator) {
                        let line = format!("{}: {complaint}", case.name());
                        complaints.lock().unwrap().push(line);
                    }
                }
            });
        }
    });
    let complaints = complaints.into_inner().unwrap();
    assert!(
        complaints.is_empty(),
        "{} of {} cases:\n{}",
        complaints.len(),
        cases.len(),
        complaints.join("\n")
    );
}

fn take<'a>(cases: &'a [Case], next: &AtomicUsize) -> Option<(usize, &'a Case)> {
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
