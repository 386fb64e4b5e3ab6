//! The network between the client and the model of the service: it delivers, loses and delays.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Instant;

#[cfg(shuttle)]
use super::concurrency::Concurrency;
#[cfg(not(shuttle))]
use super::exchange::checksum;
use super::exchange::{Failed, Outcome, TRIP, limit_rate, pass_within, report};
use super::explorer::Explorer;
use super::fault::{Fault, Moment, Then};
use super::pass;
use super::service::{
    CRC64, Message, Service, TARGET, error_in_200, gateway, listed_parts, refusal,
};
use super::source_bytes::SourceBytes;
use crate::error::{Error, ErrorKind, Phase};
use crate::runtime::{Cancel, IgnorePoison, Mutex, MutexGuard, now};
#[cfg(not(shuttle))]
use crate::transport::SimulatedPeer;
use crate::transport::{Delivery, Exchange, ExchangeError, ExchangeOptions, OutgoingRequest};
use crate::wire::{Response, Sent};

#[derive(Debug)]
pub(crate) struct Network(Mutex<NetworkState>);

#[derive(Debug)]
pub(crate) struct NetworkState {
    pub(crate) explorer: Explorer,
    /// What can happen to a request.
    pub(crate) faults: Vec<Fault>,
    pub(crate) service: Service,
    /// Requests that have yet to arrive.
    pub(super) late: Vec<Message>,
    /// Refusals that last, by operation.
    lasting: HashMap<&'static str, (u16, &'static str)>,
    /// The bytes of the source; a fault changes them.
    pub(crate) data: Arc<[u8]>,
    changed: Arc<[u8]>,
    pub(crate) has_source_changed: Arc<AtomicBool>,
    pub(crate) source_panics: Arc<AtomicBool>,
    /// The source holds a clone of it.
    pub(crate) source_in_use: Arc<()>,
    /// The program's cancel token.
    pub(crate) cancel: Cancel,
    pub(crate) canceled_at: Option<Instant>,
    /// The client keeps the connection of the last request.
    pub(super) has_kept_connection: bool,
    /// The process is killed: nothing that it does reaches the service.
    pub(crate) is_dead: bool,
    pub(crate) requests: u32,
    /// What the client has observed, without times.
    pub(crate) observed: DefaultHasher,
    /// The lines of the run, if they were asked for.
    pub(crate) trace: Option<Arc<StdMutex<Vec<String>>>>,
    pub(crate) begun: Instant,
    /// Against the rules of requests.
    pub(crate) wrong: BTreeSet<&'static str>,
    pub(super) aborted: BTreeSet<String>,
    /// Uploads whose ID was lost with a killed process: no client can know of them.
    pub(crate) lost_with_process: usize,
    /// A proxy has delivered PutObject twice. With another object in the same second or another
    /// writer in the same call no client can tell what its one response means.
    pub(crate) is_put_duplicated: bool,
    /// ListParts showed no part after the last Abort.
    pub(crate) is_abort_confirmed: bool,
    #[cfg(shuttle)]
    pub(crate) concurrency: Concurrency,
}

impl Network {
    pub(crate) fn new(
        explorer: Explorer,
        faults: Vec<Fault>,
        data: &SourceBytes,
        cancel: Cancel,
    ) -> Self {
        Self(Mutex::new(NetworkState {
            explorer,
            faults,
            service: Service::default(),
            late: Vec::new(),
            lasting: HashMap::new(),
            data: Arc::clone(&data.original),
            changed: Arc::clone(&data.changed),
            has_source_changed: Arc::default(),
            source_panics: Arc::default(),
            source_in_use: Arc::default(),
            cancel,
            canceled_at: None,
            has_kept_connection: false,
            is_dead: false,
            requests: 0,
            observed: DefaultHasher::new(),
            trace: None,
            begun: now(),
            wrong: BTreeSet::new(),
            aborted: BTreeSet::new(),
            lost_with_process: 0,
            is_put_duplicated: false,
            is_abort_confirmed: false,
            #[cfg(shuttle)]
            concurrency: Concurrency::default(),
        }))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, NetworkState> {
        self.0.lock().ignore_poison()
    }
}

impl NetworkState {
    /// Adds a line to the trace, if there is one.
    pub(crate) fn record(&self, line: impl FnOnce() -> String) {
        let at = now().saturating_duration_since(self.begun);
        if let Some(trace) = &self.trace {
            let line = format!("{:>9.3} s  {}", at.as_secs_f64(), line());
            trace.lock().ignore_poison().push(line);
        }
    }

    /// Each delayed request may arrive now, or later.
    fn deliver_late(&mut self) {
        for message in std::mem::take(&mut self.late) {
            if self.explorer.happens_now() {
                self.arrive_late(&message, "");
            } else {
                self.late.push(message);
            }
        }
    }

    /// What is still under way arrives after the call has returned.
    pub(crate) fn settle(&mut self) {
        for message in std::mem::take(&mut self.late) {
            self.arrive_late(&message, " after the return");
        }
    }

    fn arrive_late(&mut self, message: &Message, when: &str) {
        let status = self.apply(message).status;
        let Message { operation, upload_id, .. } = message;
        self.record(|| {
            format!("service: the delayed {operation} {upload_id} arrives{when}: {status}")
        });
    }

    pub(super) fn apply(&mut self, message: &Message) -> Response {
        let data = Arc::clone(&self.data);
        self.service.apply(message, &data)
    }

    /// Checks what no client may do, whatever happens.
    pub(super) fn check_rules(&mut self, message: &Message) {
        let Message { operation, upload_id, .. } = message;
        match *operation {
            "UploadPart" | "UploadPartCopy" if self.aborted.contains(upload_id) => {
                self.wrong.insert("a part is sent after Abort");
            }
            "CompleteMultipartUpload" => {
                let listed = listed_parts(&message.text).len();
                let stored = self.service.uploads.get(upload_id).map_or(0, |u| u.parts.len());
                if !message.completes_all && listed == 0 && stored > 0 {
                    self.wrong.insert("Complete lists no part");
                }
            }
            "AbortMultipartUpload" => {
                self.aborted.insert(upload_id.clone());
            }
            _ => {}
        }
    }

    pub(super) fn note_abort(&mut self, message: &Message, response: &Response) {
        let body = String::from_utf8_lossy(&response.body);
        let is_gone = response.status == 404 && body.contains("NoSuchUpload");
        match message.operation {
            "AbortMultipartUpload" => self.is_abort_confirmed = false,
            "ListParts" if !self.aborted.is_empty() => {
                let shows_none = body.contains("<ListPartsResult>") && !body.contains("<Part>");
                self.is_abort_confirmed = is_gone || shows_none;
            }
            _ => {}
        }
    }

    /// Decides what happens to a request, and lets it happen.
    pub(super) fn exchange(&mut self, message: &Message, call: &ExchangeOptions<'_>) -> Outcome {
        self.deliver_late();
        let chosen = self.explorer.fault(u16::try_from(self.faults.len()).unwrap());
        let mut fault = self.faults[usize::from(chosen)];
        if let Fault::RefusedFromNowOn(status, code, moment) = fault {
            self.lasting.insert(message.operation, (status, code));
            fault = Fault::Refused(status, code, moment);
        }
        self.record(|| {
            let Message { operation, upload_id, part, .. } = message;
            let part = if *part > 0 { format!(" part {part}") } else { String::new() };
            let fault =
                if fault == Fault::None { String::new() } else { format!(": {}", fault.name()) };
            format!("{operation} {upload_id}{part}{fault}")
        });
        if let Fault::Unreachable(kind, phase) = fault {
            return Outcome::Unreachable(kind, phase);
        }
        if let Err((error, sent)) = limit_rate(call, message.size) {
            return Outcome::RequestCut(error, sent);
        }
        if matches!(fault, Fault::Canceled(_) | Fault::CanceledInRequest) {
            pass(TRIP / 2);
            self.cancel.trigger();
            self.canceled_at.get_or_insert(now());
            // A request that does not end with the program's token goes on.
            if !call.cancel.is_triggered() {
                fault = match fault {
                    Fault::Canceled(Then::Lost) => Fault::Lost(Moment::Before),
                    Fault::Canceled(Then::Done) => Fault::Lost(Moment::After),
                    Fault::Canceled(Then::Late) => Fault::Delayed,
                    _ => Fault::None,
                };
            }
        }
        if message.size == 0 {
            fault = without_body(fault);
        }
        if let (Fault::None, Some((status, code))) = (fault, self.lasting.get(message.operation)) {
            return Outcome::Response(refusal(*status, code));
        }
        self.apply_fault(fault, message, call)
    }

    fn apply_fault(
        &mut self,
        fault: Fault,
        message: &Message,
        call: &ExchangeOptions<'_>,
    ) -> Outcome {
        let is_kept = self.has_kept_connection;
        let mut effect_and = |moment: Moment, outcome: Outcome| {
            match moment {
                Moment::Before => {}
                Moment::After => drop(self.apply(message)),
                Moment::Late => self.late.push(message.clone()),
            }
            outcome
        };
        match fault {
            Fault::Lost(moment) => effect_and(moment, Outcome::Closed { is_kept: false }),
            Fault::StaleConnection(moment) => effect_and(moment, Outcome::Closed { is_kept }),
            Fault::Unreachable(kind, phase) => Outcome::Unreachable(kind, phase),
            Fault::RequestCut(kind) => {
                if kind == ErrorKind::Timeout {
                    pass_within(call, call.timeouts.stall);
                }
                Outcome::RequestCut(Error::new(kind, "the request was cut"), message.size / 2)
            }
            Fault::CanceledInRequest => Outcome::RequestCut(Error::canceled(), message.size / 2),
            Fault::RefusedEarly(status, code) => Outcome::EarlyResponse(refusal(status, code)),
            Fault::ResponseCut(kind, moment) => effect_and(moment, Outcome::ResponseCut(kind)),
            Fault::Refused(status, code, moment) => {
                effect_and(moment, Outcome::Response(refusal(status, code)))
            }
            Fault::Gateway(status, moment) => {
                effect_and(moment, Outcome::Response(gateway(status)))
            }
            Fault::ErrorIn200(moment) => effect_and(moment, Outcome::Response(error_in_200())),
            Fault::TimedOut(moment) => effect_and(moment, Outcome::NoResponse),
            Fault::SourceChanges => {
                self.apply(message);
                self.change_source();
                Outcome::Closed { is_kept: false }
            }
            #[cfg(shuttle)]
            Fault::SourcePanics => {
                self.source_panics.store(true, Ordering::SeqCst);
                Outcome::Response(self.apply(message))
            }
            Fault::Delayed => {
                self.late.push(message.clone());
                Outcome::NoResponse
            }
            Fault::Canceled(Then::Responded) => Outcome::Response(self.apply(message)),
            Fault::Canceled(then) | Fault::Killed(then) => {
                match then {
                    Then::Lost => {}
                    Then::Done | Then::Responded => drop(self.apply(message)),
                    Then::Late => self.late.push(message.clone()),
                }
                self.is_dead |= matches!(fault, Fault::Killed(_));
                if self.is_dead && message.operation == "InitiateMultipartUpload" {
                    let late = self.late.iter().filter(|late| late.operation == message.operation);
                    self.lost_with_process = self.service.uploads.len() + late.count();
                }
                Outcome::NoResponse
            }
            // A second upload that no response names is beyond what any client can know.
            Fault::Duplicated if message.operation == "InitiateMultipartUpload" => {
                Outcome::Response(self.apply(message))
            }
            Fault::Duplicated => {
                // The client sees what an identical object of the same second would cause.
                self.is_put_duplicated |= matches!(message.operation, "PutObject" | "CopyObject");
                self.apply(message);
                Outcome::Response(self.apply(message))
            }
            Fault::OtherWriter | Fault::SameBytes => {
                self.store_foreign(fault == Fault::SameBytes);
                Outcome::Response(self.apply(message))
            }
            Fault::Replaced => {
                let upload = self.service.uploads.remove(&message.upload_id);
                let attributes = upload.map(|upload| upload.attributes).unwrap_or_default();
                let size = self.data.len() as u64;
                self.service.store(TARGET, false, size, 0, attributes, true);
                Outcome::Response(self.apply(message))
            }
            Fault::Lifecycle => {
                self.service.uploads.clear();
                Outcome::Response(self.apply(message))
            }
            Fault::NoCrc | Fault::BadCrc => {
                let mut response = self.apply(message);
                if response.headers.get(CRC64).is_some() {
                    response.headers.remove(CRC64);
                    if fault == Fault::BadCrc {
                        response.headers.append_received(CRC64, "-5".to_owned());
                    }
                }
                Outcome::Response(response)
            }
            Fault::None | Fault::RefusedFromNowOn(..) => Outcome::Response(self.apply(message)),
        }
    }

    /// Another writer stores an object under the key.
    fn store_foreign(&mut self, same_bytes: bool) {
        let bytes: &[u8] = if same_bytes { &self.data } else { b"other" };
        let (size, crc64) = (bytes.len() as u64, crate::codec::crc64::crc64(bytes));
        self.service.store(TARGET, false, size, crc64, Vec::new(), true);
    }

    fn change_source(&mut self) {
        self.data = Arc::clone(&self.changed);
        self.has_source_changed.store(true, Ordering::SeqCst);
    }

    /// Records what the client sees.
    fn observe(&mut self, message: &Message, result: &Result<Exchange, Failed>) {
        match result {
            Ok(Exchange { response, body_complete, .. }) => {
                self.note_abort(message, response);
                self.has_kept_connection = *body_complete;
                // Another ETag than expected proves nothing: OSS does not promise how it is computed.
                let is_head = message.operation == "HeadObject";
                let proves_nothing =
                    |name: &str| is_time(name) || is_head && name.eq_ignore_ascii_case("etag");
                let headers: Vec<_> =
                    response.headers.iter().filter(|(name, _)| !proves_nothing(name)).collect();
                (response.status, &response.body, headers, body_complete).hash(&mut self.observed);
                self.record(|| format!("    {}", summary(response)));
            }
            Err(Failed { error, delivery, stale_connection }) => {
                self.has_kept_connection = false;
                let is_sent = *delivery == Delivery::Possible;
                let is_cut = error.phase() == Some(Phase::Send);
                (error.kind(), is_sent, is_cut, stale_connection).hash(&mut self.observed);
                self.record(|| format!("    no response: {:?}, {:?}", error.kind(), error.phase()));
            }
        }
    }
}

/// The error of a request that is not sent, because the process is killed, or its call is canceled
/// or past its deadline.
pub(crate) fn ended_before_sending(
    is_dead: bool,
    outgoing: &OutgoingRequest<'_>,
    call: &ExchangeOptions<'_>,
) -> Option<ExchangeError> {
    let error = if is_dead || call.cancel.is_triggered() {
        Error::canceled()
    } else if call.deadline.has_passed() {
        Error::deadline_passed()
    } else {
        return None;
    };
    let failed = Failed { error, delivery: Delivery::Impossible, stale_connection: false };
    let sent = (outgoing.body.length() == 0).then(Sent::default);
    Some(failure(failed, Phase::Resolve, sent, outgoing.target.host.as_str()))
}

#[cfg(not(shuttle))]
impl SimulatedPeer for Network {
    fn send(
        &self,
        outgoing: &OutgoingRequest<'_>,
        call: &ExchangeOptions<'_>,
    ) -> Result<Exchange, ExchangeError> {
        let mut state = self.lock();
        if let Some(error) = ended_before_sending(state.is_dead, outgoing, call) {
            return Err(error);
        }
        let host = outgoing.target.host.as_str();
        state.requests += 1;
        assert!(state.requests < MOST_REQUESTS, "too many requests");
        let hashes_parts = state.service.delta_base.is_some();
        let message = match Message::read(outgoing, hashes_parts) {
            Ok(message) => message,
            Err((error, count)) => return Err(source_failure(error, count, call)),
        };
        state.check_rules(&message);
        (message.operation, &message.upload_id, message.part, &message.text)
            .hash(&mut state.observed);
        let outcome = state.exchange(&message, call);
        let result = outcome.complete(&message, outgoing.body, call);
        state.observe(&message, &result);
        drop(state);
        let sent = match &result {
            Ok(exchange) => exchange.sent.bytes,
            Err(failed) => failed.error.bytes_sent(),
        };
        report(call, sent);
        result.map_err(|failed| {
            let sent = (sent >= message.size).then(|| checksum(outgoing.body, &message));
            failure(failed, Phase::Wait, sent, host)
        })
    }
}

pub(super) fn failure(
    failed: Failed,
    phase: Phase,
    sent: Option<Sent>,
    host: &str,
) -> ExchangeError {
    let Failed { error, delivery, stale_connection } = failed;
    let phase = error.phase().unwrap_or(phase);
    ExchangeError {
        error: error.with_phase(phase).with_host(host),
        delivery,
        stale_connection,
        sent,
    }
}

/// The source failed after `count` bytes.
pub(super) fn source_failure(
    error: Error,
    count: u64,
    call: &ExchangeOptions<'_>,
) -> ExchangeError {
    report(call, count);
    let error = error.with_bytes_sent(count);
    ExchangeError { error, delivery: Delivery::Possible, stale_connection: false, sent: None }
}

/// What a fault in the middle of the body is to a request without one.
fn without_body(fault: Fault) -> Fault {
    match fault {
        Fault::RequestCut(ErrorKind::Timeout) => Fault::TimedOut(Moment::Before),
        Fault::RequestCut(_) => Fault::Lost(Moment::Before),
        Fault::CanceledInRequest => Fault::Canceled(Then::Lost),
        Fault::RefusedEarly(status, code) => Fault::Refused(status, code, Moment::Before),
        fault => fault,
    }
}

/// The times of the service are no part of what a client can tell runs apart by.
fn is_time(name: &str) -> bool {
    ["date", "last-modified"].iter().any(|time| name.eq_ignore_ascii_case(time))
}

pub(super) fn summary(response: &Response) -> String {
    let body = String::from_utf8_lossy(&response.body);
    let body: String = body.chars().take(70).collect();
    format!("{} {body}", response.status)
}

pub(super) const MOST_REQUESTS: u32 = 200;
