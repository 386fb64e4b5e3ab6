//! Streams whose parts are hashed in groups share a memory limit with room for fewer parts than a
//! group. In every order of the threads all parts are sent.

use std::sync::Arc;
use std::time::Instant;

use shuttle::{check_random, thread};

use super::tests::queue_with_md5;
use super::{PartHashing, StreamQueue};
use crate::codec::md5::Kernel;
use crate::model::PartNumber;
use crate::platform::Interest;
use crate::runtime::{Cancel, Deadline, run_clock, simulated, stop_clock};
use crate::upload::buffer_pool::{BufferPool, FilledBy};

/// Fills and queues parts as a stream does, and starts the workers that send them.
fn run_stream(buffers: &BufferPool) {
    let queue = StreamQueue {
        hashing: PartHashing { kernel: Kernel::Scalar, group: 3 },
        parallelism: 2,
        ..queue_with_md5()
    };
    let queue = Arc::new(queue);
    for part in 0..PARTS {
        let mut request = buffers.request(PART, FilledBy::Reader, &queue.changed).unwrap();
        let buffer = loop {
            if let Some(buffer) = request.try_take().expect("a request that could wait") {
                break buffer;
            }
            wait(&queue, request.check_at());
        };
        while !queue.has_room() {
            wait(&queue, Deadline::NEVER);
        }
        if queue.push(PartNumber::from_index(part).unwrap(), buffer) {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                while let Some(claim) = queue.take() {
                    claim.end();
                }
            });
        }
    }
    queue.close();
    while !queue.is_idle() {
        wait(&queue, Deadline::NEVER);
    }
}

fn wait(queue: &StreamQueue, until: Deadline) {
    let fd = Some((queue.changed.descriptor(), Interest::Read));
    Cancel::never().wait_for(fd, until);
    queue.changed.clear();
}

#[test]
fn streams_that_hash_in_groups_share_less_memory_than_a_group() {
    check_random(
        || {
            simulated::set(Some(Instant::now()));
            let clock = thread::spawn(run_clock);
            let buffers = BufferPool::new(2 * PART as u64);
            let streams = [(); 3].map(|()| {
                let buffers = buffers.clone();
                thread::spawn(move || run_stream(&buffers))
            });
            for stream in streams {
                stream.join().unwrap();
            }
            stop_clock();
            clock.join().unwrap();
            simulated::set(None);
        },
        SCHEDULES,
    );
}

const PART: usize = 100;
const PARTS: usize = 3;
const SCHEDULES: usize = 1_000;
