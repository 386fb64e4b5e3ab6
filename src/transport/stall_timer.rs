//! The stall rule: a peer that moves almost no bytes in a whole window has stalled.

use std::cell::Cell;
use std::os::fd::RawFd;
use std::time::Duration;

use super::unsent_bytes::unsent_bytes;
use crate::limits;
use crate::runtime::Deadline;

/// The window of the stall rule. Only time spent waiting for the peer counts.
#[derive(Debug, Default)]
pub(super) struct StallTimer {
    waited: Cell<Duration>,
    moved: Cell<u64>,
    /// What the kernel held back when it was last asked.
    queued: Cell<Option<u64>>,
}

impl StallTimer {
    pub(super) fn restart(&self) {
        self.waited.set(Duration::ZERO);
        self.moved.set(0);
        self.queued.set(None);
    }

    pub(super) fn moved(&self, bytes: u64) {
        self.moved.set(self.moved.get() + bytes);
        if self.moved.get() >= limits::STALL_BYTES {
            self.waited.set(Duration::ZERO);
            self.moved.set(0);
        }
    }

    /// A wait is over. A socket becomes writable only when a good part of its buffer is free, so
    /// the bytes that left the buffer meanwhile are counted as well.
    pub(super) fn passed(&self, time: Duration, fd: RawFd) {
        self.waited.set(self.waited.get() + time);
        if time < NOTICEABLE {
            return;
        }
        let now = unsent_bytes(fd);
        if let (Some(before), Some(now)) = (self.queued.replace(now), now) {
            self.moved(before.saturating_sub(now));
        }
    }

    pub(super) fn ends(&self, limit: Duration) -> Deadline {
        Deadline::after(limit.saturating_sub(self.waited.get()))
    }

    pub(super) fn has_lasted(&self, limit: Duration) -> bool {
        self.waited.get() >= limit
    }
}

/// Below this a wait is too short to ask the kernel what it holds.
const NOTICEABLE: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(100);
    const NO_SOCKET: RawFd = -1;

    #[test]
    fn waits_add_up_until_enough_has_moved() {
        let stall = StallTimer::default();
        stall.passed(LIMIT / 2, NO_SOCKET);
        stall.moved(limits::STALL_BYTES - 1);
        stall.passed(LIMIT / 4, NO_SOCKET);
        assert!(!stall.has_lasted(LIMIT));
        stall.passed(LIMIT / 4, NO_SOCKET);
        assert!(stall.has_lasted(LIMIT) && stall.ends(LIMIT).has_passed());
        stall.moved(1);
        assert!(!stall.has_lasted(LIMIT / 100), "the window starts again");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_leaves_a_full_buffer_counts_as_moved() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut server = listener.accept().unwrap().0;
        client.set_nonblocking(true).unwrap();
        while client.write(&[0; 65_536]).is_ok() {}
        let (stall, fd) = (StallTimer::default(), client.as_raw_fd());
        stall.passed(LIMIT / 2, fd);
        while unsent_bytes(fd).unwrap() > 0 {
            assert!(server.read(&mut [0; 65_536]).unwrap() > 0);
        }
        stall.passed(LIMIT / 2, fd);
        assert!(!stall.has_lasted(LIMIT));
        stall.passed(LIMIT, fd);
        assert!(stall.has_lasted(LIMIT), "nothing left it this time");
    }
}
