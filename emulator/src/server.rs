//! Accepts connections and hands each request to its own task.

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
                // A connection that failed before it was accepted concerns nobody.
                if let Ok((stream, _)) = accepted {
                    tokio::spawn(connection(Arc::clone(&service), stream));
                }
            }
        }
    }
}

async fn connection(service: Arc<Service>, stream: TcpStream) {
    // Only latency is at stake.
    let _ = stream.set_nodelay(true);
    let write_control = WriteControl::default();
    let io = TokioIo::new(Connection::new(stream, write_control.clone()));
    let answer =
        service_fn(move |request| answer(Arc::clone(&service), write_control.clone(), request));
    let mut http = http1::Builder::new();
    // A client that goes away after its last byte has made its request all the same.
    http.half_close(true).max_buf_size(1 << 20);
    // The ways a connection can end badly are the client's business, or were caused by a fault rule.
    let _ = http.serve_connection(io, answer).await;
}

/// In a task of its own, the request is finished even if the client goes away.
async fn answer(
    service: Arc<Service>,
    write_control: WriteControl,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, ConnectionClosed> {
    tokio::spawn(exchange::answer(service, write_control, request))
        .await
        .unwrap_or(Err(ConnectionClosed))
}
