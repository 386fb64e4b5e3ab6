//! Runs one request over a connection: the loop around the HTTP/1.1 of ureq.
//!
//! The agent of ureq itself reads the proxy variables of the environment whenever it is configured,
//! which is not safe in a program that changes its environment meanwhile.

use std::io::{self, Read};

use ureq::http::{Request, Response};
use ureq::unversioned::transport::{NextTimeout, Transport};
use ureq_proto::BodyMode;
use ureq_proto::client::state::{RecvBody, RecvResponse, SendBody, SendRequest};
use ureq_proto::client::{Call, RecvBodyResult, RecvResponseResult, SendRequestResult};

use super::connect::Dialer;
use super::connection::Connection;
use super::error_mapping;
use super::idle_connections::{IdleConnections, ServerAddress};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;

#[derive(Debug)]
pub(super) struct Agent {
    dialer: Dialer,
    idle: IdleConnections,
}

/// A response, and whether the connection can serve another request.
struct ReceivedResponse {
    head: Response<()>,
    body: Vec<u8>,
    must_close: bool,
}

impl Agent {
    pub(super) fn new(dialer: Dialer, most_idle: usize) -> Self {
        Self { dialer, idle: IdleConnections::new(most_idle) }
    }

    /// Sends a request and reads its response to the end. The body is read as far as the header
    /// `Content-Length` says.
    pub(super) fn run(
        &self,
        request: Request<()>,
        body: &mut dyn Read,
    ) -> Result<(Response<()>, Vec<u8>), ureq::Error> {
        let server = ServerAddress::of(request.uri()).map_err(error_mapping::wrap)?;
        let call = Call::new(request)?;
        let mut connection = match self.idle.take(&server) {
            Some(connection) => connection,
            None => self.dialer.open(&server).map_err(error_mapping::wrap)?,
        };
        let received = exchange(call.proceed(), body, &mut connection)?;
        if !received.must_close && connection.is_reusable() {
            self.idle.put(server, connection);
        }
        Ok((received.head, received.body))
    }
}

fn exchange(
    call: Call<SendRequest>,
    body: &mut dyn Read,
    connection: &mut Connection,
) -> Result<ReceivedResponse, ureq::Error> {
    let call = match send_head(call, connection)? {
        SendRequestResult::SendBody(call) => send_body(call, body, connection)?,
        SendRequestResult::RecvResponse(call) => call,
        // No request has the header that asks for it.
        SendRequestResult::Await100(_) => return Err(out_of_order()),
    };
    let (head, next) = receive_head(call, connection)?;
    let (body, must_close) = match next {
        RecvResponseResult::RecvBody(call) => receive_body(call, connection)?,
        RecvResponseResult::Redirect(call) => (Vec::new(), call.must_close_connection()),
        RecvResponseResult::Cleanup(call) => (Vec::new(), call.must_close_connection()),
    };
    Ok(ReceivedResponse { head, body, must_close })
}

fn send_head(
    mut call: Call<SendRequest>,
    connection: &mut Connection,
) -> Result<SendRequestResult, ureq::Error> {
    while !call.can_proceed() {
        let length = call.write(connection.buffers().output())?;
        connection.transmit_output(length, NextTimeout::default())?;
    }
    call.proceed()?.ok_or_else(out_of_order)
}

fn send_body(
    mut call: Call<SendBody>,
    body: &mut dyn Read,
    connection: &mut Connection,
) -> Result<Call<RecvResponse>, ureq::Error> {
    while !call.can_proceed() {
        let length = body.read(connection.buffers().output())?;
        call.consume_direct_write(length)?;
        connection.transmit_output(length, NextTimeout::default())?;
    }
    call.proceed().ok_or_else(out_of_order)
}

fn receive_head(
    mut call: Call<RecvResponse>,
    connection: &mut Connection,
) -> Result<(Response<()>, RecvResponseResult), ureq::Error> {
    // The connection looks at what it received while it sent the request.
    let mut is_open = connection.await_input(NextTimeout::default())?;
    loop {
        let (used, head) = call.try_response(connection.buffers().input(), false)?;
        connection.buffers().input_consume(used);
        match head {
            Some(head) => return Ok((head, call.proceed().ok_or_else(out_of_order)?)),
            None if is_open => {}
            None => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        }
        is_open = connection.maybe_await_input(NextTimeout::default())?;
    }
}

/// Returns the body, and whether the connection must be closed.
fn receive_body(
    mut call: Call<RecvBody>,
    connection: &mut Connection,
) -> Result<(Vec<u8>, bool), ureq::Error> {
    let mut body = Vec::new();
    let mut piece = [0; PIECE];
    let mut is_open = true;
    while call.body_mode() == BodyMode::CloseDelimited || !call.can_proceed() {
        let (used, length) = call.read(connection.buffers().input(), &mut piece)?;
        connection.buffers().input_consume(used);
        body.extend_from_slice(piece.get(..length).unwrap_or_default());
        if body.len() as u64 > limits::RESPONSE_BODY_MAX {
            return Err(error_mapping::wrap(too_long()));
        }
        if used == 0 && length == 0 {
            if !is_open {
                break;
            }
            is_open = connection.await_input(NextTimeout::default())?;
        }
    }
    // Some servers leave out the empty line at the end of a chunked body.
    if !call.can_proceed() && !call.is_ended_chunked() {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    let must_close = match call.proceed() {
        Some(RecvBodyResult::Redirect(call)) => call.must_close_connection(),
        Some(RecvBodyResult::Cleanup(call)) => call.must_close_connection(),
        None => true,
    };
    Ok((body, must_close))
}

fn too_long() -> Error {
    let text = format!("the response is longer than {} bytes", limits::RESPONSE_BODY_MAX);
    Error::new(ErrorKind::Protocol, text)
}

fn out_of_order() -> ureq::Error {
    error_mapping::wrap(Error::internal("a step of HTTP is out of order"))
}

/// How much of a body is read at once.
const PIECE: usize = 8 * 1024;
