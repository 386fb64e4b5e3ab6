//! Uploads with several workers: the threads run in any order, requests take any time, and a few of
//! them meet faults.

use std::sync::Arc;
use std::time::{Duration, Instant};

use shuttle::scheduler::{PctScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId};
use shuttle::{Config as ModelConfig, Runner, thread};

use super::explore::Explorer;
use super::service::{Message, Service, gateway, refusal};
use super::{FATES, Fate, failure};
use crate::error::{Error, ErrorKind};
use crate::runtime::{Cancel, Deadline, Mutex, now, run_clock, simulated, stop_clock};
use crate::transport::{Call, CancelPolicy, Delivery, Exchange, Failure, Outgoing, Peer};
use crate::wire::Sent;
use crate::{
    BucketName, Client, Config, CredentialsSource, ObjectExists, ObjectKey, UploadOptions,
};

/// Lets the clock run only when nobody else can.
struct Patient<S>(S);

impl<S: Scheduler> Scheduler for Patient<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.0.new_execution()
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        yields: bool,
    ) -> Option<TaskId> {
        let others: Vec<&Task> =
            runnable.iter().copied().filter(|task| task.id() != TaskId::from(1)).collect();
        if others.is_empty() {
            return runnable.first().map(|task| task.id());
        }
        self.0.next_task(&others, current, yields)
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

#[derive(Debug)]
struct Net(Mutex<State>);

#[derive(Debug)]
struct State {
    random: fastrand::Rng,
    faults: u32,
    service: Service,
    late: Vec<Message>,
    requests: u32,
}

impl Peer for Net {
    fn send(&self, outgoing: &Outgoing<'_>, call: &Call<'_>) -> Result<Exchange, Failure> {
        let host = outgoing.target.host.as_str();
        if call.cancel.is_triggered() {
            return Err(failure(ErrorKind::Canceled, "", Delivery::Never, 0, host));
        }
        if call.deadline.has_passed() {
            return Err(failure(ErrorKind::Timeout, "late", Delivery::Never, 0, host));
        }
        let message = Message::read(outgoing, 1);
        let sent = Sent { bytes: message.size, crc64: message.crc64 };
        let (fate, there, back) = {
            let mut net = self.0.lock().unwrap();
            net.requests += 1;
            assert!(net.requests < 300, "too many requests");
            let fate = match net.random.u8(..) {
                0..20 if net.faults > 0 => {
                    net.faults -= 1;
                    FATES[net.random.usize(1..11)]
                }
                _ => Fate::Normal,
            };
            let mut time = || Duration::from_millis([1, 10, 20, 3000][net.random.usize(0..4)]);
            (fate, time(), time())
        };
        let arrive = Deadline::after(there);
        let wait = |until: Deadline, sent: bool| {
            let limit =
                if sent { until.earlier(Deadline::after(call.limits.response)) } else { until };
            match call.cancel_policy {
                CancelPolicy::AwaitResponse(_) if sent => {
                    Cancel::never().wait(limit.earlier(call.deadline))
                }
                _ => call.cancel.wait(limit.earlier(call.deadline)),
            }
        };
        let gives_up = |cancelled: bool| {
            let kind = if cancelled { ErrorKind::Canceled } else { ErrorKind::Timeout };
            Err(failure(kind, "no answer in time", Delivery::Maybe, message.size, host))
        };
        let cancelled = wait(arrive, false);
        if cancelled || !arrive.has_passed() {
            // Cut on its way: it may arrive all the same.
            let mut net = self.0.lock().unwrap();
            if net.random.bool() {
                net.late.push(message.clone());
            }
            return gives_up(cancelled);
        }
        let response = {
            let mut net = self.0.lock().unwrap();
            let due = std::mem::take(&mut net.late);
            for message in due {
                if net.random.bool() {
                    net.service.apply(&message);
                } else {
                    net.late.push(message)
                }
            }
            match fate {
                Fate::LostBefore => {
                    return Err(failure(
                        ErrorKind::Network,
                        "closed",
                        Delivery::Maybe,
                        message.size,
                        host,
                    ));
                }
                Fate::LostAfter => {
                    net.service.apply(&message);
                    return Err(failure(
                        ErrorKind::Network,
                        "closed",
                        Delivery::Maybe,
                        message.size,
                        host,
                    ));
                }
                Fate::RefusedBefore(status, code) => refusal(status, code),
                Fate::RefusedAfter(status, code) => {
                    net.service.apply(&message);
                    refusal(status, code)
                }
                Fate::GatewayBefore(status) => gateway(status),
                Fate::GatewayAfter(status) => {
                    net.service.apply(&message);
                    gateway(status)
                }
                Fate::Late(_) => {
                    net.late.push(message.clone());
                    drop(net);
                    let cancelled = wait(Deadline::NEVER, true);
                    return gives_up(cancelled);
                }
                _ => net.service.apply(&message),
            }
        };
        let answered = Deadline::after(back);
        let cancelled = wait(answered, true);
        if cancelled || !answered.has_passed() {
            return gives_up(cancelled);
        }
        let is_content = matches!(outgoing.body, crate::wire::Body::Content(_));
        let sent = if is_content { sent } else { Sent { bytes: sent.bytes, crc64: 0 } };
        Ok(Exchange { response, sent, whole: true })
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    runs: u64,
    ok: u64,
    unknown: u64,
    failed: u64,
    lies: u64,
    untold: u64,
    requests: u64,
    most: u32,
}

fn upload(seed: u64, tally: &std::sync::Mutex<Tally>) {
    simulated::set(Some(*START));
    fastrand::seed(seed);
    let clock = thread::spawn(run_clock);
    let mut config = Config::new();
    config.set_endpoint("http://oss.test").unwrap().set_credentials(CredentialsSource::Anonymous);
    config.set_threads(2).unwrap().set_region("cn-hangzhou").unwrap();
    let data: Vec<u8> = vec![7; 3 * 100 * 1024 + 5];
    let mut options = UploadOptions::new();
    options.set_part_size(100 * 1024).unwrap().set_parallelism(2).unwrap();
    options.set_single_below(0).unwrap();
    let random = fastrand::Rng::with_seed(seed);
    let net = Arc::new(Net(Mutex::new(State {
        random,
        faults: 3,
        service: Service::default(),
        late: Vec::new(),
        requests: 0,
    })));
    let cancel = Cancel::child(&Cancel::never()).unwrap();
    let client = Client::simulated(&config, Arc::clone(&net) as Arc<dyn Peer>).unwrap();
    let canceller = cancel.clone();
    let when = Duration::from_millis(fastrand::u64(0..200));
    let cancels = fastrand::u8(..) < 100;
    let other = thread::spawn(move || {
        if cancels {
            Cancel::never().wait(Deadline::after(when));
            canceller.trigger();
        }
    });
    let bucket = BucketName::parse("bucket").unwrap();
    let key = ObjectKey::parse("key").unwrap();
    let outcome = client.put_data(&bucket, &key, data, &options, &cancel);
    other.join().unwrap();
    stop_clock();
    clock.join().unwrap();
    let net = net.0.lock().unwrap();
    let mut tally = tally.lock().unwrap();
    tally.runs += 1;
    tally.requests += u64::from(net.requests);
    tally.most = tally.most.max(net.requests);
    let made = !net.service.made.is_empty();
    match outcome {
        Ok(_) => {
            tally.ok += 1;
            assert!(made);
        }
        Err(error) if error.object_exists() == ObjectExists::Unknown => tally.unknown += 1,
        Err(error) => {
            tally.failed += 1;
            tally.lies += u64::from(made);
            tally.untold += u64::from(
                !net.service.uploads.is_empty() && !error.parts_left() && !error.upload_may_exist(),
            );
        }
    }
}

use super::START;

fn model(scheduler: impl Scheduler + 'static, name: &str) {
    let tally = Arc::new(std::sync::Mutex::new(Tally::default()));
    let begun = Instant::now();
    let counts = Arc::clone(&tally);
    let mut config = ModelConfig::new();
    config.stack_size = 0x80000;
    let runner = Runner::new(Patient(scheduler), config);
    let runs = std::sync::atomic::AtomicU64::new(0);
    runner.run(move || upload(runs.fetch_add(1, std::sync::atomic::Ordering::Relaxed), &counts));
    let tally = *tally.lock().unwrap();
    let took = begun.elapsed();
    println!(
        "== {name}: {tally:?}, {:.2} s, {:.1} us a run",
        took.as_secs_f64(),
        took.as_secs_f64() * 1e6 / tally.runs as f64
    );
}

#[test]
fn workers_in_any_order() {
    let runs = std::env::var("RUNS").ok().and_then(|n| n.parse().ok()).unwrap_or(2000);
    model(RandomScheduler::new_from_seed(1, runs), "random");
    model(PctScheduler::new_from_seed(1, 3, runs), "PCT, depth 3");
}
