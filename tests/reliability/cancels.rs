//! Cancel in any state of a call: how soon its I/O stops, and what is left.

use std::net::TcpListener;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use fastrand::Rng;
use oss_emulator::{Action, Direction, Rule, Stall};
use ossmpu::{Cancel, Client, ErrorKind, LogLevel, Result, UploadOptions, UploadResult};

use crate::counts::Tally;
use crate::env::{Env, Log, content, key};
use crate::fixture::{PART, small_parts};
use crate::leftovers::Remains;

/// I/O stops this soon, on a machine that wakes a thread at once: what a bare thread takes to be
/// woken in the same moments comes on top.
const PROMPTLY: Duration = Duration::from_millis(50);
/// The clean-up has so much time, and nothing may outlive that by a second.
const CLEAN_UP: Duration = Duration::from_secs(5);
const SLACK: Duration = Duration::from_secs(1);
/// A call is cancelled at some time from its beginning on.
const SPAN_MS: u64 = 60;

/// What the call is doing when the cancel comes, if it has come so far.
#[derive(Debug, Clone, Copy)]
enum State {
    Anything,
    Sending,
    Waiting,
    BackingOff,
    Initiating,
    Completing,
    PuttingOne,
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
    State::PuttingOne,
    State::Streaming,
    State::Reading,
];

pub fn run(seed: u64, times: u64) -> Tally {
    let (mut rng, mut tally) = (Rng::with_seed(seed), Tally::default());
    let world = Env::new();
    let (client, log) = world.client(world.emulator.url(), LogLevel::Debug, |config| {
        config.set_abort_timeout(CLEAN_UP).unwrap();
    });
    let (mut stops, mut wakings) = (Vec::new(), Vec::new());
    let (mut too_late, mut number) = (0, 0);
    while stops.len() < usize::try_from(times).unwrap() {
        number += 1;
        let state = STATES[rng.usize(..STATES.len())];
        let delay = Duration::from_micros(rng.u64(..SPAN_MS * 1000));
        let round = Round { world: &world, client: &client, log: &log, state, number };
        let (stop, waking) = round.cancel(delay, &mut tally);
        wakings.push(waking);
        match stop {
            Some(stop) => stops.push(stop),
            None => too_late += 1,
        }
    }
    tally.faults = times;
    tally.bytes_sent = world.bytes_received();
    stops.extend(connecting(&world, times / 10));
    // Of a few, one is no percentile.
    let percent = if stops.len() >= 1000 { 99 } else { 90 };
    tally.notes = vec![
        format!("calls that had ended before the cancel  {too_late}"),
        format!("I/O stopped, of {}: {}", stops.len(), spread(&mut stops)),
        format!("a bare thread was woken meanwhile: {}", spread(&mut wakings)),
    ];
    let (stop, waking) = (at(&stops, percent), at(&wakings, percent));
    if stop > PROMPTLY + waking {
        tally.lost.push(format!("I/O took {stop:?} to stop at p{percent}"));
    }
    tally
}

fn spread(times: &mut [Duration]) -> String {
    times.sort();
    let [median, p90, p99, longest] = [50, 90, 99, 100].map(|percent| at(times, percent));
    format!("median {median:.1?}, p90 {p90:.1?}, p99 {p99:.1?}, longest {longest:.1?}")
}

fn at(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

/// One call that is cancelled.
struct Round<'a> {
    world: &'a Env,
    client: &'a Client,
    log: &'a Log,
    state: State,
    number: u64,
}

impl Round<'_> {
    /// How long I/O went on after the cancel, nothing if the call had ended before; and how long
    /// it took to wake a thread that only waited for that.
    fn cancel(&self, delay: Duration, tally: &mut Tally) -> (Option<Duration>, Duration) {
        self.world.emulator.clear_rules();
        for rule in self.state.rules() {
            self.world.emulator.add_rule(rule);
        }
        self.log.take();
        let (cancel, content) = (Cancel::new().unwrap(), content(self.number, 4 * PART + 1));
        let (sender, receiver) = channel();
        let (outcome, triggered, returned, woken) = std::thread::scope(|scope| {
            let call = scope.spawn(|| {
                let Self { world, client, number, .. } = self;
                let outcome = self.state.call(world, client, *number, &content, &cancel);
                (outcome, Instant::now())
            });
            let witness = scope.spawn(move || receiver.recv().map(|()| Instant::now()));
            std::thread::sleep(delay);
            let triggered = Instant::now();
            cancel.trigger();
            sender.send(()).unwrap();
            let (outcome, returned) = call.join().unwrap();
            (outcome, triggered, returned, witness.join().unwrap().unwrap())
        });
        let stop = self.judge(&outcome, &content, triggered, returned, tally);
        (stop, woken - triggered)
    }

    fn judge(
        &self,
        outcome: &Result<UploadResult>,
        content: &[u8],
        triggered: Instant,
        returned: Instant,
        tally: &mut Tally,
    ) -> Option<Duration> {
        let state = self.state;
        let lines = self.log.take();
        let abort = lines.iter().find(|(at, line)| *at > triggered && line.starts_with("> DELETE"));
        let log: Vec<String> = lines.iter().map(|(_, line)| line.clone()).collect();
        tally.retries += log.iter().filter(|line| line.starts_with("retrying")).count() as u64;
        let (emulator, key) = (&self.world.emulator, key("cancel", self.number));
        let remains = Remains { emulator, key: key.as_str(), content, log: &log };
        tally.add(outcome, remains.judge(outcome).map_err(|e| format!("{state:?}: {e}")));
        if let Err(error) = outcome
            && error.kind() != ErrorKind::Canceled
        {
            tally.lost.push(format!("{state:?}: not cancelled but {error}"));
        }
        let took = returned.checked_duration_since(triggered)?;
        if took > CLEAN_UP + SLACK {
            tally.lost.push(format!("{state:?}: the call took {took:?} to return"));
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
            // These two are awaited once they are sent.
            Self::Initiating => always("InitiateMultipartUpload", Action::delay_response(10)),
            Self::Completing => always("CompleteMultipartUpload", Action::delay_response(10)),
            Self::PuttingOne => always("PutObject", late),
            Self::Reading => {
                let stall = Stall { at: Direction::Response, byte: 30, ms: Some(60_000) };
                always("UploadPart", Action { stall: Some(stall), ..Action::default() })
            }
        }
    }

    fn call(
        self,
        world: &Env,
        client: &Client,
        number: u64,
        content: &[u8],
        cancel: &Cancel,
    ) -> Result<UploadResult> {
        let (bucket, key) = (&world.bucket, key("cancel", number));
        match self {
            Self::PuttingOne => {
                let options = UploadOptions::new();
                client.put_data(bucket, &key, content.to_vec(), &options, cancel)
            }
            Self::Streaming => client.put_reader(bucket, &key, content, &small_parts(), cancel),
            _ => client.put_data(bucket, &key, content.to_vec(), &small_parts(), cancel),
        }
    }
}

/// Cancels calls that wait for a connection: the queue of the listener is full.
fn connecting(world: &Env, times: u64) -> Vec<Duration> {
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
    let (client, _) = world.client(&format!("http://{address}"), LogLevel::Error, |_| {});
    let stops = (0..times).map(|number| {
        let cancel = Cancel::new().unwrap();
        std::thread::scope(|scope| {
            let call = scope.spawn(|| {
                let (bucket, key) = (&world.bucket, key("connect", number));
                let outcome = client.put_data(bucket, &key, vec![0; 9], &small_parts(), &cancel);
                (outcome.expect_err("nobody is there").kind(), Instant::now())
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
