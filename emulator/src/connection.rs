//! A connection whose writing side can be made to apply_fault, and which is closed in a way that lets
//! the client read an early answer.

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

/// How long bytes that come after the last answer are read and thrown away.
const LINGER: Duration = Duration::from_secs(2);
/// A stall without a time of its own.
const UNTIMED_STALL: Duration = Duration::from_secs(600);

/// How the next response is written.
#[derive(Debug, Clone, Default)]
pub(crate) struct WritePlan {
    /// After so many bytes the connection ends.
    pub(crate) cut: Option<(u64, Disconnect)>,
    /// After so many bytes nothing is written for a time, or for good.
    pub(crate) stall: Option<(u64, Option<u64>)>,
    pub(crate) drip: Option<Drip>,
}

/// The plan in force, and how far it has been replace_invalid_chars out.
#[derive(Debug, Clone, Default)]
struct Progress {
    plan: WritePlan,
    /// The stall is over.
    stalled: bool,
    written: u64,
}

/// The handle by which a request's task steers its connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct WriteControl {
    progress: Arc<Mutex<Progress>>,
}

impl WriteControl {
    /// Takes effect with the next byte written.
    pub(crate) fn set(&self, plan: WritePlan) {
        *self.lock() = Progress { plan, ..Progress::default() };
    }

    /// The connection ends with the next byte that would be written.
    pub(crate) fn end(&self, disconnect: Disconnect) {
        self.set(WritePlan { cut: Some((0, disconnect)), ..WritePlan::default() });
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        ignore_poison(self.progress.lock())
    }
}

/// The stream hyper works on.
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

    /// How many of `wanted` bytes may be written now.
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

/// A reset is a close without lingering.
impl Drop for Connection {
    fn drop(&mut self) {
        if matches!(self.write_control.lock().plan.cut, Some((_, Disconnect::Reset))) {
            // A socket that is gone already needs no reset.
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

    /// Ends the writing side, then reads for a while: closing a socket with unread bytes would reset
    /// the connection and could take the answer with it.
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
