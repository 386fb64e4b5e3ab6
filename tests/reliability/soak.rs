//! Many uploads of every kind under random faults of wire and server, several at a time.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use oss_emulator::{Action, Commit, Rule};
use ossmpu::{Cancel, Client, ErrorKind, Integrity, LogLevel, Result, UploadOptions, UploadResult};

use crate::counts::Tally;
use crate::env::{Env, content, key};
use crate::fault::{At, Fault, Harm, Op, Section};
use crate::fixture::{MIB, PART, file, small_parts};
use crate::leftovers::Remains;
use crate::proxy::Proxy;

const AT_ONCE: u64 = 8;
/// So many uploads share a client, its connections and its retry budget.
const OF_ONE_CLIENT: u64 = 25;
/// So many faults lie in their way.
const FAULTS: usize = 30;
const LIMIT: Duration = Duration::from_secs(1);

pub fn run(seed: u64, times: u64) -> Tally {
    let (total, next) = (Mutex::new(Tally::default()), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for lane in 0..AT_ONCE {
            let (total, next) = (&total, &next);
            scope.spawn(move || {
                let (mut rng, world) = (Rng::with_seed(seed ^ lane), Env::new());
                let mut tally = Tally::default();
                while let Some(batch) = take(next, times) {
                    run_batch(&mut rng, &world, batch, &mut tally);
                }
                tally.bytes_sent = world.bytes_received();
                tally.faults +=
                    world.emulator.requests().iter().filter(|r| r.fault_injected).count() as u64;
                total.lock().unwrap().merge(tally);
            });
        }
    });
    total.into_inner().unwrap()
}

/// The numbers of the next uploads of one client.
fn take(next: &AtomicU64, times: u64) -> Option<std::ops::Range<u64>> {
    let first = next.fetch_add(OF_ONE_CLIENT, Ordering::SeqCst);
    (first < times).then(|| first..(first + OF_ONE_CLIENT).min(times))
}

fn run_batch(rng: &mut Rng, world: &Env, batch: std::ops::Range<u64>, tally: &mut Tally) {
    let faults = (0..FAULTS).map(|_| wire_fault(rng)).collect();
    let proxy = Proxy::start(world.emulator.addr(), faults);
    let (client, log) = world.client(&proxy.url(), LogLevel::Info, |config| {
        config
            .set_stall_timeout(LIMIT)
            .and_then(|c| c.set_response_timeout(LIMIT))
            .and_then(|c| c.set_complete_timeout(LIMIT))
            .unwrap();
    });
    for number in batch {
        let (content, key) = (content(number, rng.u64(1..8 * PART)), key("soak", number));
        if rng.u8(..4) == 0 {
            world.emulator.add_rule(server_fault(rng).key(key.as_str()));
        }
        let outcome = upload(rng, world, &client, &content, number);
        let (lines, retries) = log.take_text();
        tally.retries += retries;
        let remains = Remains {
            emulator: &world.emulator,
            key: key.as_str(),
            content: &content,
            log: &lines,
        };
        tally.add(&outcome, remains.judge(&outcome));
        if let Err(error) = outcome
            && error.kind() == ErrorKind::Canceled
        {
            tally.lost.push(format!("nobody cancelled, and yet: {error}"));
        }
    }
    drop(client);
    tally.faults += proxy.end() as u64;
}

/// By one of the ways that there are.
fn upload(
    rng: &mut Rng,
    world: &Env,
    client: &Client,
    content: &[u8],
    number: u64,
) -> Result<UploadResult> {
    let (bucket, key, cancel) = (&world.bucket, key("soak", number), Cancel::never());
    let mut options = small_parts();
    if rng.bool() {
        options.set_integrity(Integrity::CRC64 | Integrity::MD5);
    }
    match rng.u8(..5) {
        0 => {
            let mut options = UploadOptions::new();
            options.set_single_below(MIB)?;
            client.put_data(bucket, &key, content.to_vec(), &options, &cancel)
        }
        1 => client.put_file(bucket, &key, file(content).path(), &options, &cancel),
        2 => client.put_reader(bucket, &key, content, &options, &cancel),
        3 => {
            let mut writer = client.open_writer(bucket, &key, &options, &cancel)?;
            for piece in content.chunks(70_000) {
                writer.write_all(piece)?;
            }
            writer.finish()
        }
        _ => client.put_data(bucket, &key, content.to_vec(), &options, &cancel),
    }
}

fn wire_fault(rng: &mut Rng) -> Fault {
    let op =
        [Op::Initiate, Op::UploadPart, Op::UploadPart, Op::Complete, Op::PutObject][rng.usize(..5)];
    let harm = match rng.u8(..12) {
        0..3 => Harm::Cut,
        3..6 => Harm::Reset,
        6..8 => Harm::Delay(Duration::from_millis(rng.u64(..50))),
        8 => Harm::Garbage,
        9 => Harm::Duplicate,
        10 => Harm::Drip(Duration::from_millis(20)),
        _ => Harm::Stall,
    };
    let section =
        [Section::RequestHead, Section::RequestBody, Section::ReplyHead, Section::ReplyBody]
            [rng.usize(..4)];
    let at = match rng.u8(..4) {
        0 => At::Middle,
        1 => At::Last,
        2 => At::End,
        _ => At::Byte(rng.u64(..300)),
    };
    let nth = if op == Op::UploadPart { rng.usize(1..80) } else { rng.usize(1..20) };
    Fault::once(op, section, at, harm).nth(nth)
}

fn server_fault(rng: &mut Rng) -> Rule {
    let op = ["InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "PutObject"]
        [rng.usize(..4)];
    let action = match rng.u8(..8) {
        0 => Action::status(503, "ServiceUnavailable"),
        1 => Action::status(500, "InternalError"),
        2 => Action::status(429, "TooManyRequests").header("Retry-After", "0"),
        3 => Action::status(403, "AccessDenied"),
        4 => Action::lose_response(Commit::Before),
        5 => Action::lose_response(Commit::After),
        6 => Action { reset: Some(Commit::After), ..Action::default() },
        _ => Action { bad_crc: op != "CompleteMultipartUpload", ..Action::default() },
    };
    Rule::on(op, action).times(rng.u64(1..3))
}
