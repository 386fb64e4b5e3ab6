//! Cancels a call in every state: how soon its I/O stops, and what is left behind.

use std::net::TcpListener;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use fastrand::Rng;
use oss_emulator::{Action, Direction, Rule, Stall};
use ossmpu::{Cancel, Client, ErrorKind, LogLevel, Result, UploadOptions, UploadResult};

use crate::env::{Env, Log, content, key};
use crate::fixture::{PART, small_parts};
use crate::leftovers::Leftovers;
use crate::stats::Stats;

/// The maximum time until I/O stops, without the time that the machine takes to wake a thread,
/// which is measured at the same moments and added.
const STOP_TIMEOUT: Duration = Duration::from_millis(50);
/// The time for the abort. No call may exceed it by more than `SLACK`.
const ABORT_TIMEOUT: Duration = Duration::from_secs(5);
const SLACK: Duration = Duration::from_secs(1);
/// A call is canceled at a random time up to this after its start.
const SPAN_MS: u64 = 60;

/// What the call does when it is canceled, if it has come that far.
#[derive(Debug, Clone, Copy)]
enum State {
    Anything,
    Sending,
    Waiting,
    BackingOff,
    Initiating,
    Completing,
    SingleRequest,
    Streaming,
    Reading,
}

const STATES: [State; 9] = [
    State::Anything,
    State::Sending,
    State::Waiting,
    State::BackingOff,
    State::Initiating,
    State::Completing,
    State::SingleRequest,
    State::Streaming,
    State::Reading,
];

pub fn run(seed: u64, times: u64) -> Stats {
    let (mut rng, mut stats) = (Rng::with_seed(seed), Stats::default());
    let env = Env::new();
    let (client, log) = env.client(env.emulator.url(), LogLevel::Debug, |config| {
        config.set_abort_timeout(ABORT_TIMEOUT).unwrap();
    });
    let (mut stops, mut wake_ups) = (Vec::new(), Vec::new());
    let (mut too_late, mut number) = (0, 0);
    while stops.len() < usize::try_from(times).unwrap() {
        number += 1;
        let state = STATES[rng.usize(..STATES.len())];
        let delay = Duration::from_micros(rng.u64(..SPAN_MS * 1000));
        let call = CanceledCall { env: &env, client: &client, log: &log, state, number };
        let (stop, wake_up) = call.cancel(delay, &mut stats);
        wake_ups.push(wake_up);
        match stop {
            Some(stop) => stops.push(stop),
            None => too_late += 1,
        }
    }
    stats.faults = times;
    stats.bytes_sent = env.bytes_received();
    stops.extend(connecting(&env, times / 10));
    // The 99th percentile needs enough samples.
    let percent = if stops.len() >= 1000 { 99 } else { 90 };
    stats.notes = vec![
        format!("calls that had returned before the cancel  {too_late}"),
        format!("I/O stopped, of {}: {}", stops.len(), spread(&mut stops)),
        format!("wake-up of a thread at the same time: {}", spread(&mut wake_ups)),
    ];
    let (stop, wake_up) = (percentile(&stops, percent), percentile(&wake_ups, percent));
    // A worker, the last worker and the caller are woken one after the other.
    if stop > STOP_TIMEOUT + 3 * wake_up {
        stats.violations.push(format!("I/O took {stop:?} to stop at p{percent}"));
    }
    stats
}

fn spread(times: &mut [Duration]) -> String {
    times.sort();
    let [median, p90, p99, max] = [50, 90, 99, 100].map(|percent| percentile(times, percent));
    format!("median {median:.1?}, p90 {p90:.1?}, p99 {p99:.1?}, max {max:.1?}")
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

/// One call that is canceled.
struct CanceledCall<'a> {
    env: &'a Env,
    client: &'a Client,
    log: &'a Log,
    state: State,
    number: u64,
}

impl CanceledCall<'_> {
    /// Returns how long I/O continued after the cancel, `None` if the call had returned before; and
    /// how long it took to wake a thread that only waited for it.
    fn cancel(&self, delay: Duration, stats: &mut Stats) -> (Option<Duration>, Duration) {
        self.env.emulator.clear_rules();
        for rule in self.state.rules() {
            self.env.emulator.add_rule(rule);
        }
        self.log.take();
        let (cancel, content) = (Cancel::new().unwrap(), content(self.number, 4 * PART + 1));
        let (sender, receiver) = channel();
        let (outcome, triggered, returned, woken) = std::thread::scope(|scope| {
            let call = scope.spawn(|| {
                let Self { env, client, number, .. } = self;
                let outcome = self.state.call(env, client, *number, &content, &cancel);
                (outcome, Instant::now())
            });
            let waiter = scope.spawn(move || receiver.recv().map(|()| Instant::now()));
            std::thread::sleep(delay);
            let triggered = Instant::now();
            cancel.trigger();
            sender.send(()).unwrap();
            let (outcome, returned) = call.join().unwrap();
            (outcome, triggered, returned, waiter.join().unwrap().unwrap())
        });
        let stop = self.check(&outcome, &content, triggered, returned, stats);
        (stop, woken - triggered)
    }

    fn check(
        &self,
        outcome: &Result<UploadResult>,
        content: &[u8],
        triggered: Instant,
        returned: Instant,
        stats: &mut Stats,
    ) -> Option<Duration> {
        let state = self.state;
        let lines = self.log.take();
        let abort = lines.iter().find(|(at, line)| *at > triggered && line.starts_with("> DELETE"));
        let log: Vec<String> = lines.iter().map(|(_, line)| line.clone()).collect();
        stats.retries += log.iter().filter(|line| line.starts_with("retrying")).count() as u64;
        let (emulator, key) = (&self.env.emulator, key("cancel", self.number));
        let leftovers = Leftovers { emulator, key: key.as_str(), content, log: &log };
        stats.add(outcome, leftovers.check(outcome).map_err(|e| format!("{state:?}: {e}")));
        if let Err(error) = outcome
            && error.kind() != ErrorKind::Canceled
        {
            stats.violations.push(format!("{state:?}: not canceled but {error}"));
        }
        let took = returned.checked_duration_since(triggered)?;
        if took > ABORT_TIMEOUT + SLACK {
            stats.violations.push(format!("{state:?}: the call took {took:?} to return"));
        }
        Some(abort.map_or(took, |(at, _)| *at - triggered))
    }
}

impl State {
    fn rules(self) -> Vec<Rule> {
        let late = Action::delay_response(60_000);
        let always = |op: &str, action: Action| vec![Rule::on(op, action).always()];
        match self {
            Self::Anything | Self::Streaming => always("*", Action::delay_response(5)),
            Self::Sending => {
                let stall = Stall { at: Direction::Request, byte: 1, ms: Some(60_000) };
                always("UploadPart", Action { stall: Some(stall), ..Action::default() })
            }
            Self::Waiting => always("UploadPart", late),
            Self::BackingOff => {
                let busy = Action::status(503, "ServiceUnavailable");
                always("UploadPart", busy.header("Retry-After", "30"))
            }
            // After a cancel, the responses to these two are still awaited.
            Self::Initiating => always("InitiateMultipartUpload", Action::delay_response(10)),
            Self::Completing => always("CompleteMultipartUpload", Action::delay_response(10)),
            Self::SingleRequest => always("PutObject", late),
            Self::Reading => {
                let stall = Stall { at: Direction::Response, byte: 30, ms: Some(60_000) };
                always("UploadPart", Action { stall: Some(stall), ..Action::default() })
            }
        }
    }

    fn call(
        self,
        env: &Env,
        client: &Client,
        number: u64,
        content: &[u8],
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        let (bucket, key) = (&env.bucket, key("cancel", number));
        match self {
            Self::SingleRequest => {
                let options = UploadOptions::new();
                client.put_data(bucket, &key, content.to_vec(), &options, cancel)
            }
            Self::Streaming => client.put_stream(bucket, &key, content, &small_parts(), cancel),
            _ => client.put_data(bucket, &key, content.to_vec(), &small_parts(), cancel),
        }
    }
}

/// Cancels calls that wait for a connection, because the backlog of the listener is full.
fn connecting(env: &Env, times: u64) -> Vec<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = socket2::SockRef::from(&listener);
    socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let waiting: Vec<_> = (0..4)
        .map(|_| {
            let socket =
                socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            let _ = socket.connect(&address.into());
            socket
        })
        .collect();
    let (client, _) = env.client(&format!("http://{address}"), LogLevel::Error, |_| {});
    let stops = (0..times).map(|number| {
        let cancel = Cancel::new().unwrap();
        std::thread::scope(|scope| {
            let call = scope.spawn(|| {
                let (bucket, key) = (&env.bucket, key("connect", number));
                let outcome = client.put_data(bucket, &key, vec![0; 9], &small_parts(), &cancel);
                (outcome.expect_err("the backlog is full").kind(), Instant::now())
            });
            std::thread::sleep(Duration::from_millis(5));
            let triggered = Instant::now();
            cancel.trigger();
            let (kind, returned) = call.join().unwrap();
            assert_eq!(kind, ErrorKind::Canceled);
            returned.saturating_duration_since(triggered)
        })
    });
    let stops = stops.collect();
    drop(waiting);
    stops
}
