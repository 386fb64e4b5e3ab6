//! One request from its head to its reply: parse, strike, verify, permit, perform, distort, log.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::body::{Body, Incoming};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, Response};
use tokio::time::sleep;

use crate::admission::Applicant;
use crate::asked::{Asked, host};
use crate::body::Intake;
use crate::call::Call;
use crate::clock;
use crate::connection::Wire;
use crate::distort;
use crate::error::{OssError, Refusal};
use crate::faults::{Action, Ending, Occasion};
use crate::ids;
use crate::journal::{Entry, RequestRecord, without_secrets};
use crate::operations;
use crate::reply::{ErrorContext, Reply, ReplyBody};
use crate::server::Dropped;
use crate::service::Service;

/// One request on its way.
#[derive(Debug)]
struct Exchange {
    service: Arc<Service>,
    parts: Parts,
    host: String,
    request_id: String,
    action: Action,
    received: Arc<AtomicU64>,
    entry: Entry,
    started: Instant,
}

/// Answers a request, or says that the connection ends without an answer.
pub(crate) async fn answer(
    service: Arc<Service>,
    wire: Wire,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, Dropped> {
    wire.set(Default::default());
    let (parts, incoming) = request.into_parts();
    let host = host(&parts);
    let asked = Asked::read(&service, &parts, &host);
    let action = strike(&service, &parts.headers, asked.as_ref().ok());
    let request_id = ids::hex24();
    let struck = !matches!(&action, Ok(action) if *action == Action::default());
    let record = record(&parts, asked.as_ref().ok(), &request_id, struck);
    let received = Arc::new(AtomicU64::new(0));
    let entry = service.journal.open(record, Arc::clone(&received));
    let (action, asked) = match action {
        Ok(action) => (action, asked),
        Err(error) => (Action::default(), Err(error)),
    };
    let patience = service.options().body_timeout;
    let mut intake = Intake::new(incoming, &parts.headers, patience, Arc::clone(&received));
    intake.afflict(&action);
    let started = Instant::now();
    let exchange = Exchange { service, parts, host, request_id, action, received, entry, started };
    exchange.run(wire, asked, intake).await
}

impl Exchange {
    async fn run(
        self,
        wire: Wire,
        asked: Result<Asked, OssError>,
        intake: Intake,
    ) -> Result<Response<ReplyBody>, Dropped> {
        if self.action.delay_ms > 0 {
            sleep(Duration::from_millis(self.action.delay_ms)).await;
        }
        let (outcome, intake) = match distort::invented(&self.action, &self.error_context()) {
            Some(reply) if self.action.answers_early() => (Ok(reply), intake),
            invented => {
                let (outcome, intake) = self.perform(asked, intake).await;
                (invented.map_or(outcome, Ok), intake)
            }
        };
        let outcome = match (outcome, self.action.ends_after_commit()) {
            (Ok(_), Some(ending)) => Err(ending.into()),
            (outcome, _) => outcome,
        };
        let (mut reply, mut close) = match outcome {
            Ok(reply) => (reply, false),
            Err(Refusal::Answer(error)) => {
                (Reply::error(&error, &self.error_context()), error.close)
            }
            Err(Refusal::HangUp) => return self.hang_up(&wire, Ending::Close),
            Err(Refusal::Reset) => return self.hang_up(&wire, Ending::Reset),
        };
        self.add_usual_headers(&mut reply);
        distort::reply(&mut reply, &self.action);
        let status = reply.status.as_u16();
        let code = reply.code.clone();
        close |= intake.leave();
        if close {
            reply.set("connection", "close");
        }
        let body = ReplyBody::from(reply.content);
        self.note(status, code.as_deref(), body.size_hint().exact().unwrap_or_default());
        if self.action.delay_reply_ms > 0 {
            sleep(Duration::from_millis(self.action.delay_reply_ms)).await;
        }
        wire.set(distort::write_plan(&self.action));
        let mut response = Response::new(body);
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        Ok(response)
    }

    /// Everything up to the reply of the operation itself.
    async fn perform(
        &self,
        asked: Result<Asked, OssError>,
        intake: Intake,
    ) -> (Result<Reply, Refusal>, Intake) {
        let asked = match asked {
            Ok(asked) => asked,
            Err(error) => return (Err(error.into()), intake),
        };
        let applicant = Applicant {
            asked: &asked,
            parts: &self.parts,
            has_length: intake.has_length(),
            now: self.now(),
        };
        let caller = match applicant.admit(&self.service) {
            Ok(caller) => caller,
            Err(error) => return (Err(error.into()), intake),
        };
        let mut call = Call {
            service: Arc::clone(&self.service),
            method: self.parts.method.clone(),
            host: self.host.clone(),
            bucket: asked.target.bucket.unwrap_or_default(),
            key: asked.target.key.unwrap_or_default(),
            query: asked.query,
            headers: self.parts.headers.clone(),
            body: intake,
            request_id: self.request_id.clone(),
            now: self.now(),
            options: self.service.options(),
            signed: caller.signed,
            is_owner: caller.is_owner,
        };
        let outcome = operations::perform(asked.operation, &mut call).await;
        (outcome, call.body)
    }

    fn now(&self) -> i64 {
        self.service.clock.now().saturating_add(self.action.clock_skew_s)
    }

    fn error_context(&self) -> ErrorContext<'_> {
        ErrorContext {
            request_id: &self.request_id,
            host: &self.host,
            is_head: self.parts.method == hyper::Method::HEAD,
            bare_head: self.service.options().bare_head_errors,
        }
    }

    fn add_usual_headers(&self, reply: &mut Reply) {
        reply.set("server", "AliyunOSS");
        reply.set("date", &clock::http_date(self.now()));
        reply.set("x-oss-request-id", &self.request_id);
        reply.set("x-oss-server-time", &self.started.elapsed().as_millis().to_string());
        if self.service.options().no_crc {
            reply.headers.remove("x-oss-hash-crc64ecma");
        }
    }

    fn hang_up(&self, wire: &Wire, ending: Ending) -> Result<Response<ReplyBody>, Dropped> {
        wire.end(ending);
        self.note(0, None, 0);
        Err(Dropped)
    }

    /// Into the journal and the log.
    fn note(&self, status: u16, code: Option<&str>, sent: u64) {
        let received = self.received.load(Ordering::Relaxed);
        self.service.journal.close(self.entry, status, code);
        if self.service.logs {
            let target = self.parts.uri.path_and_query().map_or("/", |target| target.as_str());
            log_line(&format!(
                "{} {} {status} {} {} in={received} out={sent} {}ms",
                self.parts.method,
                without_secrets(target),
                code.unwrap_or("-"),
                self.request_id,
                self.started.elapsed().as_millis(),
            ));
        }
    }
}

/// A closed stderr must not stop the server.
fn log_line(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The fault for this request: the one in its header, else that of the rules.
fn strike(
    service: &Service,
    headers: &HeaderMap,
    asked: Option<&Asked>,
) -> Result<Action, OssError> {
    let occasion = Occasion {
        op: &asked.map_or_else(|| "Unknown".to_owned(), |asked| asked.operation.name()),
        bucket: asked.and_then(|asked| asked.target.bucket.as_deref()),
        key: asked.and_then(|asked| asked.target.key.as_deref()),
        part: asked.and_then(Asked::part_number),
    };
    let by_rule = service.strike(occasion);
    let Some(header) = headers.get("x-emulator-fault") else {
        return Ok(by_rule.unwrap_or_default());
    };
    serde_json::from_slice(header.as_bytes()).map_err(|error| {
        OssError::argument(
            "x-emulator-fault",
            &String::from_utf8_lossy(header.as_bytes()),
            &error.to_string(),
        )
    })
}

fn record(parts: &Parts, asked: Option<&Asked>, request_id: &str, struck: bool) -> RequestRecord {
    RequestRecord {
        op: asked.map_or_else(|| "Unknown".to_owned(), |asked| asked.operation.name()),
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        bucket: asked.and_then(|asked| asked.target.bucket.clone()),
        key: asked.and_then(|asked| asked.target.key.clone()),
        headers: parts.headers.clone(),
        part_number: asked.and_then(Asked::part_number),
        status: 0,
        code: None,
        bytes: 0,
        request_id: request_id.to_owned(),
        struck,
    }
}
