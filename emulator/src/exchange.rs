//! One request from its head to its reply: parse, strike, verify, permit, perform, distort, log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::body::{Body, Incoming};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, Response};
use tokio::time::sleep;

use crate::access::{self, Caller};
use crate::auth::{Signable, Verifier};
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
use crate::query::Query;
use crate::reply::{ErrorContext, Reply, ReplyBody};
use crate::route::Operation;
use crate::server::Dropped;
use crate::service::Service;
use crate::target::{Target, is_bucket_name};

/// What the head of a request says.
#[derive(Debug)]
struct Asked {
    target: Target,
    query: Query,
    operation: Operation,
}

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
    let asked = read_head(&service, &parts, &host);
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
        let caller = match self.admit(&asked, &intake) {
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

    /// The checks that come before the operation, in their order.
    fn admit(&self, asked: &Asked, intake: &Intake) -> Result<Caller, OssError> {
        let bucket = asked.target.bucket.as_deref();
        if let Some(name) = bucket.filter(|name| !is_bucket_name(name)) {
            return Err(OssError::bad_request(
                "InvalidBucketName",
                "The specified bucket is not valid.",
            )
            .with("BucketName", name));
        }
        let keys = self.service.keys();
        let verifier = Verifier {
            keys: &keys,
            region: &self.service.region,
            product: "oss",
            now: self.now(),
            sub_resources: &[],
        };
        let signable = Signable {
            method: self.parts.method.as_str(),
            bucket,
            key: asked.target.key.as_deref(),
            query: &asked.query.0,
            headers: &self.parts.headers,
        };
        let key = verifier.verify(&signable)?;
        let header = |name: &str| self.parts.headers.get(name).and_then(|v| v.to_str().ok());
        let caller = Caller {
            signed: key.is_some(),
            is_owner: key.is_some_and(|key| key.owner),
            pays: header("x-oss-request-payer") == Some("requester"),
        };
        if asked.operation.needs_length() && !intake.has_length() {
            return Err(OssError::new(
                hyper::StatusCode::LENGTH_REQUIRED,
                "MissingContentLength",
                "You must provide the Content-Length HTTP header.",
            )
            .closing());
        }
        let record = bucket.and_then(|name| self.service.store.bucket(name));
        if let (Some(name), None) = (bucket, &record)
            && asked.operation != Operation::PutBucket
        {
            return Err(OssError::no_such_bucket(name));
        }
        access::permit(
            caller,
            asked.operation,
            &self.service.store,
            bucket.zip(record.as_ref()),
            asked.target.key.as_deref().unwrap_or_default(),
        )?;
        Ok(caller)
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

#[expect(clippy::print_stderr, reason = "the log of the server goes to stderr")]
fn log_line(line: &str) {
    eprintln!("{line}");
}

fn host(parts: &Parts) -> String {
    let header = parts.headers.get("host").and_then(|value| value.to_str().ok());
    let authority = parts.uri.authority().map(hyper::http::uri::Authority::as_str);
    header.or(authority).unwrap_or_default().to_owned()
}

fn read_head(service: &Service, parts: &Parts, host: &str) -> Result<Asked, OssError> {
    let target = Target::parse(parts.uri.path(), host, service.addressing, &service.hosts)?;
    let query = Query::parse(parts.uri.query().unwrap_or_default())
        .ok_or_else(|| OssError::argument("query", "", "The query string is not UTF-8."))?;
    let operation = Operation::of(&parts.method, &target, &query, &parts.headers)?;
    Ok(Asked { target, query, operation })
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
        part: asked.and_then(part_number),
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

fn part_number(asked: &Asked) -> Option<u32> {
    asked.query.value("partNumber").and_then(|number| number.parse().ok())
}

fn record(parts: &Parts, asked: Option<&Asked>, request_id: &str, struck: bool) -> RequestRecord {
    RequestRecord {
        op: asked.map_or_else(|| "Unknown".to_owned(), |asked| asked.operation.name()),
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        bucket: asked.and_then(|asked| asked.target.bucket.clone()),
        key: asked.and_then(|asked| asked.target.key.clone()),
        headers: parts.headers.clone(),
        part_number: asked.and_then(part_number),
        status: 0,
        code: None,
        bytes: 0,
        request_id: request_id.to_owned(),
        struck,
    }
}
