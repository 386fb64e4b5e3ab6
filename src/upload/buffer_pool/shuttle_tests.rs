//! In every order of the threads the budget holds and each request that waits is served in turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use shuttle::{check_dfs, check_pct, thread};

use super::{Buffer, BufferPool, BufferRequest, FilledBy};
use crate::runtime::{Cancel, Deadline, Event};

/// Takes a buffer as a stream does: asks, waits, forgets the wake-up, asks again.
fn take(buffers: &BufferPool, size: usize) -> Buffer {
    take_for(FilledBy::Reader, buffers, size)
}

fn take_for(filled_by: FilledBy, buffers: &BufferPool, size: usize) -> Buffer {
    let event = Arc::new(Event::new().unwrap());
    let request = buffers.request(size, filled_by, &event).unwrap();
    wait_for(buffers, request, &event)
}

fn wait_for(buffers: &BufferPool, mut request: BufferRequest, event: &Event) -> Buffer {
    loop {
        let taken = request.try_take();
        check(buffers);
        if let Some(buffer) = taken.expect("a request that could wait") {
            return buffer;
        }
        Cancel::never().wait_for_event(event, Deadline::NEVER);
        event.clear();
    }
}

fn check(buffers: &BufferPool) {
    let state = buffers.0.lock();
    let spare: usize = state.spare.iter().map(|bytes| bytes.len()).sum();
    assert!(state.allocated <= buffers.0.limit, "the budget is exceeded");
    assert!(state.filling + spare <= state.allocated);
}

/// Every buffer is spare again, and no request is left.
fn check_at_rest(buffers: &BufferPool) {
    check(buffers);
    let state = buffers.0.lock();
    let spare: usize = state.spare.iter().map(|bytes| bytes.len()).sum();
    assert_eq!((state.filling, spare, state.waiting.len()), (0, state.allocated, 0));
}

#[test]
fn a_stream_that_waits_gets_the_buffer_that_is_given_back() {
    check_dfs(
        || {
            let buffers = BufferPool::new(100);
            let held = take(&buffers, 100);
            let address = held.as_ptr();
            let worker = thread::spawn(move || drop(held));
            let again = take(&buffers, 100);
            assert_eq!(again.bytes.as_ptr(), address);
            worker.join().unwrap();
            drop(again);
            check_at_rest(&buffers);
        },
        None,
    );
}

/// Eight streams with parts of several sizes, as in a program with more threads than memory. None
/// of them fails, and all of their parts are served.
#[test]
fn many_streams_share_a_budget_that_is_too_small_for_all_of_them() {
    check_pct(
        || {
            let buffers = BufferPool::new(300);
            let streams = [100, 100, 100, 100, 200, 200, 300, 300].map(|size| {
                let buffers = buffers.clone();
                thread::spawn(move || {
                    for _ in 0..2 {
                        let sealed = take(&buffers, size);
                        thread::spawn(move || drop(sealed));
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

#[test]
fn a_large_part_is_not_overtaken_by_small_ones() {
    check_pct(
        || {
            let buffers = BufferPool::new(200);
            let (waits, served) =
                (Arc::new(AtomicBool::default()), Arc::new(AtomicBool::default()));
            let small = [(); 2].map(|()| {
                let (buffers, waits, served) = (buffers.clone(), waits.clone(), served.clone());
                thread::spawn(move || {
                    for _ in 0..4 {
                        let comes_later = waits.load(Ordering::SeqCst);
                        let buffer = take(&buffers, 100);
                        assert!(!comes_later || served.load(Ordering::SeqCst), "overtaken");
                        thread::spawn(move || drop(buffer));
                    }
                })
            });
            let event = Arc::new(Event::new().unwrap());
            let mut request = buffers.request(200, FilledBy::Reader, &event).unwrap();
            let taken = request.try_take().unwrap();
            waits.store(true, Ordering::SeqCst);
            let buffer = taken.unwrap_or_else(|| wait_for(&buffers, request, &event));
            served.store(true, Ordering::SeqCst);
            drop(buffer);
            for stream in small {
                stream.join().unwrap();
            }
            check(&buffers);
        },
        SCHEDULES,
        3,
    );
}

#[test]
fn a_request_that_is_canceled_lets_the_next_one_be_served() {
    check_pct(
        || {
            let buffers = BufferPool::new(100);
            let held = take(&buffers, 100);
            let canceled = {
                let event = Arc::new(Event::new().unwrap());
                let mut request = buffers.request(100, FilledBy::Reader, &event).unwrap();
                assert!(request.try_take().unwrap().is_none());
                request
            };
            let canceler = thread::spawn(move || drop(canceled));
            let worker = thread::spawn(move || drop(held));
            drop(take(&buffers, 100));
            canceler.join().unwrap();
            worker.join().unwrap();
            check_at_rest(&buffers);
        },
        SCHEDULES,
        3,
    );
}

/// The writers hold all buffers, but each of them is written to by a thread of its own.
#[test]
fn writers_wait_for_writers_that_other_threads_fill() {
    check_pct(
        || {
            let buffers = BufferPool::new(200);
            let writers = [(); 4].map(|()| {
                let buffers = buffers.clone();
                thread::spawn(move || {
                    for _ in 0..2 {
                        let mut buffer = take_for(FilledBy::Writes, &buffers, 100);
                        buffer.advance(50);
                        thread::yield_now();
                        buffer.advance(50);
                        drop(buffer.seal());
                    }
                })
            });
            for writer in writers {
                writer.join().unwrap();
            }
            check_at_rest(&buffers);
        },
        SCHEDULES,
        3,
    );
}

const SCHEDULES: usize = 5_000;
