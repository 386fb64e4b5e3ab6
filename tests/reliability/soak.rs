//! Many uploads of every kind under random network and server faults, several at a time.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use oss_emulator::{Action, Commit, Rule};
use ossmpu::{Cancel, Client, ErrorKind, Integrity, LogLevel, Result, UploadOptions, UploadResult};

use crate::env::{Env, content, key};
use crate::fault::{Fault, FaultKind, Op, Position, Section};
use crate::fixture::{MIB, PART, file, small_parts};
use crate::leftovers::Leftovers;
use crate::proxy::Proxy;
use crate::stats::Stats;

const THREADS: u64 = 8;
/// Uploads that share a client, its connections and its retry budget.
const UPLOADS_PER_CLIENT: u64 = 25;
/// Network faults for the uploads of one client.
const FAULTS: usize = 30;
const TIMEOUT: Duration = Duration::from_secs(1);

pub fn run(seed: u64, times: u64) -> Stats {
    let (total, next) = (Mutex::new(Stats::default()), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (total, next) = (&total, &next);
            scope.spawn(move || {
                let (mut rng, env) = (Rng::with_seed(seed ^ thread), Env::new());
                let mut stats = Stats::default();
                while let Some(batch) = next_batch(next, times) {
                    run_batch(&mut rng, &env, batch, &mut stats);
                }
                stats.bytes_sent = env.bytes_received();
                stats.faults +=
                    env.emulator.requests().iter().filter(|r| r.fault_injected).count() as u64;
                total.lock().unwrap().merge(stats);
            });
        }
    });
    total.into_inner().unwrap()
}

/// The numbers of the next uploads of one client.
fn next_batch(next: &AtomicU64, times: u64) -> Option<std::ops::Range<u64>> {
    let first = next.fetch_add(UPLOADS_PER_CLIENT, Ordering::SeqCst);
    (first < times).then(|| first..(first + UPLOADS_PER_CLIENT).min(times))
}

fn run_batch(rng: &mut Rng, env: &Env, batch: std::ops::Range<u64>, stats: &mut Stats) {
    let faults = (0..FAULTS).map(|_| network_fault(rng)).collect();
    let proxy = Proxy::start(env.emulator.addr(), faults);
    let (client, log) = env.client(&proxy.url(), LogLevel::Info, |config| {
        config
            .set_stall_timeout(TIMEOUT)
            .and_then(|c| c.set_response_timeout(TIMEOUT))
            .and_then(|c| c.set_complete_timeout(TIMEOUT))
            .unwrap();
    });
    for number in batch {
        let (content, key) = (content(number, rng.u64(1..8 * PART)), key("soak", number));
        if rng.u8(..4) == 0 {
            env.emulator.add_rule(server_fault(rng).key(key.as_str()));
        }
        let outcome = upload(rng, env, &client, &content, number);
        let (lines, retries) = log.take_text();
        stats.retries += retries;
        let leftovers = Leftovers {
            emulator: &env.emulator,
            key: key.as_str(),
            content: &content,
            log: &lines,
        };
        stats.add(&outcome, leftovers.check(&outcome));
        if let Err(error) = outcome
            && error.kind() == ErrorKind::Canceled
        {
            stats.violations.push(format!("canceled without a cancel: {error}"));
        }
    }
    drop(client);
    stats.faults += proxy.end() as u64;
}

/// Uploads with a randomly chosen call.
fn upload(
    rng: &mut Rng,
    env: &Env,
    client: &Client,
    content: &[u8],
    number: u64,
) -> Result<UploadResult> {
    let (bucket, key, cancel) = (&env.bucket, key("soak", number), Cancel::never());
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
        2 => client.put_stream(bucket, &key, content, &options, &cancel),
        3 => {
            let mut writer = client.open_writer(bucket, &key, &options, &cancel)?;
            for chunk in content.chunks(70_000) {
                writer.write_all(chunk)?;
            }
            writer.finish()
        }
        _ => client.put_data(bucket, &key, content.to_vec(), &options, &cancel),
    }
}

fn network_fault(rng: &mut Rng) -> Fault {
    let op =
        [Op::Initiate, Op::UploadPart, Op::UploadPart, Op::Complete, Op::PutObject][rng.usize(..5)];
    let kind = match rng.u8(..12) {
        0..3 => FaultKind::Cut,
        3..6 => FaultKind::Reset,
        6..8 => FaultKind::Delay(Duration::from_millis(rng.u64(..50))),
        8 => FaultKind::Garbage,
        9 => FaultKind::Duplicate,
        10 => FaultKind::Drip(Duration::from_millis(20)),
        _ => FaultKind::Stall,
    };
    let section =
        [Section::RequestHead, Section::RequestBody, Section::ResponseHead, Section::ResponseBody]
            [rng.usize(..4)];
    let position = match rng.u8(..4) {
        0 => Position::Middle,
        1 => Position::Last,
        2 => Position::End,
        _ => Position::Byte(rng.u64(..300)),
    };
    let nth = if op == Op::UploadPart { rng.usize(1..80) } else { rng.usize(1..20) };
    Fault::once(op, section, position, kind).nth(nth)
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
