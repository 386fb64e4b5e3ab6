//! Handles one request: parse, inject faults, authorize, execute, respond, log.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::body::{Body, Incoming};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, Response};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::authorize::Authorizer;
use crate::clock;
use crate::connection::WriteControl;
use crate::error::{OssError, RequestError};
use crate::fault_response;
use crate::faults::{Action, Disconnect, RequestInfo};
use crate::ids;
use crate::operation_request::OperationRequest;
use crate::operations;
use crate::parsed_request::{ParsedRequest, host};
use crate::request_body::RequestBody;
use crate::request_log::{RecordNumber, RequestRecord, redact_query};
use crate::response::{ErrorContext, OssResponse, ResponseBody};
use crate::service::Service;

/// The connection is closed without a response.
#[derive(Debug)]
pub(crate) struct ConnectionClosed;

impl fmt::Display for ConnectionClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was closed without a response")
    }
}

impl std::error::Error for ConnectionClosed {}

/// The delays of a request, which [`Emulator::end_delays`](crate::Emulator::end_delays) ends.
#[derive(Debug)]
struct Delays {
    ended: watch::Receiver<u64>,
    /// The count when the request arrived.
    initial: u64,
}

impl Delays {
    /// To be called before the fault of the request is matched and the request is recorded, after
    /// which a test may end its delay.
    fn new(service: &Service) -> Self {
        let ended = service.ended_delays.subscribe();
        let initial = *ended.borrow();
        Self { ended, initial }
    }

    async fn wait(&mut self, ms: u64) {
        if ms == 0 {
            return;
        }
        let initial = self.initial;
        let ended = self.ended.wait_for(|count| *count != initial);
        // Either the time has passed or the delay was ended.
        let _ = timeout(Duration::from_millis(ms), ended).await;
    }
}

/// A request being handled.
#[derive(Debug)]
struct Exchange {
    service: Arc<Service>,
    parts: Parts,
    host: String,
    request_id: String,
    action: Action,
    delays: Delays,
    received: Arc<AtomicU64>,
    record_number: RecordNumber,
    started: Instant,
}

/// Handles a request and returns its response, or an error that closes the connection.
pub(crate) async fn handle(
    service: Arc<Service>,
    write_control: WriteControl,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, ConnectionClosed> {
    write_control.set(Default::default());
    let (parts, incoming) = request.into_parts();
    let host = host(&parts);
    let delays = Delays::new(&service);
    let parsed = ParsedRequest::read(&service, &parts, &host);
    let action = match_fault(&service, &parts.headers, parsed.as_ref().ok());
    let request_id = ids::hex24();
    let fault_injected = !matches!(&action, Ok(action) if *action == Action::default());
    let record = record(&parts, parsed.as_ref().ok(), &request_id, fault_injected);
    let received = Arc::new(AtomicU64::new(0));
    let record_number = service.request_log.start(record, Arc::clone(&received));
    let (action, parsed) = match action {
        Ok(action) => (action, parsed),
        Err(error) => (Action::default(), Err(error)),
    };
    let idle_timeout = service.options().body_timeout;
    let mut body = RequestBody::new(incoming, &parts, idle_timeout, Arc::clone(&received));
    body.inject(&action);
    let started = Instant::now();
    let exchange = Exchange {
        service,
        parts,
        host,
        request_id,
        action,
        delays,
        received,
        record_number,
        started,
    };
    exchange.run(write_control, parsed, body).await
}

impl Exchange {
    async fn run(
        mut self,
        write_control: WriteControl,
        parsed: Result<ParsedRequest, OssError>,
        body: RequestBody,
    ) -> Result<Response<ResponseBody>, ConnectionClosed> {
        self.delays.wait(self.action.delay_ms).await;
        let (outcome, body) = match fault_response::replacement(&self.action, &self.error_context())
        {
            Some(response) if self.action.replaces_effect() => (Ok(response), body),
            replacement => {
                let (outcome, body) = self.perform(parsed, body).await;
                (replacement.map_or(outcome, Ok), body)
            }
        };
        let outcome = match (outcome, self.action.disconnect_after_commit()) {
            (Ok(_), Some(disconnect)) => Err(disconnect.into()),
            (outcome, _) => outcome,
        };
        let (mut response, mut close) = match outcome {
            Ok(response) => (response, false),
            Err(RequestError::Oss(error)) => {
                (OssResponse::error(&error, &self.error_context()), error.close)
            }
            Err(RequestError::Close) => {
                return self.close_connection(&write_control, Disconnect::Close);
            }
            Err(RequestError::Reset) => {
                return self.close_connection(&write_control, Disconnect::Reset);
            }
        };
        self.add_common_headers(&mut response);
        fault_response::modify(&mut response, &self.action);
        let status = response.status.as_u16();
        let code = response.code.clone();
        close |= body.drain();
        if close {
            response.set("connection", "close");
        }
        let body = ResponseBody::from(response.content);
        self.record_outcome(status, code.as_deref(), body.size_hint().exact().unwrap_or_default());
        self.delays.wait(self.action.delay_response_ms).await;
        write_control.set(fault_response::write_plan(&self.action));
        let mut out = Response::new(body);
        *out.status_mut() = response.status;
        *out.headers_mut() = response.headers;
        Ok(out)
    }

    /// Authorizes the request and executes its operation.
    async fn perform(
        &self,
        parsed: Result<ParsedRequest, OssError>,
        body: RequestBody,
    ) -> (Result<OssResponse, RequestError>, RequestBody) {
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return (Err(error.into()), body),
        };
        let authorizer = Authorizer {
            parsed: &parsed,
            parts: &self.parts,
            has_length: body.has_length(),
            now: self.now(),
        };
        let requester = match authorizer.authorize(&self.service) {
            Ok(requester) => requester,
            Err(error) => return (Err(error.into()), body),
        };
        let mut request = OperationRequest {
            service: Arc::clone(&self.service),
            method: self.parts.method.clone(),
            host: self.host.clone(),
            bucket: parsed.target.bucket.unwrap_or_default(),
            key: parsed.target.key.unwrap_or_default(),
            query: parsed.query,
            headers: self.parts.headers.clone(),
            body,
            request_id: self.request_id.clone(),
            now: self.now(),
            options: self.service.options(),
            signed: requester.signed,
            is_owner: requester.is_owner,
            traffic_limit: None,
        };
        let outcome = operations::perform(parsed.operation, &mut request).await;
        (outcome, request.body)
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

    fn add_common_headers(&self, response: &mut OssResponse) {
        response.set("server", "AliyunOSS");
        response.set("date", &clock::http_date(self.now()));
        response.set("x-oss-request-id", &self.request_id);
        response.set("x-oss-server-time", &self.started.elapsed().as_millis().to_string());
        if self.service.options().no_crc {
            response.headers.remove("x-oss-hash-crc64ecma");
        }
    }

    fn close_connection(
        &self,
        write_control: &WriteControl,
        disconnect: Disconnect,
    ) -> Result<Response<ResponseBody>, ConnectionClosed> {
        write_control.end(disconnect);
        self.record_outcome(0, None, 0);
        Err(ConnectionClosed)
    }

    /// Records the outcome in the request log and on stderr.
    fn record_outcome(&self, status: u16, code: Option<&str>, sent: u64) {
        let received = self.received.load(Ordering::Relaxed);
        self.service.request_log.finish(self.record_number, status, code);
        if self.service.logs {
            let target = self.parts.uri.path_and_query().map_or("/", |target| target.as_str());
            log_line(&format!(
                "{} {} {status} {} {} in={received} out={sent} {}ms",
                self.parts.method,
                redact_query(target),
                code.unwrap_or("-"),
                self.request_id,
                self.started.elapsed().as_millis(),
            ));
        }
    }
}

/// Ignores write errors: a closed stderr must not stop the server.
fn log_line(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Returns the fault to inject: from the request header, otherwise from the rules.
fn match_fault(
    service: &Service,
    headers: &HeaderMap,
    parsed: Option<&ParsedRequest>,
) -> Result<Action, OssError> {
    let request = RequestInfo {
        op: &parsed.map_or_else(|| "Unknown".to_owned(), |parsed| parsed.operation.name()),
        bucket: parsed.and_then(|parsed| parsed.target.bucket.as_deref()),
        key: parsed.and_then(|parsed| parsed.target.key.as_deref()),
        part: parsed.and_then(ParsedRequest::part_number),
    };
    let by_rule = service.match_fault(request);
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

fn record(
    parts: &Parts,
    parsed: Option<&ParsedRequest>,
    request_id: &str,
    fault_injected: bool,
) -> RequestRecord {
    RequestRecord {
        op: parsed.map_or_else(|| "Unknown".to_owned(), |parsed| parsed.operation.name()),
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        bucket: parsed.and_then(|parsed| parsed.target.bucket.clone()),
        key: parsed.and_then(|parsed| parsed.target.key.clone()),
        headers: parts.headers.clone(),
        part_number: parsed.and_then(ParsedRequest::part_number),
        status: 0,
        code: None,
        bytes: 0,
        request_id: request_id.to_owned(),
        fault_injected,
    }
}
