//! Accepts connections and spawns a task per request.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::connection::{Connection, WriteControl};
use crate::exchange::{self, ConnectionClosed};
use crate::response::ResponseBody;
use crate::service::Service;

/// Serves until `stop` is sent or dropped.
pub(crate) async fn serve(
    service: Arc<Service>,
    listener: TcpListener,
    mut stop: oneshot::Receiver<()>,
) {
    loop {
        tokio::select! {
            _ = &mut stop => return,
            accepted = listener.accept() => {
                // A connection that failed before it was accepted is ignored.
                if let Ok((stream, _)) = accepted {
                    tokio::spawn(connection(Arc::clone(&service), stream));
                }
            }
        }
    }
}

async fn connection(service: Arc<Service>, stream: TcpStream) {
    // Failure only affects latency.
    let _ = stream.set_nodelay(true);
    let write_control = WriteControl::default();
    let io = TokioIo::new(Connection::new(stream, write_control.clone()));
    let handler =
        service_fn(move |request| handle(Arc::clone(&service), write_control.clone(), request));
    let mut http = http1::Builder::new();
    // A client may shut down its writing side after sending the request.
    http.half_close(true).max_buf_size(1 << 20).max_headers(HEADERS_MAX);
    // Errors here come from the client or from injected faults.
    let _ = http.serve_connection(io, handler).await;
}

/// The most headers of a request: 8 KiB of metadata, each of which has a name and a value, and the
/// others. hyper responds with 431 to more.
pub(crate) const HEADERS_MAX: usize = 4 * 1024 + 100;

/// Handles a request in its own task, so that it completes even if the client disconnects.
async fn handle(
    service: Arc<Service>,
    write_control: WriteControl,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, ConnectionClosed> {
    tokio::spawn(exchange::handle(service, write_control, request))
        .await
        .unwrap_or(Err(ConnectionClosed))
}
