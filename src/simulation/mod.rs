//! Uploads against a simulated service and network, in every order of a few faults.
//!
//! The code that ends, resumes, aborts and retries uploads runs unchanged, on one thread and on a
//! clock that jumps. What a request meets on its way is a choice; the explorer makes all of them.
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    missing_debug_implementations,
    dead_code,
    reason = "a prototype"
)]

mod explore;
#[cfg(shuttle)]
mod models;
mod service;
#[cfg(not(shuttle))]
mod tests;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use explore::Explorer;
use service::{Message, Service, gateway, refusal};

use crate::error::{Error, ErrorKind, Phase};
use crate::runtime::{Cancel, Deadline, now, simulated};
use crate::transport::{Call, CancelPolicy, Delivery, Exchange, Failure, Outgoing, Peer};
use crate::wire::Sent;

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Normal,
    LostBefore,
    LostAfter,
    RefusedBefore(u16, &'static str),
    RefusedAfter(u16, &'static str),
    GatewayBefore(u16),
    GatewayAfter(u16),
    /// The client gives up waiting; the request comes to its effect before the n-th request after
    /// it, or when the call has returned.
    Late(u8),
    Never,
    /// The program cancels while the request is under way, and then the same.
    CancelLost,
    CancelDone,
    CancelAnswered,
    CancelLate(u8),
    /// The process is killed before or after the effect.
    KillBefore,
    KillAfter,
    /// Somebody else puts another object, or one with the same bytes; a rule of the bucket removes
    /// the upload; the response has no check sum. The request itself fares well.
    OtherWriter,
    SameBytes,
    Lifecycle,
    NoCrc,
}

pub(super) const END: u8 = 9;

pub(super) const FATES: &[Fate] = &[
    Fate::Normal,
    Fate::LostBefore,
    Fate::LostAfter,
    Fate::RefusedBefore(503, "ServiceUnavailable"),
    Fate::RefusedAfter(503, "ServiceUnavailable"),
    Fate::RefusedBefore(403, "AccessDenied"),
    Fate::RefusedAfter(500, "InternalError"),
    Fate::RefusedAfter(400, "RequestTimeout"),
    Fate::GatewayBefore(404),
    Fate::GatewayAfter(502),
    Fate::Late(0),
    Fate::CancelLost,
    Fate::CancelDone,
    Fate::CancelAnswered,
    Fate::CancelLate(0),
    Fate::OtherWriter,
    Fate::SameBytes,
    Fate::Lifecycle,
    Fate::NoCrc,
    Fate::KillBefore,
    Fate::KillAfter,
];
/// How many of the fates there are where no process is killed.
pub(super) const SURVIVED: u16 = FATES.len() as u16 - 2;

#[derive(Debug)]
pub(super) struct World(Mutex<State>);

#[derive(Debug)]
pub(super) struct State {
    pub(super) explorer: Explorer,
    pub(super) service: Service,
    /// (requests that still go before it, itself)
    late: Vec<Message>,
    pub(super) fates: u16,
    pub(super) crc64: u64,
    pub(super) size: u64,
    pub(super) cancel: Cancel,
    pub(super) call: u32,
    pub(super) requests: u32,
    pub(super) dead: bool,
    /// Of what the client has seen.
    pub(super) seen: DefaultHasher,
    pub(super) story: Option<Vec<String>>,
    pub(super) begun: Instant,
    pub(super) used: Vec<Fate>,
}

impl World {
    pub(super) fn new(explorer: Explorer, cancel: Cancel) -> Self {
        Self(Mutex::new(State {
            explorer,
            service: Service::default(),
            late: Vec::new(),
            fates: SURVIVED,
            crc64: 0,
            size: 0,
            cancel,
            call: 1,
            requests: 0,
            dead: false,
            seen: DefaultHasher::new(),
            story: None,
            begun: now(),
            used: Vec::new(),
        }))
    }

    pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    pub(super) fn tell(&mut self, line: impl FnOnce() -> String) {
        let at = now() - self.begun;
        if let Some(story) = &mut self.story {
            story.push(format!("{:>8.3} s  {}", at.as_secs_f64(), line()));
        }
    }

    /// Each request that is delayed may arrive now, or later.
    fn deliver(&mut self) {
        let mut still = Vec::new();
        for message in std::mem::take(&mut self.late) {
            if self.explorer.order() {
                let response = self.service.apply(&message);
                self.tell(|| {
                    format!(
                        "    service: the delayed {} arrives: {}",
                        message.operation, response.status
                    )
                });
            } else {
                still.push(message);
            }
        }
        self.late = still;
    }

    /// What is still under way arrives after the call has returned.
    pub(super) fn settle(&mut self) {
        for message in std::mem::take(&mut self.late) {
            let response = self.service.apply(&message);
            self.tell(|| {
                format!(
                    "    service: the delayed {} arrives after the return: {}",
                    message.operation, response.status
                )
            });
        }
    }
}

fn failure(kind: ErrorKind, text: &str, delivery: Delivery, sent: u64, host: &str) -> Failure {
    let error =
        if kind == ErrorKind::Canceled { Error::canceled() } else { Error::new(kind, text) };
    let error = error.with_phase(Phase::Wait).with_host(host).with_bytes_sent(sent);
    let sent = None;
    Failure { error, delivery, reused: false, sent }
}

fn pass(time: Duration) {
    simulated::set(Some(now() + time));
}

pub(super) static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);

/// The time of day of the service.
pub(super) fn clock() -> std::time::SystemTime {
    let passed = now().saturating_duration_since(*START);
    std::time::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + passed
}

const TRIP: Duration = Duration::from_millis(10);

impl Peer for World {
    fn send(&self, outgoing: &Outgoing<'_>, call: &Call<'_>) -> Result<Exchange, Failure> {
        let mut world = self.lock();
        let host = outgoing.target.host.as_str();
        if world.dead {
            return Err(failure(ErrorKind::Canceled, "", Delivery::Never, 0, host));
        }
        if call.cancel.is_triggered() {
            return Err(failure(ErrorKind::Canceled, "", Delivery::Never, 0, host));
        }
        if call.deadline.has_passed() {
            return Err(failure(
                ErrorKind::Timeout,
                "the deadline of the call has passed",
                Delivery::Never,
                0,
                host,
            ));
        }
        world.requests += 1;
        assert!(world.requests < 200, "too many requests");
        let number = world.call;
        let message = Message::read(outgoing, number);
        let sent = Sent { bytes: message.size, crc64: message.crc64 };
        world.deliver();
        let chosen = {
            let fates = world.fates;
            world.explorer.fault(fates)
        };
        let mut fate = FATES[usize::from(chosen)];
        world.used.push(fate);
        message.operation.hash(&mut world.seen);
        message.part.hash(&mut world.seen);
        let cancels = matches!(
            fate,
            Fate::CancelLost | Fate::CancelDone | Fate::CancelAnswered | Fate::CancelLate(_)
        );
        world.tell(|| {
            format!(
                "{} {}{}: {fate:?}",
                message.operation,
                message.upload,
                if message.part > 0 { format!(" part {}", message.part) } else { String::new() }
            )
        });
        if cancels {
            pass(TRIP / 2);
            world.cancel.trigger();
        }
        // The time until the client stops to wait, from now.
        let cut_by_cancel = call.cancel.is_triggered();
        let limit = {
            let response = Deadline::after(call.limits.response);
            let outer = match (cut_by_cancel, call.cancel_policy) {
                (true, CancelPolicy::Cut) => Deadline::after(Duration::ZERO),
                (true, CancelPolicy::AwaitResponse(budget)) => budget.start_waiting(),
                (false, _) => call.deadline,
            };
            response.earlier(outer).left().unwrap_or(Duration::MAX)
        };
        // Somebody else's call is not ours to cancel.
        if cancels && !cut_by_cancel {
            fate = match fate {
                Fate::CancelLost => Fate::LostBefore,
                Fate::CancelDone => Fate::LostAfter,
                Fate::CancelLate(n) => Fate::Late(n),
                _ => Fate::Normal,
            };
        }
        let gives_up = |world: &mut State| {
            pass(limit);
            let (kind, text) = match cut_by_cancel {
                true => (ErrorKind::Canceled, ""),
                false => (ErrorKind::Timeout, "no answer in time"),
            };
            (kind as u8 as u64).hash(&mut world.seen);
            world.tell(|| format!("    client: {kind:?}"));
            Err(failure(kind, text, Delivery::Maybe, message.size, host))
        };
        let loses = |world: &mut State| {
            pass(TRIP);
            77u8.hash(&mut world.seen);
            world.tell(|| "    client: the connection is closed without an answer".to_owned());
            Err(failure(
                ErrorKind::Network,
                "the connection was closed without an answer",
                Delivery::Maybe,
                message.size,
                host,
            ))
        };
        let response = match fate {
            Fate::Normal => world.service.apply(&message),
            Fate::LostBefore => return loses(&mut world),
            Fate::LostAfter => {
                world.service.apply(&message);
                return loses(&mut world);
            }
            Fate::RefusedBefore(status, code) => refusal(status, code),
            Fate::RefusedAfter(status, code) => {
                world.service.apply(&message);
                refusal(status, code)
            }
            Fate::GatewayBefore(status) => gateway(status),
            Fate::GatewayAfter(status) => {
                world.service.apply(&message);
                gateway(status)
            }
            Fate::Late(_) | Fate::CancelLate(_) => {
                world.late.push(message.clone());
                return gives_up(&mut world);
            }
            Fate::Never | Fate::CancelLost => return gives_up(&mut world),
            Fate::CancelDone => {
                world.service.apply(&message);
                return gives_up(&mut world);
            }
            Fate::CancelAnswered => {
                let response = world.service.apply(&message);
                if matches!(call.cancel_policy, CancelPolicy::Cut) {
                    return gives_up(&mut world);
                }
                response
            }
            Fate::OtherWriter | Fate::SameBytes => {
                let same = fate == Fate::SameBytes;
                let object = service::Object {
                    call: 99,
                    size: if same { world.size } else { 5 },
                    crc64: if same { world.crc64 } else { 5 },
                    attributes: Vec::new(),
                    multipart: true,
                    modified: clock(),
                };
                world.service.store(object);
                world.service.apply(&message)
            }
            Fate::Lifecycle => {
                world.service.uploads.clear();
                world.service.apply(&message)
            }
            Fate::NoCrc => {
                let mut response = world.service.apply(&message);
                response.headers.remove("x-oss-hash-crc64ecma");
                response
            }
            Fate::KillBefore | Fate::KillAfter => {
                if fate == Fate::KillAfter {
                    world.service.apply(&message);
                }
                world.dead = true;
                return gives_up(&mut world);
            }
        };
        pass(TRIP);
        (response.status, &response.body).hash(&mut world.seen);
        world.tell(|| {
            format!(
                "    client: {} {}",
                response.status,
                String::from_utf8_lossy(&response.body).chars().take(60).collect::<String>()
            )
        });
        // What cancelled is seen by the next step of the client.
        let is_content = matches!(outgoing.body, crate::wire::Body::Content(_));
        let sent = if is_content { sent } else { Sent { bytes: sent.bytes, crc64: 0 } };
        Ok(Exchange { response, sent, whole: true })
    }
}
