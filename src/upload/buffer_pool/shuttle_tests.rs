//! In every order of the threads the budget holds and each thread that waits for it is woken.

use std::sync::Arc;

use shuttle::{check_dfs, check_pct, thread};

use super::{Buffer, BufferPool};
use crate::error::ErrorKind;
use crate::runtime::{Cancel, Deadline, Event};

/// Takes a buffer as a stream does: asks, waits, forgets the wake-up, asks again.
fn take(buffers: &BufferPool, size: usize) -> Option<Buffer> {
    let event = Arc::new(Event::new().unwrap());
    loop {
        let taken = buffers.take(size, &event);
        check(buffers);
        match taken {
            Ok(Some(buffer)) => return Some(buffer),
            Ok(None) => {
                Cancel::never().wait_for_event(&event, Deadline::NEVER);
                event.clear();
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Memory);
                return None;
            }
        }
    }
}

fn check(buffers: &BufferPool) {
    let state = buffers.0.lock();
    let spare: usize = state.spare.iter().map(Vec::len).sum();
    assert!(state.allocated <= buffers.0.limit, "the budget is exceeded");
    assert!(state.filling + spare <= state.allocated);
}

/// Every buffer is spare again.
fn check_at_rest(buffers: &BufferPool) {
    check(buffers);
    let state = buffers.0.lock();
    let spare: usize = state.spare.iter().map(Vec::len).sum();
    assert_eq!((state.filling, spare), (0, state.allocated));
}

#[test]
fn a_stream_that_waits_gets_the_buffer_that_is_given_back() {
    check_dfs(
        || {
            let buffers = BufferPool::new(100);
            let held = take(&buffers, 100).unwrap().seal();
            let address = held.as_ptr();
            let worker = thread::spawn(move || drop(held));
            let again = take(&buffers, 100).unwrap();
            assert_eq!(again.bytes.as_ptr(), address);
            worker.join().unwrap();
            drop(again);
            check_at_rest(&buffers);
        },
        None,
    );
}

#[test]
fn two_streams_that_wait_both_get_their_turn() {
    check_pct(
        || {
            let buffers = BufferPool::new(200);
            let held = [(); 2].map(|()| take(&buffers, 100).unwrap().seal());
            let other = buffers.clone();
            let stream = thread::spawn(move || drop(take(&other, 100).unwrap().seal()));
            let worker = thread::spawn(move || drop(held));
            drop(take(&buffers, 100).unwrap().seal());
            stream.join().unwrap();
            worker.join().unwrap();
            check_at_rest(&buffers);
        },
        SCHEDULES,
        3,
    );
}

/// Here a stream may also get an error, because other streams fill all buffers.
#[test]
fn streams_with_parts_of_several_sizes_never_wait_for_ever() {
    check_pct(
        || {
            let buffers = BufferPool::new(300);
            let streams = [100, 100, 200, 300].map(|size| {
                let buffers = buffers.clone();
                thread::spawn(move || {
                    for _ in 0..2 {
                        if let Some(full) = take(&buffers, size) {
                            let sealed = full.seal();
                            thread::spawn(move || drop(sealed));
                        }
                    }
                })
            });
            for stream in streams {
                stream.join().unwrap();
            }
            check(&buffers);
        },
        SCHEDULES,
        3,
    );
}

const SCHEDULES: usize = 5_000;
