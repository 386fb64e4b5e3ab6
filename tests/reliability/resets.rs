//! Uploads whose connections are reset at random bytes, one to three times each. All succeed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use fastrand::Rng;
use ossmpu::{Cancel, LogLevel};

use crate::counts::Tally;
use crate::env::{Env, content, key};
use crate::fault::{At, Fault, Harm, Op, Section};
use crate::fixture::{PART, small_parts};
use crate::leftovers::Remains;
use crate::proxy::Proxy;

const AT_ONCE: u64 = 8;
/// So many resets in a row must not end a call.
const ATTEMPTS: u32 = 10;

pub fn run(seed: u64, times: u64) -> Tally {
    let (total, done) = (Mutex::new(Tally::default()), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for lane in 0..AT_ONCE {
            let (total, done) = (&total, &done);
            scope.spawn(move || {
                let (mut rng, world) = (Rng::with_seed(seed ^ lane), Env::new());
                let (mut tally, mut number) = (Tally::default(), 0);
                while done.load(Ordering::SeqCst) < times {
                    number += 1;
                    let resets = upload(&mut rng, &world, number, &mut tally);
                    done.fetch_add(resets, Ordering::SeqCst);
                }
                tally.bytes_sent = world.bytes_received();
                total.lock().unwrap().merge(tally);
            });
        }
    });
    total.into_inner().unwrap()
}

/// One upload; says how many resets it met.
fn upload(rng: &mut Rng, world: &Env, number: u64, tally: &mut Tally) -> u64 {
    let faults = (0..rng.usize(1..=3)).map(|_| reset(rng)).collect();
    let proxy = Proxy::start(world.emulator.addr(), faults);
    let (client, log) = world.client(&proxy.url(), LogLevel::Info, |config| {
        config.set_max_attempts(ATTEMPTS).unwrap();
    });
    let (content, key) = (content(number, 3 * PART + 1), key("reset", number));
    let outcome =
        client.put_data(&world.bucket, &key, content.clone(), &small_parts(), &Cancel::never());
    let resets = proxy.end() as u64;
    let (lines, retries) = log.take_text();
    let remains =
        Remains { emulator: &world.emulator, key: key.as_str(), content: &content, log: &lines };
    tally.add(&outcome, remains.judge(&outcome));
    if let Err(error) = outcome {
        tally.lost.push(format!("a reset ended the call: {error}"));
    }
    tally.faults += resets;
    tally.retries += retries;
    resets
}

fn reset(rng: &mut Rng) -> Fault {
    let op = [Op::Initiate, Op::UploadPart, Op::UploadPart, Op::UploadPart, Op::Complete]
        [rng.usize(..5)];
    let sections: &[Section] = if op == Op::Initiate {
        &[Section::RequestHead, Section::ReplyHead, Section::ReplyBody]
    } else {
        &[Section::RequestHead, Section::RequestBody, Section::RequestBody, Section::ReplyHead]
    };
    let section = sections[rng.usize(..sections.len())];
    let at = match rng.u8(..4) {
        0 => At::Middle,
        1 => At::Last,
        _ => At::Byte(rng.u64(..400)),
    };
    let nth = if op == Op::UploadPart { rng.usize(1..=4) } else { 1 };
    Fault::once(op, section, at, Harm::Reset).nth(nth)
}
