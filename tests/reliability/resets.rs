//! Uploads whose connections are reset at random bytes, one to three times each. All must succeed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use fastrand::Rng;
use ossmpu::{Cancel, LogLevel};

use crate::env::{Env, content, key};
use crate::fault::{Fault, FaultKind, Op, Position, Section};
use crate::fixture::{PART, small_parts};
use crate::leftovers::Leftovers;
use crate::proxy::Proxy;
use crate::stats::Stats;

const THREADS: u64 = 8;
/// More attempts than consecutive resets.
const ATTEMPTS: u32 = 10;

pub fn run(seed: u64, times: u64) -> Stats {
    let (total, done) = (Mutex::new(Stats::default()), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (total, done) = (&total, &done);
            scope.spawn(move || {
                let (mut rng, env) = (Rng::with_seed(seed ^ thread), Env::new());
                let (mut stats, mut number) = (Stats::default(), 0);
                while done.load(Ordering::SeqCst) < times {
                    number += 1;
                    let resets = upload(&mut rng, &env, number, &mut stats);
                    done.fetch_add(resets, Ordering::SeqCst);
                }
                stats.bytes_sent = env.bytes_received();
                total.lock().unwrap().merge(stats);
            });
        }
    });
    total.into_inner().unwrap()
}

/// Runs one upload and returns its number of resets.
fn upload(rng: &mut Rng, env: &Env, number: u64, stats: &mut Stats) -> u64 {
    let faults = (0..rng.usize(1..=3)).map(|_| reset(rng)).collect();
    let proxy = Proxy::start(env.emulator.addr(), faults);
    let (client, log) = env.client(&proxy.url(), LogLevel::Info, |config| {
        config.set_max_attempts(ATTEMPTS).unwrap();
    });
    let (content, key) = (content(number, 3 * PART + 1), key("reset", number));
    let outcome =
        client.put_data(&env.bucket, &key, content.clone(), &small_parts(), &Cancel::never());
    let resets = proxy.end() as u64;
    let (lines, retries) = log.take_text();
    let leftovers =
        Leftovers { emulator: &env.emulator, key: key.as_str(), content: &content, log: &lines };
    stats.add(&outcome, leftovers.check(&outcome));
    if let Err(error) = outcome {
        stats.violations.push(format!("a reset failed the call: {error}"));
    }
    stats.faults += resets;
    stats.retries += retries;
    resets
}

fn reset(rng: &mut Rng) -> Fault {
    let op = [Op::Initiate, Op::UploadPart, Op::UploadPart, Op::UploadPart, Op::Complete]
        [rng.usize(..5)];
    let sections: &[Section] = if op == Op::Initiate {
        &[Section::RequestHead, Section::ResponseHead, Section::ResponseBody]
    } else {
        &[Section::RequestHead, Section::RequestBody, Section::RequestBody, Section::ResponseHead]
    };
    let section = sections[rng.usize(..sections.len())];
    let position = match rng.u8(..4) {
        0 => Position::Middle,
        1 => Position::Last,
        _ => Position::Byte(rng.u64(..400)),
    };
    let nth = if op == Op::UploadPart { rng.usize(1..=4) } else { 1 };
    Fault::once(op, section, position, FaultKind::Reset).nth(nth)
}
