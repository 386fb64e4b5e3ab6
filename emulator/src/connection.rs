//! A connection with write faults and a lingering close, so that the client can read a
//! response sent before its request was read completely.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::faults::{Disconnect, Drip};
use crate::poison::ignore_poison;

/// How long a closing connection reads and discards input.
const LINGER: Duration = Duration::from_secs(10);
/// Duration of a stall without `ms`; the connection is then closed.
const UNTIMED_STALL: Duration = Duration::from_secs(600);

/// Faults to apply while writing the next response.
#[derive(Debug, Clone, Default)]
pub(crate) struct WritePlan {
    /// Offset at which to disconnect, and how.
    pub(crate) cut: Option<(u64, Disconnect)>,
    /// Offset at which to stall, and for how many milliseconds; `None` is [`UNTIMED_STALL`].
    pub(crate) stall: Option<(u64, Option<u64>)>,
    pub(crate) drip: Option<Drip>,
}

/// The active plan and its progress.
#[derive(Debug, Clone, Default)]
struct Progress {
    plan: WritePlan,
    /// Whether the stall is over.
    stalled: bool,
    written: u64,
}

/// Controls the write faults of a connection from the task of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct WriteControl {
    progress: Arc<Mutex<Progress>>,
}

impl WriteControl {
    /// Sets the plan; it takes effect with the next byte written.
    pub(crate) fn set(&self, plan: WritePlan) {
        *self.lock() = Progress { plan, ..Progress::default() };
    }

    /// Disconnects at the next write.
    pub(crate) fn end(&self, disconnect: Disconnect) {
        self.set(WritePlan { cut: Some((0, disconnect)), ..WritePlan::default() });
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        ignore_poison(self.progress.lock())
    }
}

/// The stream that hyper reads and writes.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    write_control: WriteControl,
    pause: Option<Pin<Box<Sleep>>>,
    linger: Option<Pin<Box<Sleep>>>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, write_control: WriteControl) -> Self {
        Self { stream, write_control, pause: None, linger: None }
    }

    /// Returns how many of `wanted` bytes may be written now.
    fn poll_allowance(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<usize>> {
        let Progress { plan, stalled, written } = self.write_control.lock().clone();
        let mut allowed = u64::try_from(wanted).unwrap_or(u64::MAX);
        if let Some((at, _)) = plan.cut {
            if written >= at {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            allowed = allowed.min(at - written);
        }
        if let Some((at, ms)) = plan.stall {
            if written < at {
                allowed = allowed.min(at - written);
            } else if !stalled {
                let time = ms.map_or(UNTIMED_STALL, Duration::from_millis);
                ready!(self.poll_pause(cx, time));
                if ms.is_none() {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                self.write_control.lock().stalled = true;
            }
        }
        if let Some(drip) = plan.drip {
            ready!(self.poll_pause(cx, Duration::from_millis(drip.delay_ms)));
            allowed = allowed.min(u64::try_from(drip.bytes.max(1)).unwrap_or(1));
        }
        Poll::Ready(Ok(usize::try_from(allowed).unwrap_or(wanted)))
    }

    fn poll_pause(&mut self, cx: &mut Context<'_>, time: Duration) -> Poll<()> {
        let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(time)));
        ready!(pause.as_mut().poll(cx));
        self.pause = None;
        Poll::Ready(())
    }
}

/// Resets the connection if the plan says so, by disabling linger.
impl Drop for Connection {
    fn drop(&mut self) {
        if matches!(self.write_control.lock().plan.cut, Some((_, Disconnect::Reset))) {
            // Fails only if the socket is already closed.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let allowed = ready!(self.poll_allowance(cx, bytes.len()))?;
        let bytes = bytes.get(..allowed).unwrap_or(bytes);
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.write_control.lock().written += u64::try_from(written).unwrap_or_default();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Shuts down the writing side, then drains input: closing a socket with unread bytes resets
    /// the connection and can discard the response.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        }
        let linger = self.linger.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        if linger.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let mut waste = [0_u8; 16 * 1024];
        loop {
            let mut buffer = ReadBuf::new(&mut waste);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                _ => return Poll::Ready(Ok(())),
            }
        }
    }
}
