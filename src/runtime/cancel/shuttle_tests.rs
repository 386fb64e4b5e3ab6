//! A wait never misses a trigger, in any interleaving of the threads.

use std::sync::Arc;

use shuttle::{check_dfs, check_pct, thread};

use super::{Cancel, Interest, Wake};
use crate::runtime::{Deadline, Event};

/// The tokens of the caller, the call and the part.
fn chain() -> [Cancel; 3] {
    let caller = Cancel::build(None, None).unwrap();
    let call = caller.child().unwrap();
    let part = call.child().unwrap();
    [caller, call, part]
}

#[test]
fn a_wait_ends_when_any_ancestor_is_triggered() {
    for triggered in 0..3 {
        check_dfs(
            move || {
                let tokens = chain();
                let part = tokens[2].clone();
                let waiting = thread::spawn(move || part.wait(Deadline::NEVER));
                tokens[triggered].trigger();
                assert!(waiting.join().unwrap());
                for (index, token) in tokens.iter().enumerate() {
                    assert_eq!(token.is_triggered(), index >= triggered);
                }
            },
            None,
        );
    }
}

#[test]
fn every_wait_ends_with_many_waiting_and_triggering_threads() {
    check_pct(
        || {
            let tokens = chain();
            let waits = tokens.iter().chain(&tokens).map(|token| {
                let token = token.clone();
                thread::spawn(move || assert!(token.wait(Deadline::NEVER)))
            });
            let triggers = [(); 2].map(|()| {
                let token = tokens[0].clone();
                thread::spawn(move || token.trigger())
            });
            let threads: Vec<_> = waits.chain(triggers).collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        },
        SCHEDULES,
        3,
    );
}

#[test]
fn a_ready_descriptor_does_not_hide_a_trigger() {
    check_dfs(
        || {
            let [caller, call, _] = chain();
            let event = Arc::new(Event::new().unwrap());
            let ready = Arc::clone(&event);
            let other = thread::spawn(move || {
                ready.set();
                caller.trigger();
            });
            let fd = Some((event.descriptor(), Interest::Read));
            let woken = call.wait_for(fd, Deadline::NEVER);
            if woken == Wake::Ready {
                event.clear();
                assert_eq!(call.wait_for(fd, Deadline::NEVER), Wake::Canceled);
            }
            assert!(woken != Wake::TimedOut && call.is_triggered());
            other.join().unwrap();
        },
        None,
    );
}

const SCHEDULES: usize = 5_000;
