//! Detects a stalled connection: one that moves almost no bytes within the stall timeout.

use std::cell::Cell;
use std::time::Duration;

use crate::limits;
use crate::platform::{RawDescriptor, unsent_bytes};
use crate::runtime::Deadline;

/// Measures the time spent waiting for the peer since enough bytes last moved.
#[derive(Debug, Default)]
pub(super) struct StallTimer {
    waited: Cell<Duration>,
    moved: Cell<u64>,
    /// Unsent bytes in the kernel at the end of the previous wait.
    unsent: Cell<Option<u64>>,
}

impl StallTimer {
    pub(super) fn restart(&self) {
        self.waited.set(Duration::ZERO);
        self.moved.set(0);
        self.unsent.set(None);
    }

    pub(super) fn add_bytes(&self, bytes: u64) {
        self.moved.set(self.moved.get() + bytes);
        if self.moved.get() >= limits::STALL_BYTES {
            self.waited.set(Duration::ZERO);
            self.moved.set(0);
        }
    }

    /// Adds the time of a wait, and the bytes that left the socket buffer meanwhile: a socket
    /// becomes writable only when a large part of its buffer is free.
    pub(super) fn add_wait(&self, elapsed: Duration, fd: RawDescriptor) {
        self.waited.set(self.waited.get() + elapsed);
        if elapsed < SAMPLED_WAIT_MIN {
            return;
        }
        let now = unsent_bytes(fd);
        if let (Some(before), Some(now)) = (self.unsent.replace(now), now) {
            self.add_bytes(before.saturating_sub(now));
        }
    }

    pub(super) fn deadline(&self, timeout: Duration) -> Deadline {
        Deadline::after(timeout.saturating_sub(self.waited.get()))
    }

    pub(super) fn is_stalled(&self, timeout: Duration) -> bool {
        self.waited.get() >= timeout
    }
}

/// The unsent bytes are not queried after shorter waits.
const SAMPLED_WAIT_MIN: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::NO_DESCRIPTOR;

    const TIMEOUT: Duration = Duration::from_millis(100);

    #[test]
    fn waits_add_up_until_enough_has_moved() {
        let stall = StallTimer::default();
        stall.add_wait(TIMEOUT / 2, NO_DESCRIPTOR);
        stall.add_bytes(limits::STALL_BYTES - 1);
        stall.add_wait(TIMEOUT / 4, NO_DESCRIPTOR);
        assert!(!stall.is_stalled(TIMEOUT));
        stall.add_wait(TIMEOUT / 4, NO_DESCRIPTOR);
        assert!(stall.is_stalled(TIMEOUT) && stall.deadline(TIMEOUT).has_passed());
        stall.add_bytes(1);
        assert!(!stall.is_stalled(TIMEOUT / 100), "the timer restarts");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn bytes_that_leave_a_full_socket_buffer_count() {
        use std::io::{Read, Write};
        use std::net::{Ipv4Addr, TcpListener, TcpStream};
        use std::os::fd::AsRawFd;

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut server = listener.accept().unwrap().0;
        client.set_nonblocking(true).unwrap();
        while client.write(&[0; 65_536]).is_ok() {}
        let (stall, fd) = (StallTimer::default(), client.as_raw_fd());
        stall.add_wait(TIMEOUT / 2, fd);
        while unsent_bytes(fd).unwrap() > 0 {
            assert!(server.read(&mut [0; 65_536]).unwrap() > 0);
        }
        stall.add_wait(TIMEOUT / 2, fd);
        assert!(!stall.is_stalled(TIMEOUT));
        stall.add_wait(TIMEOUT, fd);
        assert!(stall.is_stalled(TIMEOUT), "no bytes left the buffer");
    }
}
